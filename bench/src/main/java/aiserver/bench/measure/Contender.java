package aiserver.bench.measure;

import aiserver.job.JsonObjects;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A program that is measured: a child process, pinned to the processors of the run. One that follows the line protocol
 * (limit.c, {@code bench probe}, the Python peers) says {@code ready}, then runs once for each line and answers with a
 * line of JSON. Its stderr goes to a file in the work folder. What still runs when this program is ended is ended with it.
 * Used by one thread.
 */
final class Contender implements AutoCloseable {
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();
    private static final int ENDING_SECONDS = 10;
    private static final byte[] GO = "go\n".getBytes(StandardCharsets.US_ASCII);

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Contender::endAll, "contenders"));
    }

    private final String name;
    private final Process process;
    private final BufferedReader answers;
    private final Path log;

    private Contender(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Starts a program that may do anything. */
    static Contender started(String name, List<String> command, Map<String, String> environment, Setting setting) {
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", setting.processors()));
        pinned.addAll(command);
        Path log = setting.work().folder().resolve("logs").resolve(name.replaceAll("[^A-Za-z0-9.-]+", "-") + ".log");
        ProcessBuilder builder = new ProcessBuilder(pinned).redirectError(log.toFile());
        builder.environment().putAll(environment);
        try {
            Files.createDirectories(log.getParent());
            Process process = builder.start();
            RUNNING.add(process);
            return new Contender(name, process, log);
        } catch (IOException e) {
            throw new IllegalStateException(name + " cannot be started: " + e.getMessage(), e);
        }
    }

    /** Starts a program of the line protocol and waits until it is ready. */
    static Contender ready(String name, List<String> command, Map<String, String> environment, Setting setting) {
        Contender contender = started(name, command, environment, setting);
        try {
            String line = contender.line();
            if (!"ready".equals(line)) {
                throw new IllegalStateException(name + " said '" + line + "' and not that it is ready; see " + contender.log);
            }
        } catch (RuntimeException e) {
            contender.close();
            throw e;
        }
        return contender;
    }

    String name() {
        return name;
    }

    long pid() {
        return process.pid();
    }

    boolean alive() {
        return process.isAlive();
    }

    /** One run. */
    Map<String, Object> run() {
        try {
            OutputStream in = process.getOutputStream();
            in.write(GO);
            in.flush();
        } catch (IOException e) {
            throw new IllegalStateException(name + " has ended; see " + log, e);
        }
        return JsonObjects.read(line());
    }

    /** Waits for a program that ends by itself; what it says is left out. */
    void awaitEnd() {
        try {
            answers.transferTo(Writer.nullWriter());
            int status = process.waitFor();
            if (status != 0) {
                throw new IllegalStateException(name + " ended with status " + status + "; see " + log);
            }
        } catch (IOException e) {
            throw new IllegalStateException(name + " cannot be read; see " + log, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private String line() {
        try {
            String line = answers.readLine();
            if (line == null) {
                throw new IllegalStateException(name + " has ended; see " + log);
            }
            return line;
        } catch (IOException e) {
            throw new IllegalStateException(name + " cannot be read; see " + log, e);
        }
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // it has ended already
        }
        try {
            if (!process.waitFor(3, TimeUnit.SECONDS)) {
                process.destroy();
                if (!process.waitFor(20, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        RUNNING.remove(process);
    }

    // The worker's process may be the child of one that watches: its descendants are told first, then itself.
    private static void endAll() {
        List<ProcessHandle> all = new ArrayList<>();
        for (Process process : RUNNING) {
            process.descendants().forEach(all::add);
            all.add(process.toHandle());
        }
        all.forEach(ProcessHandle::destroy);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(ENDING_SECONDS);
        for (ProcessHandle one : all) {
            try {
                one.onExit().get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (ExecutionException | TimeoutException e) {
                one.destroyForcibly();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                one.destroyForcibly();
            }
        }
    }
}
