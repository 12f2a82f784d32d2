package aiserver.redis;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.embedded.core.ExecutableProvider;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A real redis-server of our own on a loopback port: for the demo, for a start without an address, and for tests. It keeps
 * nothing on disk unless it is told to, and ends with this process however that dies: a shell between the two waits for
 * the end of its standard input, which the system closes with us. Owned by whoever started it.
 */
public final class EmbeddedRedis implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedRedis.class);
    private static final int PORTS_TRIED = 3;
    private static final int LINES_KEPT = 20;
    // "$@" is the server's command line, $0 its folder. One shell waits for the server, another for the end of our pipe (fd 3,
    // since the input of a background command is nothing); whichever comes first ends the other.
    private static final String LEASH = "exec 3<&0; \"$@\" 3<&- </dev/null & server=$!; "
            + "(trap - TERM; read -r end <&3; kill $server 2>/dev/null) & leash=$!; trap 'kill $server' TERM; "
            + "while kill -0 $server 2>/dev/null; do wait $server; done; kill $leash 2>/dev/null; rmdir \"$0\" 2>/dev/null";

    // A terminal sends its signals to all processes of a group: the worker then finishes its job and still needs the server.
    // So both shells and the server get a session of their own, where the system has setsid.
    private static final String APART = "command -v setsid >/dev/null && exec setsid \"$@\"; exec \"$@\"";

    private final Process process;
    private final int port;
    private final Path folder;

    private EmbeddedRedis(Process process, int port, Path folder) {
        this.process = process;
        this.port = port;
        this.folder = folder;
    }

    /** Starts one on a free port, keeping nothing. */
    public static EmbeddedRedis start() {
        for (int tried = 1; ; tried++) {
            try {
                return start(freePort(), List.of("--save", "", "--appendonly", "no"));
            } catch (IllegalStateException e) {
                // Somebody else may have taken the port in the meantime.
                if (tried == PORTS_TRIED) {
                    throw e;
                }
            }
        }
    }

    /**
     * Starts one on the given port with further command line options of redis-server.
     *
     * @throws IllegalStateException where it does not come up; with the server's last lines
     */
    public static EmbeddedRedis start(int port, List<String> options) {
        try {
            Path folder = Files.createTempDirectory("ai-server-redis");
            File executable = ExecutableProvider.newJarResourceProvider(folder.toFile()).get();
            if (!executable.setExecutable(true)) {
                throw new IllegalStateException("cannot make " + executable + " executable; is the folder mounted noexec?");
            }
            List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", APART, "apart", "/bin/sh", "-c", LEASH, folder.toString(),
                    executable.getPath(), "--port", Integer.toString(port), "--bind", "127.0.0.1", "--dir", folder.toString()));
            command.addAll(options);
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            EmbeddedRedis redis = new EmbeddedRedis(process, port, folder);
            try {
                redis.awaitReady();
            } catch (RuntimeException e) {
                redis.close();
                throw e;
            }
            // A running program needs its file no longer, and so it is not left behind if we are killed.
            Files.deleteIfExists(executable.toPath());
            return redis;
        } catch (IOException e) {
            throw new IllegalStateException("the embedded redis-server cannot be started: " + e.getMessage(), e);
        }
    }

    public int port() {
        return port;
    }

    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroy();
        } catch (InterruptedException e) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            Thread.currentThread().interrupt();
        }
        deleteFolder();
    }

    /** Ends it as the system would, without a last save; for tests of what survives. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        close();
    }

    private void awaitReady() {
        CountDownLatch settled = new CountDownLatch(1);
        Deque<String> last = new ArrayDeque<>();
        boolean[] ready = new boolean[1];
        Thread reader = new Thread(() -> {
            try (BufferedReader lines = new BufferedReader(
                    new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    LOG.debug("redis-server: {}", line);
                    synchronized (last) {
                        last.addLast(line);
                        if (last.size() > LINES_KEPT) {
                            last.removeFirst();
                        }
                        ready[0] |= line.contains("eady to accept connections");
                        if (ready[0]) {
                            settled.countDown();
                        }
                    }
                }
            } catch (IOException e) {
                LOG.debug("redis-server's output ended", e);
            }
            settled.countDown();
        }, "embedded-redis");
        reader.setDaemon(true);
        reader.start();
        boolean inTime = false;
        try {
            inTime = settled.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (last) {
            if (!inTime || !ready[0]) {
                throw new IllegalStateException("the embedded redis-server did not come up on port " + port + ": "
                        + String.join(" | ", last));
            }
        }
    }

    private void deleteFolder() {
        File[] files = folder.toFile().listFiles();
        for (File file : files == null ? new File[0] : files) {
            if (!file.delete()) {
                LOG.debug("{} stays behind", file);
            }
        }
        if (!folder.toFile().delete()) {
            LOG.debug("{} stays behind", folder);
        }
    }

    /** A loopback port that nobody listens on now; somebody else may take it before it is used. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException("no free loopback port: " + e.getMessage(), e);
        }
    }
}
