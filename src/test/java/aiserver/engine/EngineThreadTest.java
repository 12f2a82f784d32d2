package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EngineThreadTest {
    private final EngineThread thread = new EngineThread("speech", 1);

    @AfterEach
    void close() {
        thread.close();
    }

    @Test
    void hasAStackForDeepCalls() {
        assertThat(thread.call(() -> depth(200_000))).isEqualTo(200_000);
    }

    @Test
    void exceptionsKeepKindAndMessage() {
        assertThatThrownBy(() -> thread.run(() -> {
            throw new EngineException(EngineException.Kind.CANCELLED, "stopped");
        })).isInstanceOf(EngineException.class).hasMessage("stopped")
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.CANCELLED);
    }

    @Test
    void anErrorComesThroughAsItIs() {
        OutOfMemoryError error = new OutOfMemoryError("Java heap space");
        assertThatThrownBy(() -> thread.run(() -> {
            throw error;
        })).isSameAs(error);
        assertThatThrownBy(() -> EngineThread.await(CompletableFuture.failedFuture(error))).isSameAs(error);
    }

    @Test
    void anInterruptedCallerWaitsForItsCallAndKeepsTheFlag() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean finished = new AtomicBoolean();
        AtomicBoolean flagKept = new AtomicBoolean();
        Thread caller = new Thread(() -> {
            thread.run(() -> {
                started.countDown();
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                finished.set(true);
            });
            flagKept.set(finished.get() && Thread.currentThread().isInterrupted());
        });
        caller.start();
        started.await();
        caller.interrupt();
        release.countDown();
        caller.join();
        assertThat(flagKept).isTrue();
    }

    @Test
    void aClosedThreadSaysSo() {
        thread.close();
        assertThatThrownBy(() -> thread.call(() -> 1)).isInstanceOf(EngineException.class).hasMessage("speech is closed");
    }

    private static int depth(int levels) {
        return levels == 0 ? 0 : 1 + depth(levels - 1);
    }
}
