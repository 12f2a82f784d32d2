package aiserver.worker;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the system's signals mean to a worker: TERM and INT stop it, a second one makes it hurry, TSTP makes it quiet. A JVM
 * started with {@code -Xrs} keeps some signals to itself; those are then left as they are. Installed once by the process'
 * main thread.
 */
public final class StopSignals {
    private static final Logger LOG = LoggerFactory.getLogger(StopSignals.class);
    /** A process group's TERM comes to us and to the watcher, which hands it on: within so long it is one and the same. */
    private static final long ECHO_NANOS = 500_000_000L;

    private StopSignals() {
    }

    /**
     * @param supervised whether a {@link ProcessWatcher} holds our standard input. Then its end is the end of the watcher and
     *                   stops us, and INT is left to the watcher: a terminal sends it to both, and twice would mean hurry.
     */
    public static void install(AIWorker worker, boolean supervised) {
        handle(Map.of("TERM", supervised ? withoutEcho(worker::requestStop) : worker::requestStop,
                "INT", supervised ? () -> LOG.debug("INT is left to the watching process") : worker::requestStop,
                "TSTP", worker::quiet));
        if (supervised) {
            Thread leash = new Thread(() -> awaitEndOfInput(worker), "leash");
            leash.setDaemon(true);
            leash.start();
        }
    }

    /** Does what it is asked to, but not again right after the first time. */
    static Runnable withoutEcho(Runnable action) {
        AtomicLong first = new AtomicLong();
        return () -> {
            long now = System.nanoTime() | 1; // never 0
            if (first.compareAndSet(0, now) || now - first.get() > ECHO_NANOS) {
                action.run();
            } else {
                LOG.debug("the same TERM once more");
            }
        };
    }

    static void handle(Map<String, Runnable> actions) {
        actions.forEach((name, action) -> {
            try {
                Signal.handle(new Signal(name), signal -> action.run());
            } catch (IllegalArgumentException e) {
                LOG.debug("signal {} is left as it is: {}", name, e.getMessage());
            }
        });
    }

    private static void awaitEndOfInput(AIWorker worker) {
        byte[] ignored = new byte[256];
        try {
            while (System.in.read(ignored) >= 0) {
                LOG.debug("the watching process says something, which means nothing");
            }
        } catch (IOException e) {
            LOG.debug("standard input broke: {}", e.toString());
        }
        LOG.warn("the watching process is gone; the worker stops");
        worker.requestStop();
    }
}
