package aiserver.worker;

import aiserver.job.TaskType;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Keeps apart the jobs that were in hand when a process died. Any of them may be the one that killed it, and tried again side
 * by side they would die together a second time and all be given up. So suspects run one at a time, spoken ones before
 * pictures, and without anything beside them as far as that is not long in coming: nobody waits longer than a while for jobs
 * that are no suspects, and callers wait no longer for a picture or a suspect; what then dies beside one is a suspect itself.
 * One per worker; any thread.
 */
final class Quarantine {
    private static final long LOOK_MS = 100;

    private final long longestNanos;
    private int others;
    private int spoken;
    private int pictures;
    /** Suspects of speech and language that run or wait to. */
    private int urgent;

    /** @param longest how long a job waits for others than suspects of its own kind */
    Quarantine(Duration longest) {
        this.longestNanos = longest.toNanos();
    }

    /**
     * Waits for this job's turn; {@link #leave} must follow. Ends early where {@code wanted} turns false.
     *
     * @return whether it may run now
     */
    synchronized boolean enter(TaskType kind, boolean suspect, BooleanSupplier wanted) {
        long end = System.nanoTime() + longestNanos;
        if (suspect && kind != TaskType.IMAGE) {
            urgent++;
        }
        boolean turn = false;
        try {
            while (!(turn = mayRun(kind, suspect, System.nanoTime() - end >= 0)) && wanted.getAsBoolean()) {
                wait(LOOK_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        count(kind, suspect, 1);
        return turn;
    }

    synchronized void leave(TaskType kind, boolean suspect) {
        count(kind, suspect, -1);
        if (suspect && kind != TaskType.IMAGE) {
            urgent--;
        }
        notifyAll();
    }

    private void count(TaskType kind, boolean suspect, int change) {
        if (!suspect) {
            others += change;
        } else if (kind == TaskType.IMAGE) {
            pictures += change;
        } else {
            spoken += change;
        }
    }

    private boolean mayRun(TaskType kind, boolean suspect, boolean waitedLong) {
        if (!suspect) {
            return urgent == 0 || waitedLong;
        }
        if (kind == TaskType.IMAGE) {
            return urgent == 0 && pictures == 0 && (others == 0 || waitedLong);
        }
        return spoken == 0 && (others == 0 && pictures == 0 || waitedLong);
    }
}
