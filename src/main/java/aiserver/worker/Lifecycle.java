package aiserver.worker;

import aiserver.worker.WorkerStatus.Phase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * From its start to its stop, how a worker goes from one phase to the next, and the order in which its parts end. Owned by
 * {@link AIWorker}; asked from any thread, signals' included; the end itself runs on a thread of its own.
 */
final class Lifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);
    private static final Duration LONGEST_JOIN = Duration.ofSeconds(10);

    private final WorkerSettings settings;
    private final Collection<Lane> lanes;
    private final Drain drain;
    private final Supervisor supervisor;
    private final List<Thread> monitors = new ArrayList<>();
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.NEW);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile boolean idle = true;

    Lifecycle(WorkerSettings settings, Collection<Lane> lanes, Drain drain, Supervisor supervisor) {
        this.settings = settings;
        this.lanes = lanes;
        this.drain = drain;
        this.supervisor = supervisor;
    }

    /** @param monitor what a lane's monitor thread does */
    void start(Consumer<Lane> monitor) {
        if (!phase.compareAndSet(Phase.NEW, Phase.WORKING)) {
            throw new IllegalStateException("worker " + settings.workerId() + " was started before");
        }
        supervisor.start();
        for (Lane lane : lanes) {
            Thread thread = new Thread(() -> monitor.accept(lane), "lane-" + lane.kind().wireName());
            monitors.add(thread);
            thread.start();
        }
    }

    Phase phase() {
        return phase.get();
    }

    /** Whether it has not been told to stop. */
    boolean open() {
        Phase now = phase.get();
        return now == Phase.WORKING || now == Phase.QUIET;
    }

    boolean taking() {
        return phase.get() == Phase.WORKING;
    }

    void quiet() {
        if (phase.compareAndSet(Phase.WORKING, Phase.QUIET)) {
            LOG.info("worker {} is quiet: it takes no new jobs", settings.workerId());
        }
    }

    void resume() {
        if (phase.compareAndSet(Phase.QUIET, Phase.WORKING)) {
            LOG.info("worker {} takes jobs again", settings.workerId());
        }
    }

    /** Begins to stop and returns; asked again, hurries. */
    void requestStop() {
        Phase before = phase.getAndUpdate(p -> p == Phase.STOPPED ? p : Phase.DRAINING);
        if (before == Phase.WORKING || before == Phase.QUIET) {
            new Thread(this::end, "drain").start();
        } else if (before == Phase.DRAINING) {
            drain.hurry();
        } else if (before == Phase.NEW) {
            phase.set(Phase.STOPPED);
            stopped.countDown();
        }
    }

    /** Waits for the end; false where an engine is still inside a job that was given back. */
    boolean awaitStop() {
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return idle;
    }

    private void end() {
        LOG.info("worker {} stops: {} jobs in hand, at most {} s for them", settings.workerId(), drain.running().count(),
                settings.drainTimeout().toSeconds());
        idle = drain.run(settings.drainTimeout());
        monitors.forEach(Lifecycle::join);
        supervisor.stop();
        lanes.forEach(Lane::close);
        if (idle) {
            new ArrayList<>(lanes).reversed().forEach(Lane::unload);
        }
        phase.set(Phase.STOPPED);
        LOG.info("worker {} has stopped", settings.workerId());
        stopped.countDown();
    }

    private static void join(Thread thread) {
        try {
            thread.join(LONGEST_JOIN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
