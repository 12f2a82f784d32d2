package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.TaskType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

@Timeout(60)
class QuarantineTest {
    private static final Duration FOR_EVER = Duration.ofHours(1);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicBoolean wanted = new AtomicBoolean(true);
    private Quarantine quarantine = new Quarantine(FOR_EVER);

    @AfterEach
    void end() {
        wanted.set(false);
        threads.close();
    }

    private CompletableFuture<Boolean> enter(TaskType kind, boolean suspect) {
        return CompletableFuture.supplyAsync(() -> quarantine.enter(kind, suspect, wanted::get), threads);
    }

    private void waits(CompletableFuture<Boolean> job) throws InterruptedException {
        Thread.sleep(150);
        assertThat(job).isNotDone();
    }

    @Test
    void othersRunSideBySide() {
        enter(TaskType.STT, false).join();
        enter(TaskType.LLM, false).join();
        enter(TaskType.LLM, false).join();
        enter(TaskType.IMAGE, false).join();
    }

    @Test
    void suspectsRunOneAfterTheOtherAndAllElseWaits() throws InterruptedException {
        enter(TaskType.LLM, true).join();
        CompletableFuture<Boolean> second = enter(TaskType.STT, true);
        CompletableFuture<Boolean> other = enter(TaskType.STT, false);
        waits(second);
        quarantine.leave(TaskType.LLM, true);
        assertThat(second.join()).as("has its turn").isTrue();
        waits(other);
        quarantine.leave(TaskType.STT, true);
        other.join();
    }

    @Test
    void aSuspectWaitsForWhatRuns() throws InterruptedException {
        enter(TaskType.STT, false).join();
        CompletableFuture<Boolean> suspect = enter(TaskType.LLM, true);
        waits(suspect);
        quarantine.leave(TaskType.STT, false);
        suspect.join();
    }

    @Test
    void nobodyWaitsForASuspectPicture() throws InterruptedException {
        enter(TaskType.IMAGE, true).join();
        enter(TaskType.STT, false).join();
        CompletableFuture<Boolean> suspect = enter(TaskType.LLM, true);
        waits(suspect);
        quarantine.leave(TaskType.STT, false);
        quarantine.leave(TaskType.IMAGE, true);
        suspect.join();
    }

    @Test
    void spokenSuspectsGoBeforePictures() throws InterruptedException {
        enter(TaskType.LLM, true).join();
        CompletableFuture<Boolean> picture = enter(TaskType.IMAGE, true);
        CompletableFuture<Boolean> speech = enter(TaskType.STT, true);
        waits(picture);
        quarantine.leave(TaskType.LLM, true);
        speech.join();
        waits(picture);
        quarantine.leave(TaskType.STT, true);
        picture.join();
    }

    @Test
    void othersDoNotWaitForEver() {
        quarantine = new Quarantine(Duration.ofMillis(50));
        enter(TaskType.LLM, true).join();
        enter(TaskType.STT, false).join();
        enter(TaskType.IMAGE, false).join();
    }

    @Test
    void aSuspectDoesNotWaitForEverForOthersOrAPicture() {
        quarantine = new Quarantine(Duration.ofMillis(50));
        enter(TaskType.STT, false).join();
        enter(TaskType.IMAGE, true).join();
        enter(TaskType.LLM, true).join();
    }

    @Test
    void twoSpokenSuspectsNeverRunTogether() throws InterruptedException {
        quarantine = new Quarantine(Duration.ofMillis(1));
        enter(TaskType.LLM, true).join();
        CompletableFuture<Boolean> second = enter(TaskType.LLM, true);
        CompletableFuture<Boolean> picture = enter(TaskType.IMAGE, true);
        waits(second);
        quarantine.leave(TaskType.LLM, true);
        second.join();
        waits(picture);
        quarantine.leave(TaskType.LLM, true);
        picture.join();
    }

    @Test
    void aStopEndsTheWait() throws InterruptedException {
        enter(TaskType.LLM, true).join();
        CompletableFuture<Boolean> second = enter(TaskType.LLM, true);
        waits(second);
        wanted.set(false);
        assertThat(second.join()).as("has its turn").isFalse();
    }
}
