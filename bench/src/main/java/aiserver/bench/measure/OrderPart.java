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
import java.util.function.Supplier;

/**
 * Orders from request to result, one after the other: by the worker, by the DJL variant in each of its types, and by
 * llama.cpp's own server. All get the same prompt and form of answer; models are of the same shape and weights, ours and
 * the server's quantised to Q4_K_M, DJL's as named. The worker and DJL's fastest then take turns by themselves, oftener than
 * all did.
 */
final class OrderPart implements Part {
    static final int CONTEXT = 2560;
    private static final Duration MOST = Duration.ofMinutes(10);
    /** Rounds of the worker and DJL's best alone, for each of all: they take a fifth of such a round. */
    private static final int OFTENER = 3;
    private static final String OURS = "worker Q4_K_M";

    @Override
    public String name() {
        return "order";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path model = RealShape.QWEN_600M_Q4_K_M.in(setting.work());
        Path exact = RealShape.QWEN_600M_F16.in(setting.work());
        int count = setting.size(1, 2);
        List<AutoCloseable> running = new ArrayList<>();
        Map<String, Supplier<Rounds.Run>> contenders = new LinkedHashMap<>();
        List<String> servers = new ArrayList<>();
        List<String> djl = new ArrayList<>();
        try {
            Map<String, Path> folders = new LinkedHashMap<>();
            for (String type : setting.djlTypes()) {
                folders.put(type, new Exports(setting.work()).language(exact, type, CONTEXT));
            }
            AnswerTokens tokens = own(running, AnswerTokens.of(folders.values().iterator().next(), setting));
            QueueClient ours = own(running, new QueueClient());
            own(running, Workers.ours("order-worker", ours, setting, Workers.language(setting, model.toString(), 1, CONTEXT)));
            contenders.put(OURS, orders(ours, count, tokens));
            Path program = LlamaServer.program(setting);
            // Without flash attention, whose own kernel takes longer for single tokens, and in full as it comes, too: the faster one counts.
            for (String attention : program == null ? List.<String>of() : setting.quick() ? List.of("off") : List.of("off", "auto")) {
                LlamaServer server = own(running, LlamaServer.started(program, model, CONTEXT, attention, setting));
                String name = "llama-server Q4_K_M" + (attention.equals("off") ? "" : ", flash attention");
                servers.add(name);
                contenders.put(name, () -> server.orders(count, tokens));
            }
            for (Map.Entry<String, Path> folder : folders.entrySet()) {
                QueueClient client = own(running, new QueueClient());
                own(running, Workers.djl("order-djl-" + folder.getKey(), client, setting, "--language=" + folder.getValue(),
                        "--llm-temperature=0"));
                djl.add("DJL " + folder.getKey());
                contenders.put(djl.getLast(), orders(client, count, tokens));
            }
            Rounds rounds = Rounds.ofRuns(setting, setting.rounds(1, 4), contenders);
            String what = "Qwen3-0.6B shape, " + setting.threads() + " threads, " + count + " orders a round, seconds an order";
            if (!servers.isEmpty()) {
                add(results, "order-server", "order analysis, request to result, to ", fastest(rounds, servers), what, rounds);
            }
            add(results, "order-djl-fp32", "order analysis to the DJL variant in fp32, ", "DJL fp32", what, rounds);
            String best = fastest(rounds, djl);
            contenders.keySet().retainAll(List.of(OURS, best));
            add(results, "order-djl-best", "order analysis to the DJL variant's best, ", best, what,
                    Rounds.ofRuns(setting, OFTENER * setting.rounds(1, 4), contenders));
        } finally {
            for (AutoCloseable one : running.reversed()) {
                closed(one);
            }
        }
    }

    private static String fastest(Rounds rounds, List<String> peers) {
        return peers.stream().min((a, b) -> Double.compare(rounds.ratioOfTimes(a, OURS).median(), rounds.ratioOfTimes(b, OURS).median()))
                .orElseThrow();
    }

    private static void add(Results results, String id, String title, String peer, String what, Rounds rounds) {
        String basis = rounds.basis(peer, OURS);
        results.add(new Row(id, title + peer, rounds.ratioOfTimes(peer, OURS), "ratio", what + (basis.isEmpty() ? "" : "; " + basis),
                rounds.details("s"), rounds.contended()));
    }

    // Different orders in turn: the shop's part of the prompt stays, the customer's sentence changes.
    private static Supplier<Rounds.Run> orders(QueueClient client, int count, AnswerTokens tokens) {
        int[] turn = {0};
        return () -> Rounds.Run.mean(count, () -> {
            QueueClient.Answer answer = client.ask("llm", Orders.payload(Orders.said(turn[0]++)), MOST);
            return new Rounds.Run(answer.seconds(), tokens.count(answer.result()));
        });
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
