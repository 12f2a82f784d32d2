package aiserver.bench.measure;

import aiserver.bench.client.Orders;
import aiserver.bench.client.QueueClient;
import aiserver.bench.weights.Exports;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * Orders from request to result, one after the other: by the worker, by the DJL variant in each of its types, and by
 * llama.cpp's own server. All get the same prompt and form of answer; models are of the same shape and weights, ours and
 * the server's quantised to Q4_K_M, DJL's as named. Each contender is alone in memory but for this round's others.
 */
final class OrderPart implements Part {
    static final int CONTEXT = 2560;
    private static final Duration MOST = Duration.ofMinutes(10);
    private static final List<String> TYPES = List.of("fp32", "bf16", "int8");

    @Override
    public String name() {
        return "order";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path model = RealShape.QWEN_600M_Q4_K_M.in(setting.work());
        Path exact = RealShape.QWEN_600M_F16.in(setting.work());
        int count = setting.rounds(1, 2);
        List<AutoCloseable> running = new ArrayList<>();
        Map<String, DoubleSupplier> contenders = new LinkedHashMap<>();
        Map<String, Object> tokens = new LinkedHashMap<>();
        try {
            QueueClient ours = own(running, new QueueClient());
            own(running, Workers.ours("order-worker", ours, setting, Workers.language(setting, model.toString(), 1, CONTEXT)));
            contenders.put("worker Q4_K_M", orders(ours, count));
            Path server = LlamaServer.program(setting);
            if (server != null) {
                LlamaServer peer = own(running, LlamaServer.started(server, model, CONTEXT, setting));
                contenders.put("llama-server Q4_K_M", () -> peer.orders(count, tokens));
            }
            for (String type : TYPES) {
                Path folder = new Exports(setting.work()).language(exact, type, CONTEXT);
                QueueClient client = own(running, new QueueClient());
                own(running, Workers.djl("order-djl-" + type, client, setting, "--language=" + folder, "--llm-temperature=0"));
                contenders.put("DJL " + type, orders(client, count));
            }
            Rounds rounds = Rounds.of(setting, setting.rounds(1, 4), contenders);
            String what = "Qwen3-0.6B shape, " + setting.threads() + " threads, " + count + " orders a round, seconds an order";
            if (server != null) {
                Map<String, Object> details = rounds.details("s");
                details.put("the server's tokens, last orders", tokens);
                results.add(new Row("order-server", "order analysis, request to result, to llama-server", rounds.ratio("llama-server Q4_K_M", "worker Q4_K_M"),
                        "ratio", what, details, rounds.contended()));
            }
            String best = TYPES.stream().map(type -> "DJL " + type)
                    .min((a, b) -> Double.compare(rounds.of(a).median(), rounds.of(b).median())).orElseThrow();
            results.add(new Row("order-djl-best", "order analysis to the DJL variant's best (" + best + ")", rounds.ratio(best, "worker Q4_K_M"),
                    "ratio", what, rounds.details("s"), rounds.contended()));
            results.add(new Row("order-djl-fp32", "order analysis to the DJL variant in fp32", rounds.ratio("DJL fp32", "worker Q4_K_M"),
                    "ratio", what, rounds.details("s"), rounds.contended()));
        } finally {
            for (AutoCloseable one : running.reversed()) {
                closed(one);
            }
        }
    }

    // Different orders in turn: the shop's part of the prompt stays, the customer's sentence changes.
    private static DoubleSupplier orders(QueueClient client, int count) {
        int[] turn = {0};
        return () -> {
            double seconds = 0;
            for (int i = 0; i < count; i++) {
                String spoken = Orders.SPOKEN.get(turn[0]++ % Orders.SPOKEN.size());
                seconds += client.ask("llm", Orders.payload(spoken), MOST).seconds();
            }
            return seconds / count;
        };
    }

    private static <T extends AutoCloseable> T own(List<AutoCloseable> running, T one) {
        running.add(one);
        return one;
    }

    private static void closed(AutoCloseable one) {
        try {
            one.close();
        } catch (Exception e) {
            System.err.println("bench: " + e);
        }
    }
}
