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
import java.util.concurrent.TimeUnit;
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
        // join() cannot be interrupted: without a limit of its own a fault would hang the build.
        return CompletableFuture.supplyAsync(() -> quarantine.enter(kind, suspect, wanted::get), threads).orTimeout(30, TimeUnit.SECONDS);
    }

    private static void entered(CompletableFuture<Boolean> job) {
        assertThat(job.join()).as("has its turn").isTrue();
    }

    private void waits(CompletableFuture<Boolean> job) throws InterruptedException {
        Thread.sleep(150);
        assertThat(job).isNotDone();
    }

    @Test
    void othersRunSideBySide() {
        entered(enter(TaskType.STT, false));
        entered(enter(TaskType.LLM, false));
        entered(enter(TaskType.LLM, false));
        entered(enter(TaskType.IMAGE, false));
    }

    @Test
    void suspectsRunOneAfterTheOtherAndAllElseWaits() throws InterruptedException {
        entered(enter(TaskType.LLM, true));
        CompletableFuture<Boolean> second = enter(TaskType.STT, true);
        CompletableFuture<Boolean> other = enter(TaskType.STT, false);
        waits(second);
        quarantine.leave(TaskType.LLM, true);
        entered(second);
        waits(other);
        quarantine.leave(TaskType.STT, true);
        entered(other);
    }

    @Test
    void aSuspectWaitsForWhatRuns() throws InterruptedException {
        entered(enter(TaskType.STT, false));
        CompletableFuture<Boolean> suspect = enter(TaskType.LLM, true);
        waits(suspect);
        quarantine.leave(TaskType.STT, false);
        entered(suspect);
    }

    @Test
    void nobodyWaitsForASuspectPicture() throws InterruptedException {
        entered(enter(TaskType.IMAGE, true));
        entered(enter(TaskType.STT, false));
        CompletableFuture<Boolean> suspect = enter(TaskType.LLM, true);
        waits(suspect);
        quarantine.leave(TaskType.STT, false);
        quarantine.leave(TaskType.IMAGE, true);
        entered(suspect);
    }

    @Test
    void spokenSuspectsGoBeforePictures() throws InterruptedException {
        entered(enter(TaskType.LLM, true));
        CompletableFuture<Boolean> picture = enter(TaskType.IMAGE, true);
        CompletableFuture<Boolean> speech = enter(TaskType.STT, true);
        waits(picture);
        quarantine.leave(TaskType.LLM, true);
        entered(speech);
        waits(picture);
        quarantine.leave(TaskType.STT, true);
        entered(picture);
    }

    @Test
    void othersDoNotWaitForEver() {
        quarantine = new Quarantine(Duration.ofMillis(50));
        entered(enter(TaskType.LLM, true));
        entered(enter(TaskType.STT, false));
        entered(enter(TaskType.IMAGE, false));
    }

    @Test
    void aSuspectDoesNotWaitForEverForOthersOrAPicture() {
        quarantine = new Quarantine(Duration.ofMillis(50));
        entered(enter(TaskType.STT, false));
        entered(enter(TaskType.IMAGE, true));
        entered(enter(TaskType.LLM, true));
    }

    @Test
    void twoSpokenSuspectsNeverRunTogether() throws InterruptedException {
        quarantine = new Quarantine(Duration.ofMillis(1));
        entered(enter(TaskType.LLM, true));
        CompletableFuture<Boolean> second = enter(TaskType.LLM, true);
        CompletableFuture<Boolean> picture = enter(TaskType.IMAGE, true);
        waits(second);
        quarantine.leave(TaskType.LLM, true);
        entered(second);
        waits(picture);
        quarantine.leave(TaskType.LLM, true);
        entered(picture);
    }

    @Test
    void aStopEndsTheWait() throws InterruptedException {
        entered(enter(TaskType.LLM, true));
        CompletableFuture<Boolean> second = enter(TaskType.LLM, true);
        waits(second);
        wanted.set(false);
        assertThat(second.join()).as("has its turn").isFalse();
    }
}
