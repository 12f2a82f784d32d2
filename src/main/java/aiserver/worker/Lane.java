package aiserver.worker;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.TaskType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Collection;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One kind of job: its queue, its threads, what it has in hand, and its model's state. The monitor thread pops and hands
 * over; a job thread does one job at a time and exists only while there is work. No lane knows of the others, so none falls
 * with them. Owned by {@link AIWorker}.
 */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    private static final Duration LOAD_AGAIN = Duration.ofSeconds(30);
    /** A cancel that was not looked after for so long might hit a later job of its id. */
    private static final Duration CANCEL_FRESH = Duration.ofSeconds(5);

    private final TaskType kind;
    private final LaneSettings settings;
    private final JobHandler<?> handler;
    private final Semaphore permits;
    private final ThreadPoolExecutor threads;
    private final Set<JobRun> running = ConcurrentHashMap.newKeySet();
    private final Queue<Cancelled> cancelled = new ConcurrentLinkedQueue<>();
    private volatile String modelTrouble;
    private volatile long lastWorkNanos = System.nanoTime();
    private long lastLoadNanos;

    private record Cancelled(String requestId, long nanos) {
    }

    Lane(TaskType kind, LaneSettings settings, JobHandler<?> handler) {
        this.kind = kind;
        this.settings = settings;
        this.handler = handler;
        this.permits = new Semaphore(settings.concurrency());
        AtomicInteger count = new AtomicInteger();
        this.threads = new ThreadPoolExecutor(settings.concurrency(), settings.concurrency(), 30, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(), r -> new Thread(r, "job-" + kind.wireName() + "-" + count.incrementAndGet()));
        threads.allowCoreThreadTimeOut(true);
    }

    TaskType kind() {
        return kind;
    }

    LaneSettings settings() {
        return settings;
    }

    JobHandler<?> handler() {
        return handler;
    }

    Collection<JobRun> running() {
        return running;
    }

    /** A request was cancelled that may wait in this lane's queue; the monitor looks for it. */
    void cancelled(String requestId) {
        cancelled.add(new Cancelled(requestId, System.nanoTime()));
    }

    /** The next cancelled request that is to be looked for, or null. */
    String nextCancelled() {
        Cancelled next = cancelled.poll();
        while (next != null && System.nanoTime() - next.nanos() >= CANCEL_FRESH.toNanos()) {
            next = cancelled.poll();
        }
        return next == null ? null : next.requestId();
    }

    /** Leaves the cancelled requests to other workers. */
    void forgetCancelled() {
        cancelled.clear();
    }

    /** Jobs between being popped and being let go. */
    int inHand() {
        return settings.concurrency() - permits.availablePermits();
    }

    /** Waits for a free hand; false where there is none in time. */
    boolean acquire(Duration timeout) throws InterruptedException {
        return permits.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    void release() {
        permits.release();
    }

    /** Does the work on a job thread, then frees the hand that was acquired for it. */
    void submit(Runnable work) {
        threads.execute(() -> {
            try {
                work.run();
            } finally {
                lastWorkNanos = System.nanoTime();
                permits.release();
            }
        });
    }

    /** Loads the model where that is due, in a scope of its own; false while jobs should be left to other workers. */
    boolean ready(JobScope loading) {
        boolean again = modelTrouble != null && settings.leaveQueue();
        if (lastLoadNanos == 0 && (settings.loadAtStart() || settings.leaveQueue())
                || again && System.nanoTime() - lastLoadNanos >= LOAD_AGAIN.toNanos()) {
            lastLoadNanos = System.nanoTime() | 1;
            load(loading);
        }
        return modelTrouble == null || !settings.leaveQueue();
    }

    private void load(JobScope scope) {
        try {
            handler.load(scope);
            modelTrouble = null;
        } catch (JobException e) {
            if (e.code() != ErrorCode.CANCELLED) {
                trouble(e.getMessage());
            }
        } catch (RuntimeException | LinkageError e) {
            trouble(e.toString());
        }
    }

    private void trouble(String why) {
        if (modelTrouble == null) {
            LOG.error("lane {} has no model: {}; it {}", kind.wireName(), why, settings.leaveQueue()
                    ? "leaves its queue to other workers and tries again every " + LOAD_AGAIN.toSeconds() + " s"
                    : "answers its jobs with MODEL_NOT_AVAILABLE");
        }
        modelTrouble = why;
    }

    /** What keeps the model from working, or null. */
    String modelTrouble() {
        return modelTrouble;
    }

    /** What a job's end says of the model; null for a job that went well. */
    void learn(JobException error) {
        if (error == null) {
            modelTrouble = null;
        } else if (error.code() == ErrorCode.MODEL_NOT_AVAILABLE && error.ofEngine()) {
            trouble(error.getMessage());
        } else if (error.code() == ErrorCode.OUT_OF_MEMORY) {
            LOG.warn("lane {} ran out of memory and unloads its model", kind.wireName());
            unload();
        }
    }

    /** Gives the model's memory back when there was no job for long; called by the monitor thread between two pops. */
    void unloadIfIdle() {
        if (settings.idleUnload() != null && inHand() == 0 && handler.loaded()
                && System.nanoTime() - lastWorkNanos >= settings.idleUnload().toNanos()) {
            LOG.info("lane {} was idle for {} s and unloads its model", kind.wireName(), settings.idleUnload().toSeconds());
            unload();
            lastWorkNanos = System.nanoTime();
        }
    }

    /** When the last job was let go or the idle model unloaded, in the terms of {@link System#nanoTime}; before both, when the lane began. */
    long lastWorkNanos() {
        return lastWorkNanos;
    }

    void rest() {
        try {
            handler.rest();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("lane {} cannot give memory back: {}", kind.wireName(), e.toString());
        }
    }

    void unload() {
        try {
            handler.unload();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("lane {} cannot unload its model: {}", kind.wireName(), e.toString());
        }
    }

    void close() {
        threads.shutdown();
    }
}
