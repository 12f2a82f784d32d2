package aiserver.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.TaskType;
import aiserver.worker.WorkerStatus;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

class HealthServerTest {
    private static final WorkerStatus WORKING = new WorkerStatus(WorkerStatus.Phase.WORKING, true, true,
            Map.of(TaskType.STT, "", TaskType.LLM, "no\nfile"));

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final HttpClient http = HttpClient.newHttpClient();
    private volatile WorkerStatus status = WORKING;
    private HealthServer server;

    @BeforeEach
    void start() throws IOException {
        server = new HealthServer(0, registry, () -> status, Duration.ZERO);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpResponse<String> ask(HealthServer server, String method, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .method(method, HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aWorkingWorkerIsLiveAndReadyEvenIfOneLaneIsNot() throws Exception {
        assertThat(ask(server, "GET", "/health/live").statusCode()).isEqualTo(200);
        HttpResponse<String> ready = ask(server, "GET", "/health/ready");
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.body()).isEqualTo("ready\nphase working\nredis answers\nlane stt ok\nlane llm no.file\n");
    }

    @Test
    void withoutRedisOrQuietOrWithoutAnyModelItIsLiveButNotReady() throws Exception {
        for (WorkerStatus s : new WorkerStatus[] {
                new WorkerStatus(WorkerStatus.Phase.WORKING, false, true, Map.of(TaskType.STT, "")),
                new WorkerStatus(WorkerStatus.Phase.QUIET, true, true, Map.of(TaskType.STT, "")),
                new WorkerStatus(WorkerStatus.Phase.WORKING, true, true, Map.of(TaskType.STT, "no file"))}) {
            status = s;
            assertThat(ask(server, "GET", "/health/live").statusCode()).isEqualTo(200);
            assertThat(ask(server, "GET", "/health/ready").statusCode()).isEqualTo(503);
        }
    }

    @Test
    void aStuckEngineIsNotLive() throws Exception {
        status = new WorkerStatus(WorkerStatus.Phase.DRAINING, true, false, Map.of());
        assertThat(ask(server, "GET", "/health/live").statusCode()).isEqualTo(503);
    }

    @Test
    void afterACrashLoopItIsNotReadyAtOnce() throws Exception {
        try (HealthServer onProbation = new HealthServer(0, registry, () -> status, Duration.ofHours(1))) {
            assertThat(ask(onProbation, "GET", "/health/ready").body()).startsWith("not ready\n").contains("probation");
        }
    }

    @Test
    @Timeout(60)
    void callersWhoLeaveTheirRequestsHalfSaidHoldUpNobody() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
                socket.getOutputStream().write("GET /hea".getBytes(StandardCharsets.US_ASCII));
                slow.add(socket);
            }
            assertThat(ask(server, "GET", "/health/live").statusCode()).isEqualTo(200);
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void metricsAreThere() throws Exception {
        registry.counter("ai.jobs", "kind", "stt", "outcome", "success").increment();
        assertThat(ask(server, "GET", "/metrics").body()).contains("ai_jobs_total{kind=\"stt\",outcome=\"success\"} 1.0");
    }

    @Test
    void nothingElseIsAnswered() throws Exception {
        assertThat(ask(server, "POST", "/health/live").statusCode()).isEqualTo(405);
        assertThat(ask(server, "GET", "/health/live/more").statusCode()).isEqualTo(404);
        assertThat(ask(server, "GET", "/").statusCode()).isEqualTo(404);
        HttpResponse<String> head = ask(server, "HEAD", "/health/live");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void aTakenPortIsNamed() {
        assertThatThrownBy(() -> new HealthServer(server.port(), registry, () -> status, Duration.ZERO))
                .isInstanceOf(IOException.class).hasMessageStartingWith("health port " + server.port() + " cannot be used: ");
    }
}
