package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.TaskType;
import aiserver.redis.Delivery;
import aiserver.redis.DeliverySettings;
import aiserver.redis.InMemoryRedis;
import aiserver.redis.Keys;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

class CancelsTest {
    private final InMemoryRedis redis = new InMemoryRedis();
    private final List<String> commands = new ArrayList<>();
    private final Cancels cancels = new Cancels("w", redis, new Delivery(redis, DeliverySettings.DEFAULT, "w"),
            List.of(new Lane(TaskType.STT, LaneSettings.of(1, Duration.ofSeconds(1)), (job, scope) -> null)), commands::add);

    @Test
    void manyCancelsAreLookedAfterInSeveralTurns() {
        List<String> keys = IntStream.range(0, 450).mapToObj(i -> Keys.cancel("r" + i)).toList();
        cancels.listen();
        keys.forEach(key -> redis.publish(key, new byte[0]));
        for (int noted : List.of(200, 400, 450)) {
            cancels.look();
            assertThat(redis.exist(keys).stream().filter(known -> known)).hasSize(noted);
        }
    }

    @Test
    void onlyCommandsForThisWorkerOrAllAreTaken() {
        cancels.listen();
        for (String worker : List.of("w", "x", "all")) {
            redis.publish(Keys.control(worker), ("for " + worker + "\n").getBytes(StandardCharsets.UTF_8));
        }
        assertThat(commands).containsExactly("for w", "for all");
    }

    @Test
    void afterTroubleItListensAnewAndOnce() {
        cancels.listen();
        cancels.listenAnew();
        cancels.listen();
        cancels.listen();
        assertThat(redis.publish(Keys.control("w"), new byte[0])).isEqualTo(1);
        cancels.close();
        assertThat(redis.publish(Keys.control("w"), new byte[0])).isZero();
    }
}
