package aiserver.worker;

import aiserver.redis.Delivery;

import java.time.Duration;
import java.util.Objects;

/**
 * How one lane works.
 *
 * @param concurrency jobs at a time
 * @param timeLimit   after which a job is cancelled in its engine and answered as EXPIRED
 * @param maxQueue    a longer queue is cut down with OVERLOADED; 0: never
 * @param maxAge      an older job is refused as OVERLOADED, or, where the newest give way, what came after it; null: never
 * @param giveWay     which end of a queue that is too long or too old is refused
 * @param loadAtStart whether the model is loaded before the first job
 * @param idleUnload  after how long without a job the model is unloaded; null: never
 * @param leaveQueue  whether jobs stay in the queue for other workers while the model cannot be loaded, instead of being
 *                    answered as MODEL_NOT_AVAILABLE
 */
public record LaneSettings(int concurrency, Duration timeLimit, long maxQueue, Duration maxAge, Delivery.Side giveWay,
                           boolean loadAtStart, Duration idleUnload, boolean leaveQueue) {
    /** Most jobs of a kind at a time. */
    public static final int MAX_CONCURRENCY = 64;

    public LaneSettings {
        if (concurrency < 1 || concurrency > MAX_CONCURRENCY) {
            throw new IllegalArgumentException("concurrency must be 1 to " + MAX_CONCURRENCY + " but is " + concurrency);
        }
        if (Objects.requireNonNull(timeLimit, "timeLimit").toMillis() < 1) {
            throw new IllegalArgumentException("timeLimit must be at least 1 ms but is " + timeLimit);
        }
        if (maxQueue < 0) {
            throw new IllegalArgumentException("maxQueue must be 0 or more but is " + maxQueue);
        }
        if (maxAge != null && maxAge.toMillis() < 1) {
            throw new IllegalArgumentException("maxAge must be at least 1 ms but is " + maxAge);
        }
        if (idleUnload != null && idleUnload.toMillis() < 1) {
            throw new IllegalArgumentException("idleUnload must be at least 1 ms but is " + idleUnload);
        }
        Objects.requireNonNull(giveWay, "giveWay");
    }

    /** A lane without limits on its queue, that loads its model with the first job and keeps it. */
    public static LaneSettings of(int concurrency, Duration timeLimit) {
        return new LaneSettings(concurrency, timeLimit, 0, null, Delivery.Side.NEWEST, false, null, false);
    }
}
