package aiserver.worker;

import aiserver.job.TaskType;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Keeps apart the jobs that were in hand when a process died. Any of them may be the one that killed it, and tried again side
 * by side they would die together a second time and all be given up. So a suspect runs alone: no other suspect beside it, and
 * for a spoken order nothing else; a picture takes too long for callers to wait for it, so new jobs may begin beside one. Nobody
 * waits longer than a while: then it goes on beside the others, and at worst one more job is a suspect. One per worker; any
 * thread.
 */
final class Quarantine {
    private static final long LOOK_MS = 100;

    private final long longestNanos;
    private int others;
    private int suspects;
    /** Suspects of speech and language that run or wait to. */
    private int urgent;

    /** @param longest how long a job may be kept waiting */
    Quarantine(Duration longest) {
        this.longestNanos = longest.toNanos();
    }

    /** Waits for this job's turn; {@link #leave} must follow. Ends early where {@code wanted} turns false. */
    synchronized void enter(TaskType kind, boolean suspect, BooleanSupplier wanted) {
        long end = System.nanoTime() + longestNanos;
        if (suspect && kind != TaskType.IMAGE) {
            urgent++;
        }
        try {
            while (!mayRun(kind, suspect) && wanted.getAsBoolean() && System.nanoTime() - end < 0) {
                wait(Math.max(1, Math.min(LOOK_MS, (end - System.nanoTime()) / 1_000_000)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (suspect) {
            suspects++;
        } else {
            others++;
        }
    }

    synchronized void leave(TaskType kind, boolean suspect) {
        if (!suspect) {
            others--;
        } else {
            suspects--;
            if (kind != TaskType.IMAGE) {
                urgent--;
            }
        }
        notifyAll();
    }

    private boolean mayRun(TaskType kind, boolean suspect) {
        if (!suspect) {
            return urgent == 0;
        }
        return suspects == 0 && others == 0 && (kind != TaskType.IMAGE || urgent == 0);
    }
}
