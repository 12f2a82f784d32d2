package aiserver.worker;

import aiserver.redis.RedisException;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Goes on trying while Redis is away: waits a little longer each time, up to two seconds, with some scatter so that many
 * workers do not come back in step. Ends early when the worker gives up. One per worker; any thread.
 */
final class Patience {
    private static final long FIRST_MS = 50;
    private static final long LONGEST_MS = 2_000;

    private final CountDownLatch givenUp = new CountDownLatch(1);

    /** Repeats a call until it succeeds; throws its failure where that does not pass, or when all is given up. */
    <T> T until(Supplier<T> call) {
        for (int failures = 1; ; failures++) {
            try {
                return call.get();
            } catch (RedisException e) {
                if (!e.passing() || !pause(failures)) {
                    throw e;
                }
            }
        }
    }

    /** Waits as long as suits the number of failures; false when all is given up. */
    boolean pause(int failures) {
        long ms = Math.min(LONGEST_MS, FIRST_MS << Math.min(failures - 1, 10));
        try {
            return !givenUp.await(ms / 2 + ThreadLocalRandom.current().nextLong(ms / 2 + 1), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Sleeps unless all is given up. */
    void sleep(Duration time) {
        try {
            givenUp.await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    void giveUp() {
        givenUp.countDown();
    }
}
