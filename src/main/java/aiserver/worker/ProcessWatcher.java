package aiserver.worker;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Starts a worker in a process of its own and starts it again when it dies: an engine's SIGSEGV, the OOM killer and a hung
 * native call end the process, and nothing inside can help. The dead worker's name goes to the next one, which gives its
 * jobs back at once. Runs on the calling thread, usually a parent's main thread; {@link #stop} comes from a signal's.
 */
public final class ProcessWatcher {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessWatcher.class);
    private static final int CRASH_LOGS_KEPT = 10;
    private static final int PREDECESSORS_KEPT = 10;
    private static final int SIGNAL_BASE = 128;
    private static final Map<Integer, String> SIGNALS = Map.of(4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 8, "SIGFPE",
            9, "SIGKILL, which the OOM killer sends, too", 11, "SIGSEGV", 15, "SIGTERM");

    /**
     * One start of the worker.
     *
     * @param workerId     its name, new for every start
     * @param predecessors names of the dead, whose jobs it gives back first
     * @param restarts     starts before this one
     * @param crashLoop    whether it should not call itself ready until it has lived for a while
     * @param errorFile    option for the JVM that puts its crash log where it is looked for
     */
    public record Launch(String workerId, List<String> predecessors, int restarts, boolean crashLoop, String errorFile) {
        public Launch {
            predecessors = List.copyOf(predecessors);
        }
    }

    /** Makes the command of a start; input and output are set by the watcher. */
    @FunctionalInterface
    public interface Command {
        ProcessBuilder of(Launch launch);
    }

    /**
     * @param name        the first part of every worker's name
     * @param crashFolder where crash logs and the status file go; made if missing
     * @param firstPause  before the first start again; doubles with each crash
     * @param longestPause the longest pause
     * @param stableAfter a worker that lived so long starts the counting anew
     * @param crashLoop   so many crashes in a row, each before it was stable, are a crash loop
     * @param hopeless    exit statuses that another start would only repeat, such as for a wrong option
     */
    public record Settings(String name, Path crashFolder, Duration firstPause, Duration longestPause, Duration stableAfter,
                           int crashLoop, List<Integer> hopeless) {
        public Settings {
            hopeless = List.copyOf(hopeless);
            if (crashLoop < 1) {
                throw new IllegalArgumentException("crashLoop must be at least 1 but is " + crashLoop);
            }
        }

        public static Settings of(String name, Path crashFolder) {
            return new Settings(name, crashFolder, Duration.ofMillis(500), Duration.ofSeconds(30), Duration.ofMinutes(1), 5,
                    List.of(2));
        }
    }

    private final Settings settings;
    private final Command command;
    private final Deque<String> predecessors = new ArrayDeque<>();
    private Process process;
    private boolean stopping;
    private int restarts;
    private int crashesInARow;

    public ProcessWatcher(Settings settings, Command command) {
        this.settings = settings;
        this.command = command;
    }

    /**
     * Watches until the worker ends orderly, cannot be started with hope, or {@link #stop} was called; its exit status.
     *
     * @throws IOException where the first start fails
     */
    public int run() throws IOException {
        Files.createDirectories(settings.crashFolder());
        while (true) {
            String workerId = WorkerSettings.newWorkerId(settings.name());
            Instant startedAt = Instant.now();
            boolean crashLoop = crashesInARow >= settings.crashLoop();
            Process child;
            try {
                child = start(new Launch(workerId, new ArrayList<>(predecessors), restarts, crashLoop,
                        "-XX:ErrorFile=" + settings.crashFolder().resolve("hs_err_pid%p.log")));
            } catch (IOException e) {
                if (restarts == 0) {
                    throw e;
                }
                // It could be started before, so this passes: the system has no memory or no processes left just now.
                startAgain(0, "worker " + workerId + " cannot be started: " + e.getMessage());
                continue;
            }
            if (child == null) {
                return 0;
            }
            writeStatus(crashLoop ? "crash-loop" : "running", child.pid());
            int status = await(child);
            if (status == 0 || stopping() || settings.hopeless().contains(status)) {
                writeStatus("ended", child.pid());
                return status;
            }
            crashed(child, workerId, status, Duration.between(startedAt, Instant.now()));
        }
    }

    /** Has the worker stop as after a SIGTERM; asked again, hurry. */
    public synchronized void stop() {
        stopping = true;
        if (process != null) {
            // Process.destroy() would close its standard input as well, which it takes for our end and a second request.
            process.toHandle().destroy();
        }
        notifyAll();
    }

    /** Hands TERM, INT and TSTP of this process on to the worker. */
    public void installSignals() {
        StopSignals.handle(Map.of("TERM", this::stop, "INT", this::stop, "TSTP", this::quiet));
    }

    private void quiet() {
        long pid;
        synchronized (this) {
            if (process == null) {
                return;
            }
            pid = process.pid();
        }
        try {
            new ProcessBuilder("kill", "-TSTP", Long.toString(pid)).inheritIO().start();
        } catch (IOException e) {
            LOG.warn("worker process {} cannot be made quiet: {}", pid, e.getMessage());
        }
    }

    private synchronized boolean stopping() {
        return stopping;
    }

    // Null where a stop came first: checked and started under one lock, so that no stop misses the process.
    private synchronized Process start(Launch launch) throws IOException {
        if (stopping) {
            return null;
        }
        process = command.of(launch)
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .redirectOutput(ProcessBuilder.Redirect.INHERIT)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        return process;
    }

    private int await(Process child) {
        try {
            if (!child.waitFor(settings.stableAfter().toMillis(), TimeUnit.MILLISECONDS)) {
                crashesInARow = 0;
                predecessors.clear();
                writeStatus("running", child.pid());
            }
            return child.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stop();
            return child.onExit().join().exitValue();
        }
    }

    private void crashed(Process child, String workerId, int status, Duration lived) {
        predecessors.addLast(workerId);
        if (predecessors.size() > PREDECESSORS_KEPT) {
            predecessors.removeFirst();
        }
        Path log = settings.crashFolder().resolve("hs_err_pid" + child.pid() + ".log");
        startAgain(child.pid(), "worker " + workerId + " (process " + child.pid() + ") died after " + lived.toSeconds()
                + " s with " + meaning(status) + "; "
                + (Files.exists(log) ? "its crash log is " + log : "it left no crash log"));
    }

    private void startAgain(long pid, String why) {
        restarts++;
        crashesInARow++;
        long pauseMs = Math.min(settings.longestPause().toMillis(),
                settings.firstPause().toMillis() << Math.min(crashesInARow - 1, 16));
        LOG.error("{}; it is started again in {} ms", why, pauseMs);
        if (crashesInARow == settings.crashLoop()) {
            LOG.error("{} crashes in a row: the worker counts as not ready until it has lived for {} s", crashesInARow,
                    settings.stableAfter().toSeconds());
        }
        writeStatus(crashesInARow >= settings.crashLoop() ? "crash-loop" : "restarting", pid);
        prune();
        pause(pauseMs);
    }

    private static String meaning(int status) {
        if (status == Supervisor.EXIT_STUCK) {
            return "status " + status + ", a stuck engine";
        }
        if (status == AIWorker.EXIT_EXHAUSTED) {
            return "status " + status + ", a JVM out of threads, classes or heap";
        }
        String signal = SIGNALS.get(status - SIGNAL_BASE);
        return "status " + status + (signal == null ? "" : ", " + signal);
    }

    private synchronized void pause(long ms) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        try {
            for (long left = ms; left > 0 && !stopping; left = (end - System.nanoTime()) / 1_000_000) {
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping = true;
        }
    }

    /** The file that says in one line of {@code key=value} words how the worker is. */
    public Path statusFile() {
        return settings.crashFolder().resolve("status");
    }

    // Written beside and moved over, so that a reader never sees half a line.
    private void writeStatus(String state, long pid) {
        try {
            Path fresh = settings.crashFolder().resolve("status.new");
            Files.writeString(fresh, "state=" + state + " pid=" + pid + " restarts=" + restarts + " crashes_in_a_row="
                    + crashesInARow + " since=" + Instant.now() + "\n");
            Files.move(fresh, statusFile(), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warn("{} cannot be written: {}", statusFile(), e.toString());
        }
    }

    private void prune() {
        try (Stream<Path> files = Files.list(settings.crashFolder())) {
            List<Path> logs = files.filter(f -> f.getFileName().toString().matches("hs_err_pid\\d+\\.log"))
                    .sorted(Comparator.comparing(f -> f.toFile().lastModified())).toList();
            for (Path old : logs.subList(0, Math.max(0, logs.size() - CRASH_LOGS_KEPT))) {
                Files.deleteIfExists(old);
            }
        } catch (IOException e) {
            LOG.warn("old crash logs stay: {}", e.toString());
        }
    }
}
