package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JobCodec;
import aiserver.job.Schemas;
import aiserver.job.SpeechResult;
import aiserver.job.TaskType;
import aiserver.redis.DeliverySettings;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.Keys;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisException;
import aiserver.redis.RedisServers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import redis.embedded.core.ExecutableProvider;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/** The master dies with a job in hand, Sentinel makes the replica master, and the worker brings the result there by itself. */
@Timeout(120)
class FailoverIT {
    @Test
    void theResultReachesTheNewMaster(@TempDir Path folder) throws Exception {
        EmbeddedRedis master = EmbeddedRedis.start();
        int replicaPort = EmbeddedRedis.freePort();
        int sentinelPort = EmbeddedRedis.freePort();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Process sentinel = sentinel(folder, sentinelPort, master.port());
        try (EmbeddedRedis replica = EmbeddedRedis.start(replicaPort,
                List.of("--save", "", "--replicaof", "127.0.0.1", Integer.toString(master.port())));
             RedisClient redis = new LettuceRedisClient("redis-sentinel://127.0.0.1:" + sentinelPort + "#shop", Duration.ofSeconds(3));
             RedisClient onReplica = new LettuceRedisClient(replica.uri(), Duration.ofSeconds(3))) {
            AIWorker worker = new AIWorker(new WorkerSettings("w", Map.of(TaskType.STT, LaneSettings.of(1, Duration.ofMinutes(5))),
                    DeliverySettings.DEFAULT, JobCodec.Limits.DEFAULT, Duration.ofSeconds(5), Duration.ofMinutes(1), Duration.ZERO,
                    List.of(), 0), redis, new Handlers((job, scope) -> {
                running.countDown();
                awaitLatch(release);
                return new SpeechResult("done", "ko", 1, 1, List.of());
            }, null, null), new SimpleMeterRegistry(), code -> { });
            worker.start();
            push(master.uri(), "r");
            awaitLatch(running);
            // The replica and Sentinel's knowledge of it must be there before the master goes.
            await(() -> onReplica.length(Keys.processing("w", TaskType.STT)) == 1 && onReplica.get(Keys.heartbeat("w")) != null);
            RedisServers.command("redis://127.0.0.1:" + master.port(),
                    connection -> Bench.await(() -> connection.sync().info("replication").contains("state=online")));
            await(() -> knowsReplica(folder));
            RedisServers.kill(master);
            release.countDown();
            await(() -> onReplica.get(Keys.result("r")) != null);
            assertThat(Schemas.assertFits("result", onReplica.get(Keys.result("r"))).get("status").asText()).isEqualTo("success");
            push(replica.uri(), "next");
            await(() -> onReplica.get(Keys.result("next")) != null);
            worker.stop();
        } finally {
            sentinel.destroyForcibly();
            master.close();
        }
    }

    private static void push(String uri, String id) {
        RedisServers.command(uri, connection -> connection.sync().lpush(TaskType.STT.queue(), Bench.job(TaskType.STT, id, "")));
    }

    private static Process sentinel(Path folder, int port, int masterPort) throws Exception {
        File executable = ExecutableProvider.newJarResourceProvider(folder.toFile()).get();
        assertThat(executable.setExecutable(true)).isTrue();
        Path config = folder.resolve("sentinel.conf");
        Files.writeString(config, """
                port %d
                bind 127.0.0.1
                dir %s
                sentinel monitor shop 127.0.0.1 %d 1
                sentinel down-after-milliseconds shop 500
                sentinel failover-timeout shop 3000
                """.formatted(port, folder, masterPort), StandardCharsets.UTF_8);
        return new ProcessBuilder(executable.getPath(), config.toString(), "--sentinel")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectErrorStream(true).start();
    }

    // Sentinel writes what it finds into its configuration.
    private static boolean knowsReplica(Path folder) {
        try {
            return Files.readString(folder.resolve("sentinel.conf")).contains("known-replica shop");
        } catch (IOException e) {
            return false;
        }
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!holds(condition)) {
            assertThat(System.nanoTime()).as("patience is over").isLessThan(end);
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static boolean holds(BooleanSupplier condition) {
        try {
            return condition.getAsBoolean();
        } catch (RedisException e) {
            return false;
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
