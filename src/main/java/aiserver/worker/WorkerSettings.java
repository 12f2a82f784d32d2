package aiserver.worker;

import aiserver.job.JobCodec;
import aiserver.job.TaskType;
import aiserver.redis.DeliverySettings;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * How one worker works.
 *
 * @param workerId     1 to 128 of {@code A-Za-z0-9._-}, never used by two processes at a time; see {@link #newWorkerId}
 * @param lanes        one for each kind that this worker serves, at least one
 * @param delivery     how jobs are taken and answered
 * @param limits       how long a message may be
 * @param drainTimeout how long jobs in hand may go on after a stop
 * @param stuckAfter   how long an engine may ignore that its job was cancelled before the process is given up
 * @param giveWayMost  how long in all one picture may be held up for speech and language; zero: not at all
 * @param predecessors workers that are known to be dead, whose jobs are given back at once
 * @param restarts     how often this worker was started again after a crash; for the metrics
 */
public record WorkerSettings(String workerId, Map<TaskType, LaneSettings> lanes, DeliverySettings delivery,
                             JobCodec.Limits limits, Duration drainTimeout, Duration stuckAfter, Duration giveWayMost,
                             List<String> predecessors, int restarts) {
    private static final Pattern WORKER_ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    public WorkerSettings {
        if (!WORKER_ID.matcher(Objects.requireNonNull(workerId, "workerId")).matches()) {
            throw new IllegalArgumentException("workerId must be 1 to 128 of A-Za-z0-9._- but is \"" + workerId + '"');
        }
        if (lanes.isEmpty()) {
            throw new IllegalArgumentException("a worker needs at least one lane");
        }
        lanes = Map.copyOf(new EnumMap<>(lanes));
        Objects.requireNonNull(delivery, "delivery");
        Objects.requireNonNull(limits, "limits");
        requireNotNegative("drainTimeout", drainTimeout);
        requireNotNegative("stuckAfter", stuckAfter);
        requireNotNegative("giveWayMost", giveWayMost);
        predecessors = List.copyOf(predecessors);
        if (predecessors.contains(workerId)) {
            throw new IllegalArgumentException("worker " + workerId + " cannot be its own predecessor");
        }
    }

    /** All three lanes, one job at a time each, and the defaults. */
    public static WorkerSettings defaults() {
        return new WorkerSettings(newWorkerId("worker"),
                Map.of(TaskType.STT, LaneSettings.of(1, Duration.ofMinutes(2)),
                        TaskType.LLM, LaneSettings.of(1, Duration.ofMinutes(1)),
                        TaskType.IMAGE, LaneSettings.of(1, Duration.ofMinutes(10))),
                DeliverySettings.DEFAULT, JobCodec.Limits.DEFAULT, Duration.ofSeconds(30), Duration.ofSeconds(30),
                Duration.ofSeconds(30), List.of(), 0);
    }

    /** A name that no other process has: the given one, the process, and a few random digits. */
    public static String newWorkerId(String name) {
        String safe = name.replaceAll("[^A-Za-z0-9._-]", "-");
        return safe.substring(0, Math.min(64, safe.length())) + "-" + ProcessHandle.current().pid() + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }

    private static void requireNotNegative(String name, Duration duration) {
        if (Objects.requireNonNull(duration, name).isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative but is " + duration);
        }
    }
}
