package aiserver.worker;

import aiserver.job.TaskType;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Voice before pictures: a customer on the phone waits for speech and language, nobody stares at a picture that takes a
 * minute anyway. The speech and language lanes count themselves in while they work or have work waiting; the image lane
 * asks to pass between two steps and is held up meanwhile, a bounded time in all. One per worker; any thread.
 */
final class VoiceFirst {
    private static final long LOOK_MS = 100;

    private final Set<TaskType> waiting = EnumSet.noneOf(TaskType.class);
    private int working;

    synchronized void enter(TaskType kind) {
        if (kind != TaskType.IMAGE) {
            working++;
        }
    }

    synchronized void leave(TaskType kind) {
        if (kind != TaskType.IMAGE) {
            working--;
            notifyAll();
        }
    }

    /** Whether jobs of a kind wait in the queue, as far as was seen. */
    synchronized void waiting(TaskType kind, boolean some) {
        if (kind != TaskType.IMAGE && (some ? waiting.add(kind) : waiting.remove(kind))) {
            notifyAll();
        }
    }

    private boolean busy() {
        return working > 0 || !waiting.isEmpty();
    }

    /**
     * Returns once nobody talks, the time is used up, or the caller is no longer wanted.
     *
     * @return how long it took
     */
    synchronized Duration giveWay(Duration most, BooleanSupplier cancelled) {
        if (!busy() || most.isZero()) {
            return Duration.ZERO;
        }
        long from = System.nanoTime();
        long end = from + most.toNanos();
        try {
            while (busy() && !cancelled.getAsBoolean() && System.nanoTime() - end < 0) {
                wait(Math.max(1, Math.min(LOOK_MS, (end - System.nanoTime()) / 1_000_000)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Duration.ofNanos(System.nanoTime() - from);
    }
}
