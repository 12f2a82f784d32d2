package aiserver.bench.measure;

import aiserver.bench.client.Orders;
import aiserver.bench.client.QueueClient;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleSupplier;

/** Eight orders at once to the same eight one after the other, by the worker from request to result. */
final class BatchPart implements Part {
    private static final Duration MOST = Duration.ofMinutes(5);
    private static final int CONTEXT = 2560;

    @Override
    public String name() {
        return "batch";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        String model = RealShape.QWEN_600M_Q4_K_M.in(setting.work()).toString();
        try (QueueClient client = new QueueClient();
                Contender worker = Workers.ours("batch", client, setting, Workers.language(setting, model, 8, CONTEXT))) {
            Map<String, DoubleSupplier> contenders = new LinkedHashMap<>();
            contenders.put("one after another", () -> {
                long began = System.nanoTime();
                Orders.SPOKEN.forEach(spoken -> client.ask("llm", Orders.payload(spoken), MOST));
                return Orders.SPOKEN.size() / ((System.nanoTime() - began) * 1e-9);
            });
            contenders.put("at once", () -> {
                long began = System.nanoTime();
                List<CompletableFuture<QueueClient.Answer>> sent = Orders.SPOKEN.stream()
                        .map(spoken -> client.send("llm", Orders.payload(spoken))).toList();
                sent.forEach(one -> QueueClient.await(one, MOST));
                return Orders.SPOKEN.size() / ((System.nanoTime() - began) * 1e-9);
            });
            Rounds rounds = Rounds.of(setting, setting.rounds(1, 4), contenders);
            results.add(new Row("batch-8", "8 orders at once to one after another, throughput", rounds.ratio("at once", "one after another"),
                    "ratio", "Qwen3-0.6B shape, Q4_K_M, " + setting.threads() + " threads",
                    rounds.details("orders/s"), rounds.contended()));
        }
    }
}
