package aiserver.config;

import aiserver.engine.GpuMemory;
import aiserver.job.JobCodec;
import aiserver.job.TaskType;
import aiserver.redis.Delivery;
import aiserver.redis.DeliverySettings;
import aiserver.worker.LaneSettings;
import aiserver.worker.WorkerSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** How the worker takes, limits and answers jobs: the options of {@code run} that concern no engine. */
public final class WorkerOptions {
    @Option(names = "--redis-url", paramLabel = "URI",
            description = "Redis as Lettuce's URI: redis://, rediss:// (TLS), redis-sentinel://; password and database in it. "
                    + "Default: a redis-server of its own on a free loopback port. Environment: REDIS_URL.")
    public String redisUrl;

    @Option(names = "--redis-ca", paramLabel = "FILE",
            description = "PEM file with the certificates to trust for rediss://. Default: those of this Java.")
    public Path redisCa;

    @Option(names = "--redis-timeout", paramLabel = "TIME", defaultValue = "10s", converter = Converters.DayAtMost.class,
            description = "How long one command may take. Default: ${DEFAULT-VALUE}.")
    public Duration redisTimeout;

    @Option(names = "--tasks", split = ",", converter = Converters.Word.class, paramLabel = "KIND", defaultValue = "stt,llm,image",
            description = "Which queues this worker serves. Default: ${DEFAULT-VALUE}.")
    public List<String> tasks;

    @Option(names = "--name", defaultValue = "worker", description = "First part of the worker's id. Default: ${DEFAULT-VALUE}.")
    public String name;

    @Option(names = "--stt-concurrency", defaultValue = "1", paramLabel = "N",
            description = "Utterances at a time, each with a state of its own. Default: ${DEFAULT-VALUE}.")
    public int sttConcurrency;

    @Option(names = "--llm-concurrency", defaultValue = "4", paramLabel = "N",
            description = "Orders at a time, all in one batch. Default: ${DEFAULT-VALUE}.")
    public int llmConcurrency;

    @Option(names = "--stt-time-limit", paramLabel = "TIME", defaultValue = "2m", converter = Converters.SomeTime.class,
            description = "After which a job is cancelled. Default: ${DEFAULT-VALUE}.")
    Duration sttTimeLimit;

    @Option(names = "--llm-time-limit", paramLabel = "TIME", defaultValue = "1m", converter = Converters.SomeTime.class,
            description = "Default: ${DEFAULT-VALUE}.")
    Duration llmTimeLimit;

    @Option(names = "--image-time-limit", paramLabel = "TIME", defaultValue = "30m", converter = Converters.SomeTime.class,
            description = "Default: ${DEFAULT-VALUE}.")
    Duration imageTimeLimit;

    @Option(names = "--max-queue", paramLabel = "N", defaultValue = "0",
            description = "A queue longer than this is cut down with OVERLOADED; 0: never. Default: ${DEFAULT-VALUE}.")
    long maxQueue;

    @Option(names = "--max-age", paramLabel = "TIME", defaultValue = "off", converter = Converters.TimeOrOff.class,
            description = "A job that waited longer is OVERLOADED; off: never. Default: ${DEFAULT-VALUE}.")
    Duration maxAge;

    @Option(names = "--give-way", paramLabel = "newest|oldest", defaultValue = "newest",
            description = "Which jobs are refused when there are too many. Default: ${DEFAULT-VALUE}.")
    Delivery.Side giveWay;

    @Option(names = "--load", paramLabel = "start|use", defaultValue = "use",
            description = "When models are loaded: at the start, or with the first job. Default: ${DEFAULT-VALUE}.")
    Load load;

    @Option(names = "--gpu-memory", paramLabel = "SHARE", defaultValue = "" + GpuMemory.USUAL_SHARE,
            description = "How much of each GPU's memory may be in use once a model is loaded, above 0 and at most 1. "
                    + "Default: ${DEFAULT-VALUE}.")
    public double gpuMemory;

    @Option(names = "--idle-unload", paramLabel = "TIME", defaultValue = "off", converter = Converters.TimeOrOff.class,
            description = "After how long without a job a model is unloaded; off: never. Default: ${DEFAULT-VALUE}.")
    Duration idleUnload;

    @Option(names = "--leave-queue", fallbackValue = "true",
            description = "Leave a queue to other workers while its model cannot be loaded, instead of answering MODEL_NOT_AVAILABLE.")
    boolean leaveQueue;

    @Option(names = "--at-most-once", fallbackValue = "true",
            description = "Plain BRPOP, for Redis 6.0 and 6.1: a job in hand is lost when the process dies.")
    boolean atMostOnce;

    @Option(names = "--max-attempts", paramLabel = "N", defaultValue = "2",
            description = "How often a job may be started when the process dies with it. Default: ${DEFAULT-VALUE}.")
    int maxAttempts;

