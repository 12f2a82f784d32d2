package aiserver.redis;

import java.time.Duration;
import java.util.Objects;

/**
 * How jobs are taken and answered.
 *
 * @param reliable     at least once over processing lists (Redis 6.2 or newer); false: plain BRPOP (Redis 6.0 or newer), at most once
 * @param maxAttempts  how often a job may be started when the process dies with it
 * @param resultTtl    how long a result stays readable
 * @param heartbeat    how often a worker says that it lives
 * @param deadAfter    after how long without a heartbeat a worker's jobs go to others; several heartbeats
 * @param popTimeout   how long one pop waits in the server
 * @param deadKept     how many messages each dead letter list keeps
 */
public record DeliverySettings(boolean reliable, int maxAttempts, Duration resultTtl, Duration heartbeat, Duration deadAfter,
                               Duration popTimeout, int deadKept) {
    public static final DeliverySettings DEFAULT = new DeliverySettings(true, 2, Duration.ofHours(1), Duration.ofSeconds(2),
            Duration.ofSeconds(15), Duration.ofSeconds(1), 1_000);

    public DeliverySettings {
        if (maxAttempts < 1) {
            throw new IllegalArgumentException("maxAttempts must be at least 1 but is " + maxAttempts);
        }
        requirePositive("resultTtl", resultTtl);
        requirePositive("heartbeat", heartbeat);
        requirePositive("popTimeout", popTimeout);
        if (Objects.requireNonNull(deadAfter, "deadAfter").compareTo(leastDeadAfter(heartbeat)) < 0) {
            throw new IllegalArgumentException("deadAfter must be at least three heartbeats (" + leastDeadAfter(heartbeat)
                    + ") but is " + deadAfter);
        }
        if (deadKept < 1) {
            throw new IllegalArgumentException("deadKept must be at least 1 but is " + deadKept);
        }
    }

    /** The shortest time after which a worker of such a heartbeat may be taken for dead: one may be late, and one be lost. */
    public static Duration leastDeadAfter(Duration heartbeat) {
        return heartbeat.multipliedBy(3);
    }

    private static void requirePositive(String name, Duration duration) {
        if (Objects.requireNonNull(duration, name).toMillis() < 1) {
            throw new IllegalArgumentException(name + " must be at least 1 ms but is " + duration);
        }
    }
}
