package aiserver.bench.measure;

import aiserver.bench.client.Orders;
import aiserver.bench.client.QueueClient;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleSupplier;

/**
 * From the command {@code ./ai-server run} to a first result, with the project's own models: a job waits in the queue when
 * the command is given. Speech, language and picture each on its own.
 */
final class StartPart implements Part {
    private static final Duration MOST = Duration.ofMinutes(3);

    @Override
    public String name() {
        return "start";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        byte[] recording = Files.readAllBytes(setting.work().home().resolve("src/main/resources/aiserver/demo/order-ko.wav"));
        Map<String, Map<String, Object>> jobs = new LinkedHashMap<>();
        jobs.put("stt", Map.of("audio_bytes", Base64.getEncoder().encodeToString(recording), "filename", "order-ko.wav"));
        jobs.put("llm", Orders.payload(Orders.SPOKEN.getFirst()));
        jobs.put("image", Map.of("prompt", "딸기를 올린 초콜릿 케이크", "seed", 7));
        Map<String, DoubleSupplier> contenders = new LinkedHashMap<>();
        jobs.forEach((kind, payload) -> contenders.put(kind, () -> first(setting, kind, payload)));
        Rounds rounds = Rounds.of(setting, setting.rounds(3, 6), contenders);
        results.add(new Row("start", "./ai-server run to first result (a spoken order)", rounds.of("stt"), "s",
                "the project's own models, its own start script, Redis running", rounds.details("s"), rounds.contended()));
        for (String kind : List.of("llm", "image")) {
            results.add(new Row("start-" + kind, "./ai-server run to first result (" + (kind.equals("llm") ? "an order understood" : "a picture") + ")",
                    rounds.of(kind), "s", "the project's own models", rounds.details("s"), rounds.contended()));
        }
    }

    private static double first(Setting setting, String kind, Map<String, Object> payload) {
        try (QueueClient client = new QueueClient()) {
            CompletableFuture<QueueClient.Answer> waiting = client.send(kind, payload);
            List<String> command = new ArrayList<>(List.of(setting.work().home().resolve("ai-server").toString(), "run",
                    "--redis-url=" + client.uri(), "--crash-folder=" + setting.work().folder().resolve("crashes")));
            long began = System.nanoTime();
            try (Contender worker = Contender.started("start-" + kind, command, Workers.environment(setting), setting)) {
                QueueClient.await(waiting, MOST);
                return (System.nanoTime() - began) * 1e-9;
            }
        }
    }
}
