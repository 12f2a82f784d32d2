package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.TaskType;
import aiserver.redis.Keys;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisServers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Many small jobs through one worker process: after all of them it holds no more memory, threads or files than after the
 * first tenth, and Redis holds nothing but results. {@code -Daiserver.soak.jobs=10000} is the long version.
 */
@Timeout(600)
class SoakIT {
    private static final Logger LOG = LoggerFactory.getLogger(SoakIT.class);
    private static final int JOBS = Integer.getInteger("aiserver.soak.jobs", 2_000);
    private static final double GROWTH = 1.05;

    @Test
    void nothingGrows() throws Exception {
        String uri = RedisServers.empty().uri();
        try (RedisClient redis = new LettuceRedisClient(uri, Duration.ofSeconds(5));
             WorkerProcess worker = WorkerProcess.start(uri, "w", 0, List.of(), "-Xms48m", "-Xmx48m", "-XX:+AlwaysPreTouch")) {
            push(redis, 0, JOBS / 10);
            Held early = Held.by(worker.process());
            push(redis, JOBS / 10, JOBS);
            Held late = Held.by(worker.process());
            LOG.info("after {} jobs {}, after {} jobs {}", JOBS / 10, early, JOBS, late);
            assertThat(late.residentKb()).isLessThan((long) (early.residentKb() * GROWTH) + slack());
            assertThat(late.threads()).isLessThanOrEqualTo(early.threads() + 2);
            assertThat(late.files()).isLessThanOrEqualTo(early.files() + 2);
            assertThat(worker.terminate()).isZero();
            RedisServers.command(uri, connection -> assertThat(connection.sync().keys("*"))
                    .as("results, the notes of the starts, and the epoch")
                    .allMatch(key -> key.startsWith("ai:result:") || key.equals(ChaosWorker.STARTS) || key.equals("ai:epoch"))
                    .hasSize(JOBS + 2));
        }
    }

    // Classes that are first met after the first tenth of a short run: compiled code and metadata of a few MB.
    private static long slack() {
        return JOBS < 10_000 ? 4_096 : 0;
    }

    private static void push(RedisClient redis, int from, int to) {
        for (int i = from; i < to; i++) {
            TaskType kind = TaskType.values()[i % TaskType.values().length];
            redis.lpush(kind.queue(), Bench.job(kind, "soak-" + i, "").getBytes(StandardCharsets.UTF_8));
        }
        for (int i = from; i < to; i++) {
            String key = Keys.result("soak-" + i);
            Bench.await(() -> redis.get(key) != null);
        }
    }
}
