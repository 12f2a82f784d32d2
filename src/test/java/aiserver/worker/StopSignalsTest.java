package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.concurrent.atomic.AtomicInteger;

class StopSignalsTest {
    @Test
    void theEchoOfASignalIsNoSecondOne() throws InterruptedException {
        AtomicInteger done = new AtomicInteger();
        Runnable term = StopSignals.withoutEcho(done::incrementAndGet);
        term.run();
        assertThat(done).hasValue(1);
        Thread.sleep(700);
        term.run();
        term.run();
        assertThat(done).as("all later ones count").hasValue(3);
        Runnable echoed = StopSignals.withoutEcho(done::incrementAndGet);
        echoed.run();
        echoed.run();
        assertThat(done).hasValueBetween(4, 5); // 5 where half a second went by between the two
    }
}
