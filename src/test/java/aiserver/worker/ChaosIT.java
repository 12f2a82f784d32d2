package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.Schemas;
import aiserver.job.TaskType;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.Keys;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisException;
import aiserver.redis.RedisServers;
import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Two worker processes on one Redis, killed at seeded random moments; now and then Redis is killed and comes back with its
 * append-only file, or cuts every connection. Every job ends in one stored answer, none is lost, none is started more often than allowed.
 * {@code -Daiserver.chaos.kills=1000 -Daiserver.chaos.jobs=10000} is the long version; {@code -Daiserver.chaos.minutes=90}
 * makes either stop killing after that time and check what was done by then.
 */
class ChaosIT {
    private static final Logger LOG = LoggerFactory.getLogger(ChaosIT.class);
    private static final int KILLS = Integer.getInteger("aiserver.chaos.kills", 20);
    private static final int JOBS = Integer.getInteger("aiserver.chaos.jobs", 300);
    private static final long MINUTES = Long.getLong("aiserver.chaos.minutes", 1_000_000);
    private static final long SEED = Long.getLong("aiserver.chaos.seed", 20251122L);
    /** After so many kills Redis is killed as well, and half way between two such its connections are cut. */
    private static final int KILLS_PER_REDIS_RESTART = 8;
    private static final int KILLS_PER_LINE = 50;
    private static final long WORK_MS = 40;
    private static final int MAX_ATTEMPTS = 2;

    private final Random random = new Random(SEED);
    private final List<String> ids = new ArrayList<>();
    private final List<String> workers = new ArrayList<>();
    private ClassArchive classes;

    @Test
    void everyJobEndsInOneAnswer(@TempDir Path folder, @TempDir Path archive) throws Exception {
        classes = ClassArchive.in(archive);
        // A killed server keeps all that it has written to the file; "everysec" puts writes off while a sync is under way.
        List<String> persistent = List.of("--appendonly", "yes", "--appendfsync", "no", "--save", "", "--dir", folder.toString());
        int port = EmbeddedRedis.freePort();
        EmbeddedRedis server = EmbeddedRedis.start(port, persistent);
        WorkerProcess[] alive = new WorkerProcess[2];
        try (RedisClient redis = new LettuceRedisClient(server.uri(), Duration.ofSeconds(5))) {
            push(redis, 3);
            try (WorkerProcess first = start(server, List.of())) {
                await("the first answers", () -> started(redis) == 3 && left(redis) == 0);
                assertThat(first.terminate()).isZero();
            }
            assertThat(classes.archive()).isNotEmptyFile();
            for (int i = 0; i < alive.length; i++) {
                alive[i] = start(server, List.of());
            }
            long end = System.nanoTime() + Duration.ofMinutes(MINUTES).toNanos();
            int kills = 0;
            for (int kill = 1; kill <= KILLS && System.nanoTime() < end; kill++) {
                push(redis, JOBS * kill / KILLS);
                long started = started(redis);
                await("progress before kill " + kill, () -> started(redis) > started);
                Thread.sleep(random.nextInt(300));
                int victim = random.nextInt(alive.length);
                alive[victim].kill();
                kills = kill;
                // Mostly as a watcher does, with the dead one's name; sometimes only the missing heartbeat tells.
                alive[victim] = start(server, random.nextInt(4) > 0 ? List.of(alive[victim].name()) : List.of());
                if (kill % KILLS_PER_REDIS_RESTART == 0) {
                    RedisServers.kill(server);
                    Thread.sleep(random.nextInt(500));
                    server = EmbeddedRedis.start(port, persistent);
                } else if (kill % KILLS_PER_REDIS_RESTART == KILLS_PER_REDIS_RESTART / 2) {
                    RedisServers.cut(server);
                }
                if (kill % KILLS_PER_LINE == 0) {
                    LOG.info("{} kills, {} jobs pushed, {} starts of jobs", kill, ids.size(), started(redis));
                }
            }
            await("the last answers", () -> ids.stream().allMatch(id -> redis.get(Keys.result(id)) != null));
            await("empty hands", () -> left(redis) == 0);
            check(redis, kills);
        } finally {
            for (WorkerProcess worker : alive) {
                if (worker != null) {
                    worker.close();
                }
            }
            server.close();
        }
    }

    private WorkerProcess start(EmbeddedRedis server, List<String> dead) {
        String name = "w" + workers.size();
        workers.add(name);
        return WorkerProcess.start(classes, server.uri(), name, WORK_MS, dead);
    }

    private void push(RedisClient redis, int upTo) {
        while (ids.size() < upTo) {
            String id = "job-" + ids.size();
            TaskType kind = TaskType.values()[random.nextInt(TaskType.values().length)];
            byte[] message = Bench.job(kind, id, "").getBytes(StandardCharsets.UTF_8);
            // A push whose reply was lost is pushed again, as a careful producer does: the request must still run once.
            patiently(() -> {
                redis.lpush(kind.queue(), message);
                return true;
            });
            ids.add(id);
        }
    }

    private static long started(RedisClient redis) {
        return patiently(() -> redis.length(ChaosWorker.STARTS));
    }

    private long left(RedisClient redis) {
        long left = 0;
        for (TaskType kind : TaskType.values()) {
            left += redis.length(kind.queue());
            for (String worker : workers) {
                left += redis.length(Keys.processing(worker, kind));
            }
        }
        return left;
    }

    private void check(RedisClient redis, int kills) {
        Map<String, Integer> starts = new HashMap<>();
        // A note whose reply was lost is made again: the same words are the same start.
        redis.range(ChaosWorker.STARTS).stream().map(note -> new String(note, StandardCharsets.UTF_8)).distinct()
                .forEach(note -> starts.merge(note.substring(0, note.indexOf(' ')), 1, Integer::sum));
        int crashed = 0;
        int repeated = 0;
        for (String id : ids) {
            JsonNode answer = Schemas.assertFits("result", redis.get(Keys.result(id)));
            assertThat(answer.get("request_id").asText()).isEqualTo(id);
            if (answer.get("status").asText().equals("error")) {
                assertThat(answer.get("error").get("code").asText()).isEqualTo("ENGINE_CRASHED");
                crashed++;
            } else {
                assertThat(starts).containsKey(id);
            }
            assertThat(starts.getOrDefault(id, 0)).as("starts of %s", id).isLessThanOrEqualTo(MAX_ATTEMPTS);
            repeated += starts.getOrDefault(id, 0) > 1 ? 1 : 0;
        }
        assertThat(crashed).as("jobs that were killed twice").isLessThan(ids.size() / 10);
        List<String> kept = ids.stream().flatMap(id -> List.of("ai:lease:" + id, "ai:attempts:" + id).stream()).toList();
        assertThat(redis.exist(kept)).as("leases and counts left behind").containsOnly(false);
        LOG.info("{} jobs, {} kills: {} done twice, {} given up after two deaths, 0 lost", ids.size(), kills, repeated, crashed);
    }

    private static void await(String what, Supplier<Boolean> condition) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofMinutes(10).toNanos();
        while (!patiently(condition)) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(20);
        }
    }

    private static <T> T patiently(Supplier<T> call) {
        for (int tries = 1; ; tries++) {
            try {
                return call.get();
            } catch (RedisException e) {
                if (tries == 500) {
                    throw e;
                }
                try {
                    Thread.sleep(20);
                } catch (InterruptedException interrupted) {
                    throw new AssertionError(interrupted);
                }
            }
        }
    }
}
