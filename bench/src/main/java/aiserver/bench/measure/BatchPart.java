package aiserver.bench.measure;

import aiserver.bench.client.Orders;
import aiserver.bench.client.QueueClient;
import aiserver.bench.weights.Exports;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
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
        Path export = new Exports(setting.work()).language(RealShape.QWEN_600M_F16.in(setting.work()), setting.djlTypes().getFirst(), CONTEXT);
        try (AnswerTokens tokens = AnswerTokens.of(export, setting);
                QueueClient client = new QueueClient();
                Contender worker = Workers.ours("batch", client, setting, Workers.language(setting, model, 8, CONTEXT))) {
            int[] turn = {0};
            Map<String, Supplier<Rounds.Run>> contenders = new LinkedHashMap<>();
            contenders.put("one after another", () -> {
                long began = System.nanoTime();
                List<QueueClient.Answer> answers = next(turn).stream().map(spoken -> client.ask("llm", Orders.payload(spoken), MOST)).toList();
                return run(began, answers, tokens);
            });
            contenders.put("at once", () -> {
                long began = System.nanoTime();
                List<CompletableFuture<QueueClient.Answer>> sent = next(turn).stream()
                        .map(spoken -> client.send("llm", Orders.payload(spoken))).toList();
                List<QueueClient.Answer> answers = sent.stream().map(one -> QueueClient.await(one, MOST)).toList();
                return run(began, answers, tokens);
            });
            Rounds rounds = Rounds.ofRuns(setting, setting.rounds(1, 4), contenders);
            results.add(new Row("batch-8", "8 orders at once to one after another, throughput",
                    rounds.ratioOfTokenTimes("one after another", "at once"), "ratio", "Qwen3-0.6B shape, Q4_K_M, " + setting.threads()
                            + " threads, seconds of eight orders; time of a written token, since each run says other orders",
                    rounds.details("s"), rounds.contended()));
        }
    }

    private static Rounds.Run run(long began, List<QueueClient.Answer> answers, AnswerTokens tokens) {
        double seconds = (System.nanoTime() - began) * 1e-9;
        return new Rounds.Run(seconds, answers.stream().mapToInt(answer -> tokens.count(answer.result())).sum());
    }

    private static List<String> next(int[] turn) {
        int first = turn[0];
        turn[0] += Orders.SPOKEN.size();
        return IntStream.range(first, turn[0]).mapToObj(Orders::said).toList();
    }
}