    @Option(names = "--result-ttl", paramLabel = "TIME", defaultValue = "1h", converter = Converters.SomeTime.class,
            description = "How long a result stays readable. Default: ${DEFAULT-VALUE}.")
    Duration resultTtl;

    @Option(names = "--heartbeat", paramLabel = "TIME", defaultValue = "2s", converter = Converters.SomeTime.class,
            description = "How often the worker says that it lives. Default: ${DEFAULT-VALUE}.")
    Duration heartbeat;

    @Option(names = "--dead-after", paramLabel = "TIME", defaultValue = "15s", converter = Converters.SomeTime.class,
            description = "Without a heartbeat for so long, a worker's jobs go to others. Default: ${DEFAULT-VALUE}.")
    Duration deadAfter;

    @Option(names = "--max-stt-message", paramLabel = "BYTES", defaultValue = "32M", converter = Converters.Bytes.class,
            description = "Longest message of a speech job, base64 included. Default: ${DEFAULT-VALUE}.")
    Integer maxSttMessage;

    @Option(names = "--drain-timeout", paramLabel = "TIME", defaultValue = "30s", converter = Converters.Time.class,
            description = "How long jobs in hand may go on after a stop. Default: ${DEFAULT-VALUE}.")
    Duration drainTimeout;

    @Option(names = "--stuck-after", paramLabel = "TIME", defaultValue = "30s", converter = Converters.Time.class,
            description = "An engine that ignores a cancel for so long ends the process. Default: ${DEFAULT-VALUE}.")
    Duration stuckAfter;

    @Option(names = "--give-way-most", paramLabel = "TIME", defaultValue = "30s", converter = Converters.Time.class,
            description = "How long in all one picture may be held up for speech and language. Default: ${DEFAULT-VALUE}.")
    Duration giveWayMost;

    @Option(names = "--http-port", paramLabel = "PORT", defaultValue = "0",
            description = "Loopback port of /metrics and /health; 0: none. Default: ${DEFAULT-VALUE}.")
    public int httpPort;

    @Option(names = "--crash-folder", paramLabel = "DIR", defaultValue = "crashes",
            description = "Where crash logs and the worker's status file are kept. Default: ${DEFAULT-VALUE}.")
    public Path crashFolder;

    /** When models are loaded. */
    enum Load { START, USE }

    /** @throws IllegalArgumentException naming the option and its value */
    public WorkerSettings settings(String workerId, List<String> predecessors, int restarts) {
        requireWithin("--stt-concurrency", sttConcurrency, 1, LaneSettings.MAX_CONCURRENCY);
        requireWithin("--llm-concurrency", llmConcurrency, 1, LaneSettings.MAX_CONCURRENCY);
        requireWithin("--max-queue", maxQueue, 0, Long.MAX_VALUE);
        requireWithin("--max-attempts", maxAttempts, 1, Integer.MAX_VALUE);
        requireWithin("--http-port", httpPort, 0, 65_535);
        if (deadAfter.compareTo(DeliverySettings.leastDeadAfter(heartbeat)) < 0) {
            throw new IllegalArgumentException("--dead-after must be at least three times --heartbeat, "
                    + DeliverySettings.leastDeadAfter(heartbeat).toMillis() + "ms, but is " + deadAfter.toMillis() + "ms");
        }
        Map<TaskType, LaneSettings> lanes = new EnumMap<>(TaskType.class);
        for (String task : tasks) {
            TaskType kind = TaskType.ofWireName(task).orElseThrow(
                    () -> new IllegalArgumentException("--tasks has '" + task + "', which is none of stt, llm, image"));
            lanes.put(kind, switch (kind) {
                case STT -> lane(sttConcurrency, sttTimeLimit);
                case LLM -> lane(llmConcurrency, llmTimeLimit);
                case IMAGE -> lane(1, imageTimeLimit);
            });
        }
        JobCodec.Limits usual = JobCodec.Limits.DEFAULT;
        DeliverySettings delivery = new DeliverySettings(!atMostOnce, maxAttempts, resultTtl, heartbeat, deadAfter,
                DeliverySettings.DEFAULT.popTimeout(), DeliverySettings.DEFAULT.deadKept());
        return new WorkerSettings(workerId, lanes, delivery,
                new JobCodec.Limits(maxSttMessage, usual.languageBytes(), usual.imageBytes()),
                drainTimeout, stuckAfter, giveWayMost, predecessors, restarts);
    }

    private static void requireWithin(String option, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(option + " must be " + least
                    + (most >= Integer.MAX_VALUE ? " or more" : " to " + most) + " but is " + value);
        }
    }

    private LaneSettings lane(int concurrency, Duration timeLimit) {
        return new LaneSettings(concurrency, timeLimit, maxQueue, maxAge, giveWay, load == Load.START, idleUnload, leaveQueue);
    }
}
