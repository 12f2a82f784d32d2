package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.Envelope;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.TaskType;
import aiserver.redis.Claim;
import aiserver.redis.Delivery;
import aiserver.redis.DeliverySettings;
import aiserver.redis.InMemoryRedis;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

class AdmissionTest {
    private static final TaskType KIND = TaskType.STT;

    private final InMemoryRedis redis = new InMemoryRedis();
    private final Admission admission = new Admission(new Delivery(redis, DeliverySettings.DEFAULT, "w"), Clock.systemUTC(), () -> true);
    private final List<JobException> refused = new ArrayList<>();

    private void queue(int jobs) {
        for (int i = 0; i < jobs; i++) {
            redis.lpush(KIND.queue(), Bench.job(KIND, "r" + i, "").getBytes(StandardCharsets.UTF_8));
        }
    }

    private boolean relieve(Lane lane) {
        refused.clear();
        return admission.relieve(lane, (message, why) -> refused.add(why));
    }

    private static Lane lane(long maxQueue, Duration maxAge) {
        return new Lane(KIND, Bench.lane(1, Duration.ofSeconds(1), maxQueue, maxAge, Delivery.Side.NEWEST), (job, scope) -> null);
    }

    @Test
    void aLongQueueIsCutDownInSeveralTurns() {
        Lane lane = lane(1, null);
        queue(120);
        assertThat(relieve(lane)).as("more").isTrue();
        assertThat(refused).hasSize(50).allSatisfy(why -> assertThat(why).hasMessage("more than 1 jobs wait for stt"));
        assertThat(relieve(lane)).as("more").isTrue();
        assertThat(relieve(lane)).as("more").isFalse();
        assertThat(refused).hasSize(19);
        assertThat(redis.length(KIND.queue())).isEqualTo(1);
    }

    @Test
    void anOldQueueIsCutDownInSeveralTurns() {
        Lane lane = lane(0, Duration.ofMinutes(1));
        queue(100);
        admission.tooOld(KIND, 70);
        assertThat(relieve(lane)).as("more").isTrue();
        assertThat(relieve(lane)).as("more").isFalse();
        assertThat(refused).hasSize(20).allSatisfy(why -> assertThat(why).hasMessage("jobs for stt wait longer than 60000 ms"));
        assertThat(relieve(lane)).as("more").isFalse();
        assertThat(redis.length(KIND.queue())).isEqualTo(30);
    }

    @Test
    void aJobThatWasPulledForACancelIsAnsweredSoWhateverBecameOfTheCancel() {
        Envelope late = new Envelope(KIND, new byte[0], "r", null, 5L, null);
        Claim claim = new Claim(late, "t", Claim.Verdict.RUN, 1, "e");
        assertThatThrownBy(() -> admission.check(lane(0, null), claim, Admission.cancelled(), 0))
                .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    }
}
