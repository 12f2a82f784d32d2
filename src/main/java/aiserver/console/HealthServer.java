package aiserver.console;

import aiserver.worker.WorkerStatus;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * What a machine asks a worker over HTTP on the loopback address: {@code /health/live}, {@code /health/ready} and
 * {@code /metrics}. Answers GET and HEAD alone, says nothing about jobs' contents, and runs on a few threads of its own. Owned
 * by the command that runs the worker.
 */
public final class HealthServer implements AutoCloseable {
    private static final String TEXT = "text/plain; charset=utf-8";
    /** So many callers may take their time over a request, or leave it half said, before another has to wait for them. */
    private static final int THREADS = 4;
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    static {
        // Read once by the JDK's server: so many seconds a caller has to say his request.
        if (System.getProperty("sun.net.httpserver.maxReqTime") == null) {
            System.setProperty("sun.net.httpserver.maxReqTime", "5");
        }
    }

    private final HttpServer server;
    private final ExecutorService threads;
    private final Supplier<WorkerStatus> worker;
    private final long readyFromNanos;

    /** One answer. */
    private record Answer(int status, String type, String body) {
    }

    /**
     * Starts answering.
     *
     * @param port      0: any that is free, see {@link #port}
     * @param probation how long the worker is not called ready, whatever it says; for one that crashed again and again
     * @throws IOException where the port is taken, naming it
     */
    public HealthServer(int port, PrometheusMeterRegistry registry, Supplier<WorkerStatus> worker, Duration probation)
            throws IOException {
        this.worker = worker;
        this.readyFromNanos = System.nanoTime() + probation.toNanos();
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new IOException("health port " + port + " cannot be used: " + e.getMessage(), e);
        }
        threads = Executors.newFixedThreadPool(THREADS, r -> {
            Thread t = new Thread(r, "health");
            t.setDaemon(true);
            return t;
        });
        server.setExecutor(threads);
        answer("/health/live", this::live);
        answer("/health/ready", this::ready);
        answer("/metrics", () -> new Answer(200, PROMETHEUS, registry.scrape()));
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private Answer live() {
        WorkerStatus status = worker.get();
        return status.alive() ? new Answer(200, TEXT, "live\n") : new Answer(503, TEXT, "an engine is stuck\n");
    }

    private Answer ready() {
        WorkerStatus status = worker.get();
        boolean onProbation = System.nanoTime() - readyFromNanos < 0;
        StringBuilder body = new StringBuilder();
        body.append(status.ready() && !onProbation ? "ready\n" : "not ready\n");
        body.append("phase ").append(status.phase().name().toLowerCase(Locale.ROOT)).append('\n');
        body.append("redis ").append(status.redis() ? "answers" : "is away").append('\n');
        if (onProbation) {
            body.append("on probation after repeated crashes\n");
        }
        status.lanes().entrySet().stream().sorted(Map.Entry.comparingByKey())
                .forEach(lane -> body.append("lane ").append(lane.getKey().wireName()).append(' ')
                        .append(lane.getValue().isEmpty() ? "ok" : lane.getValue().replaceAll("\\p{Cntrl}", ".")).append('\n'));
        return new Answer(status.ready() && !onProbation ? 200 : 503, TEXT, body.toString());
    }

    private void answer(String path, Supplier<Answer> make) {
        server.createContext(path, exchange -> {
            try (exchange) {
                boolean head = exchange.getRequestMethod().equals("HEAD");
                if (!head && !exchange.getRequestMethod().equals("GET")) {
                    send(exchange, new Answer(405, TEXT, "GET or HEAD\n"), false);
                } else if (!exchange.getRequestURI().getPath().equals(path)) {
                    send(exchange, new Answer(404, TEXT, "not here\n"), head);
                } else {
                    send(exchange, make.get(), head);
                }
            }
        });
    }

    private static void send(HttpExchange exchange, Answer answer, boolean head) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.type());
        exchange.sendResponseHeaders(answer.status(), head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }
}
