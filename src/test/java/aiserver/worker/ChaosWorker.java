package aiserver.worker;

import aiserver.job.CakeImage;
import aiserver.job.Job;
import aiserver.job.JobCodec;
import aiserver.job.JobScope;
import aiserver.job.Recommendation;
import aiserver.job.SpeechResult;
import aiserver.job.TaskType;
import aiserver.redis.DeliverySettings;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

/**
 * A worker process with services that only take time and note each start in Redis; tests kill it, stop it and starve it of
 * Redis. Arguments: Redis' address, the worker's name, how long a job takes in ms, names of dead workers. A picture whose
 * prompt is {@code poison} ends the process.
 */
public final class ChaosWorker {
    static final String STARTS = "test:starts";

    private ChaosWorker() {
    }

    public static void main(String[] args) {
        Duration work = Duration.ofMillis(Long.parseLong(args[2]));
        RedisClient redis = new LettuceRedisClient(args[0], Duration.ofSeconds(5));
        RedisClient notes = new LettuceRedisClient(args[0], Duration.ofSeconds(5));
        WorkerSettings settings = new WorkerSettings(args[1],
                Map.of(TaskType.STT, LaneSettings.of(2, Duration.ofMinutes(1)),
                        TaskType.LLM, LaneSettings.of(2, Duration.ofMinutes(1)),
                        TaskType.IMAGE, LaneSettings.of(1, Duration.ofMinutes(1))),
                new DeliverySettings(true, 2, Duration.ofDays(1), Duration.ofMillis(300), Duration.ofSeconds(4),
                        Duration.ofMillis(500), 1_000),
                JobCodec.Limits.DEFAULT, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(1),
                List.of(Arrays.copyOfRange(args, 3, args.length)), 0);
        AIWorker worker = new AIWorker(settings, redis, new Handlers(
                (job, scope) -> does(notes, job, scope, work, id -> new SpeechResult(id, "ko", 1, 1, List.of())),
                (job, scope) -> does(notes, job, scope, work, id -> new Recommendation(null, List.of(), id,
                        new Recommendation.Profile(List.of(), null, null), List.of(), List.of())),
                (job, scope) -> {
                    if (job.prompt().equals("poison")) {
                        Runtime.getRuntime().halt(134);
                    }
                    return does(notes, job, scope, work, id -> new CakeImage(id.getBytes(StandardCharsets.UTF_8), 8, 8, "p", "",
                            1, 1, 1, List.of(), false));
                }), new SimpleMeterRegistry(), Runtime.getRuntime()::halt);
        StopSignals.install(worker, false);
        worker.start();
        worker.awaitStop();
        redis.close();
        notes.close();
        System.exit(worker.exitStatus());
    }

    private static <R> R does(RedisClient notes, Job job, JobScope scope, Duration work, Function<String, R> result) {
        String id = job.header().requestId();
        byte[] note = (id + " " + UUID.randomUUID()).getBytes(StandardCharsets.UTF_8);
        for (boolean noted = false; !noted; ) {
            try {
                notes.lpush(STARTS, note);
                noted = true;
            } catch (RedisException e) {
                sleep(20);
            }
        }
        for (long ms = work.toMillis(); ms > 0; ms -= 10) {
            scope.progress("work", 1 - ms / (double) work.toMillis());
            sleep(10);
        }
        return result.apply(id);
    }

    private static void sleep(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
