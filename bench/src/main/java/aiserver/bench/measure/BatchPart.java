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
import java.util.stream.IntStream;

/**
 * Eight orders at once to eight one after the other, by the worker from request to result. The same sentences, each time
 * round with another word before: the worker remembers the prompts that it had.
 */
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
            int[] turn = {0};
            Map<String, DoubleSupplier> contenders = new LinkedHashMap<>();
            contenders.put("one after another", () -> {
                List<String> said = next(turn);
                long began = System.nanoTime();
                said.forEach(spoken -> client.ask("llm", Orders.payload(spoken), MOST));
                return said.size() / ((System.nanoTime() - began) * 1e-9);
            });
            contenders.put("at once", () -> {
                List<String> said = next(turn);
                long began = System.nanoTime();
                List<CompletableFuture<QueueClient.Answer>> sent = said.stream()
                        .map(spoken -> client.send("llm", Orders.payload(spoken))).toList();
                sent.forEach(one -> QueueClient.await(one, MOST));
                return said.size() / ((System.nanoTime() - began) * 1e-9);
            });
            Rounds rounds = Rounds.of(setting, setting.rounds(1, 4), contenders);
            results.add(new Row("batch-8", "8 orders at once to one after another, throughput", rounds.ratio("at once", "one after another"),
                    "ratio", "Qwen3-0.6B shape, Q4_K_M, " + setting.threads() + " threads",
                    rounds.details("orders/s"), rounds.contended()));
        }
    }

    private static List<String> next(int[] turn) {
        int first = turn[0];
        turn[0] += Orders.SPOKEN.size();
        return IntStream.range(first, turn[0]).mapToObj(Orders::said).toList();
    }
}
