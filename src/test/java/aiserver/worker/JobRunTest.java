package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.Envelope;
import aiserver.job.TaskType;
import aiserver.redis.Claim;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

@Timeout(60)
class JobRunTest {
    private static final int RUNS = 1_000_000;

    @Test
    void aJobThatIsJustToldToStopIsNeverStuckAlready() {
        Claim claim = new Claim(new Envelope(TaskType.STT, new byte[0], "r", null, null, null), "t", Claim.Verdict.RUN, 1, "e");
        VoiceFirst voiceFirst = new VoiceFirst();
        AtomicReference<JobRun> current = new AtomicReference<>(run(claim, voiceFirst));
        JobRun end = run(claim, voiceFirst);
        CompletableFuture<Long> stuck = CompletableFuture.supplyAsync(() -> {
            long count = 0;
            JobRun last = null;
            for (JobRun run = current.get(); run != end; run = current.get()) {
                if (run != last && run.stopped() != null) {
                    count += run.stuck(false, Duration.ofMinutes(2)) ? 1 : 0;
                    last = run;
                }
            }
            return count;
        });
        for (int i = 0; i < RUNS; i++) {
            JobRun run = run(claim, voiceFirst);
            current.set(run);
            run.stop(JobRun.Stop.CANCELLED);
        }
        current.set(end);
        assertThat(stuck.join()).isZero();
    }

    @Test
    void theTimeOfAnEngineThatDoesNotLetGoCountsFromTheEndOfALoad() {
        Claim claim = new Claim(new Envelope(TaskType.STT, new byte[0], "r", null, null, null), "t", Claim.Verdict.RUN, 1, "e");
        JobRun run = run(claim, new VoiceFirst());
        run.stop(JobRun.Stop.CANCELLED);
        assertThat(run.stuck(true, Duration.ZERO)).as("while the model is loaded").isFalse();
        assertThat(run.stuck(false, Duration.ofHours(1))).as("just loaded").isFalse();
        assertThat(run.stuck(false, Duration.ZERO)).as("long after").isTrue();
    }

    private static JobRun run(Claim claim, VoiceFirst voiceFirst) {
        return new JobRun(claim, Clock.systemUTC(), Duration.ofMinutes(5), Duration.ZERO, voiceFirst, (run, stage, fraction) -> { });
    }
}
