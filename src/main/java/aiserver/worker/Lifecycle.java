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

    /**
     * Starts all threads; under the same lock as a stop, which so finds all or none of them.
     *
     * @param monitor what a lane's monitor thread does
     * @return false where it was stopped already, such as by a signal that came early
     */
    synchronized boolean start(Consumer<Lane> monitor) {
        if (phase.get() == Phase.STOPPED) {
            return false;
        }
        if (!phase.compareAndSet(Phase.NEW, Phase.WORKING)) {
            throw new IllegalStateException("worker " + settings.workerId() + " was started before");
        }
        supervisor.start();
        for (Lane lane : lanes) {
            Thread thread = new Thread(() -> monitor.accept(lane), "lane-" + lane.kind().wireName());
            monitors.add(thread);
            thread.start();
        }
        return true;
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
    synchronized void requestStop() {
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

    /** Waits for the end; false where an engine is still inside a job that was given back, or loads a model. */
    boolean awaitStop() {
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return idle;
    }

    // Whatever fails on the way, whoever waits for the end is told.
    private void end() {
        idle = false;
        try {
            LOG.info("worker {} stops: {} jobs in hand, at most {} s for them", settings.workerId(), drain.running().count(),
                    settings.drainTimeout().toSeconds());
            boolean drained = drain.run(settings.drainTimeout());
            // A monitor that stays away is loading a model, and unloading would wait for it.
            boolean joined = joined();
            supervisor.stop();
            lanes.forEach(Lane::close);
            if (drained && joined) {
                new ArrayList<>(lanes).reversed().forEach(lane -> lane.model().unload());
                idle = true;
            }
        } catch (RuntimeException | Error e) {
            LOG.error("worker {} ends in disorder: {}", settings.workerId(), Failure.where(e));
        } finally {
            phase.set(Phase.STOPPED);
            stopped.countDown();
        }
        LOG.info("worker {} has stopped", settings.workerId());
    }

    // The time is for all of them together.
    private boolean joined() {
        long end = System.nanoTime() + LONGEST_JOIN.toNanos();
        boolean all = true;
        try {
            for (Thread monitor : monitors) {
                all &= monitor.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return all;
    }
}
