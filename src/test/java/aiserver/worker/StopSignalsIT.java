package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.TaskType;
import aiserver.redis.Keys;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisServers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A worker process and the system's signals. */
@Timeout(120)
class StopSignalsIT {
    private final String uri = RedisServers.empty().uri();
    private final RedisClient redis = new LettuceRedisClient(uri, Duration.ofSeconds(5));

    private void push(String id) {
        redis.lpush(TaskType.STT.queue(), Bench.job(TaskType.STT, id, "").getBytes(StandardCharsets.UTF_8));
    }

    private void started(int jobs) {
        Bench.await(() -> redis.length(ChaosWorker.STARTS) == jobs);
    }

    /** Nobody has waited at a queue for a second, which is twice as long as a pop waits. */
    private void awaitNoPop() {
        try (io.lettuce.core.RedisClient client = io.lettuce.core.RedisClient.create(uri); var connection = client.connect()) {
            long[] since = {System.nanoTime()};
            Bench.await(() -> {
                if (connection.sync().clientList().lines().anyMatch(line -> line.matches(".* flags=\\w*b\\w* .*"))) {
                    since[0] = System.nanoTime();
                }
                return System.nanoTime() - since[0] > 1_000_000_000L;
            });
        }
    }

    @Test
    void oneTermFinishesTheJobInHandAndExitsWithZero() throws Exception {
        try (redis; WorkerProcess worker = WorkerProcess.start(uri, "w", 1_500, List.of())) {
            push("a");
            started(1);
            assertThat(worker.terminate()).isZero();
            assertThat(new String(redis.get(Keys.result("a")), StandardCharsets.UTF_8)).contains("success");
            assertThat(redis.members("ai:workers")).isEmpty();
        }
    }

    @Test
    void twoTermsGiveTheJobBack() throws Exception {
        try (redis; WorkerProcess worker = WorkerProcess.start(uri, "w", 60_000, List.of())) {
            push("a");
            started(1);
            worker.process().destroy();
            Bench.await(() -> redis.members("ai:workers").contains("w"));
            Thread.sleep(300);
            assertThat(worker.terminate()).isZero();
            assertThat(redis.length(TaskType.STT.queue())).isEqualTo(1);
            assertThat(redis.length(Keys.processing("w", TaskType.STT))).isZero();
        }
    }

    @Test
    void tstpMakesItQuiet() throws Exception {
        try (redis; WorkerProcess worker = WorkerProcess.start(uri, "w", 10, List.of())) {
            push("a");
            Bench.await(() -> redis.get(Keys.result("a")) != null);
            new ProcessBuilder("kill", "-TSTP", Long.toString(worker.process().pid())).start().waitFor(10, TimeUnit.SECONDS);
            awaitNoPop();
            push("b");
            Thread.sleep(1_000);
            assertThat(redis.length(TaskType.STT.queue())).isEqualTo(1);
            assertThat(worker.process().isAlive()).isTrue();
            assertThat(worker.terminate()).isZero();
        }
    }

    @Test
    void aRollingRestartLosesAndDoublesNothing() throws Exception {
        WorkerProcess worker = WorkerProcess.start(uri, "w0", 20, List.of());
        try (redis) {
            for (int restart = 1; restart <= 3; restart++) {
                for (int i = 0; i < 40; i++) {
                    push("r" + restart + "-" + i);
                }
                int before = restart;
                Bench.await(() -> redis.get(Keys.result("r" + before + "-5")) != null);
                WorkerProcess next = WorkerProcess.start(uri, "w" + restart, 20, List.of());
                assertThat(worker.terminate()).isZero();
                worker = next;
            }
            for (int restart = 1; restart <= 3; restart++) {
                for (int i = 0; i < 40; i++) {
                    String id = "r" + restart + "-" + i;
                    Bench.await(() -> redis.get(Keys.result(id)) != null);
                }
            }
            assertThat(redis.length(ChaosWorker.STARTS)).isEqualTo(120);
        } finally {
            worker.close();
        }
    }
}
