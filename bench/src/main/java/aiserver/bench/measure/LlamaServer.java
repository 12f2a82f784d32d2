package aiserver.bench.measure;

import aiserver.bench.client.Orders;
import aiserver.bench.probe.FormGrammar;
import aiserver.bench.probe.OrderRequests;
import aiserver.engine.AnswerForm;
import aiserver.engine.Sampling;
import aiserver.engine.TextRequest;
import aiserver.job.JsonObjects;
import aiserver.service.order.LanguageSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * llama.cpp's own server with the worker's prompt, and its form of answer as a grammar. It keeps the common beginning of
 * prompts as the worker does. Used by one thread.
 */
final class LlamaServer implements AutoCloseable {
    private static final Duration MOST = Duration.ofMinutes(10);
    private static final int START_MILLIS = 120_000;

    private final Contender process;
    private final URI address;
    private final HttpClient http = HttpClient.newHttpClient();
    private int turn;

    private LlamaServer(Contender process, int port) {
        this.process = process;
        this.address = URI.create("http://127.0.0.1:" + port);
    }

    /** The program where peers/build-llama-server.sh has built it, or null. */
    static Path program(Setting setting) {
        Path version = setting.work().home().resolve("bench/peers/llama-server.version");
        Path program;
        try {
            program = setting.work().folder().resolve("llama-server-" + Files.readString(version).strip()).resolve("bin/llama-server");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Files.isExecutable(program) ? program : null;
    }

    /** @param attention flash attention: on, off or auto, as the server takes it */
    static LlamaServer started(Path program, Path model, int context, String attention, Setting setting) throws IOException {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Contender process = Contender.started("llama-server-fa-" + attention, List.of(program.toString(), "-m", model.toString(), "--port",
                String.valueOf(port), "-c", String.valueOf(context), "-t", String.valueOf(setting.threads()), "-np", "1", "-fa", attention,
                "--no-webui"), Map.of(), setting);
        LlamaServer server = new LlamaServer(process, port);
        for (int waited = 0; !server.healthy(); waited += 200) {
            if (waited > START_MILLIS || !process.alive()) {
                server.close();
                throw new IOException("llama-server did not come up; see the work folder's logs/llama-server-fa-" + attention + ".log");
            }
            MeasureCommand.sleep(200);
        }
        return server;
    }

    private boolean healthy() {
        try {
            return http.send(HttpRequest.newBuilder(address.resolve("/health")).timeout(Duration.ofSeconds(2)).build(),
                    HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Seconds and tokens an order, over the next ones of the list. */
    Rounds.Run orders(int count, AnswerTokens tokens) {
        return Rounds.Run.mean(count, () -> order(Orders.said(turn++), tokens));
    }

    private Rounds.Run order(String spoken, AnswerTokens tokens) {
        long began = System.nanoTime();
        TextRequest request = OrderRequests.of(Orders.message("server", spoken), LanguageSettings.DEFAULT.withSampling(Sampling.GREEDY));
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("messages", request.messages().stream().map(message -> Map.of("role", message.role().templateName(),
                "content", message.content())).toList());
        body.put("grammar", FormGrammar.of((AnswerForm.Template) request.answer()));
        body.put("max_tokens", request.maxTokens());
        body.put("temperature", 0);
        body.put("cache_prompt", true);
        try {
            HttpResponse<String> response = http.send(HttpRequest.newBuilder(address.resolve("/v1/chat/completions")).timeout(MOST)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(JsonObjects.write(body), StandardCharsets.UTF_8)).build(),
                    HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IllegalStateException("llama-server answered " + response.statusCode() + ": " + response.body());
            }
            double seconds = (System.nanoTime() - began) * 1e-9;
            return new Rounds.Run(seconds, tokens.count(JsonObjects.read(content(response.body()))));
        } catch (IOException e) {
            throw new IllegalStateException("llama-server: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static String content(String body) {
        if (JsonObjects.read(body).get("choices") instanceof List<?> choices && choices.getFirst() instanceof Map<?, ?> choice
                && choice.get("message") instanceof Map<?, ?> message && message.get("content") instanceof String text) {
            return text;
        }
        throw new IllegalStateException("llama-server answered without a text: " + body);
    }

    @Override
    public void close() {
        process.close();
    }
}
