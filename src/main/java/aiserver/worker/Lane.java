package aiserver.worker;

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
import java.util.stream.Stream;

/**
 * One kind of job: its queue, its threads, what it has in hand, and its {@link LaneModel}. The monitor thread pops and hands
 * over; a job thread does one job at a time and exists only while there is work. No lane knows of the others, so none falls
 * with them. Owned by {@link AIWorker}.
 */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);
    /** A cancel that was not looked after for so long might hit a later job of its id. */
    private static final Duration CANCEL_FRESH = Duration.ofSeconds(5);

    private final TaskType kind;
    private final LaneSettings settings;
    private final LaneModel model;
    private final Semaphore permits;
    private final ThreadPoolExecutor threads;
    private final Set<JobRun> running = ConcurrentHashMap.newKeySet();
    private final Queue<Cancelled> cancelled = new ConcurrentLinkedQueue<>();
    private volatile long lastWorkNanos = System.nanoTime();

    private record Cancelled(String requestId, long nanos) {
    }

    Lane(TaskType kind, LaneSettings settings, JobHandler<?> handler) {
        this.kind = kind;
        this.settings = settings;
        this.model = new LaneModel(kind, settings, handler);
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

    LaneModel model() {
        return model;
    }

    Collection<JobRun> running() {
        return running;
    }

    /** What all of them have in hand. */
    static Stream<JobRun> running(Collection<Lane> lanes) {
        return lanes.stream().flatMap(lane -> lane.running.stream());
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

    /** Gives the model's memory back when there was no job for long; called by the monitor thread between two pops. */
    void unloadIfIdle() {
        if (settings.idleUnload() != null && inHand() == 0 && model.loaded()
                && System.nanoTime() - lastWorkNanos >= settings.idleUnload().toNanos()) {
            LOG.info("lane {} was idle for {} s and unloads its model", kind.wireName(), settings.idleUnload().toSeconds());
            model.unload();
            lastWorkNanos = System.nanoTime();
        }
    }

    /** When the last job was let go or the idle model unloaded, in the terms of {@link System#nanoTime}; before both, when the lane began. */
    long lastWorkNanos() {
        return lastWorkNanos;
    }

    void close() {
        threads.shutdown();
    }
}
