package aiserver.bench.measure;

import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** Single tokens: the worker's language engine to a C loop over the same library, with one thread and with two. */
final class DecodePart implements Part {
    @Override
    public String name() {
        return "decode";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path model = RealShape.QWEN_600M_Q4_K_M.in(setting.work());
        int tokens = setting.size(48, 120);
        for (int threads : List.of(1, 2)) {
            try (Contender java = Contender.ready("decode-java-" + threads, setting.worker("probe", "decode",
                        "--model=" + model, "--threads=" + threads, "--tokens=" + tokens), setting.engines(), setting)) {
                // Text has as many tokens as the tokenizer makes of it; the C loop is given the same number.
                int prompt = ((Number) java.run().get("prompt_tokens")).intValue();
                try (Contender c = Contender.ready("decode-c-" + threads, List.of(setting.work().limit().toString(), "decode",
                        model.toString(), String.valueOf(threads), String.valueOf(prompt), String.valueOf(tokens)), setting.engines(),
                        setting)) {
                    Map<String, DoubleSupplier> contenders = new LinkedHashMap<>();
                    contenders.put("C loop", () -> rate(c.run()));
                    contenders.put("worker's engine", () -> rate(java.run()));
                    Rounds rounds = Rounds.of(setting, setting.rounds(5, 12), contenders);
                    results.add(new Row("decode-" + threads, "decode tokens/s, worker's engine to C loop, " + threads
                            + (threads == 1 ? " thread" : " threads"), rounds.ratio("worker's engine", "C loop"), "ratio",
                            "Qwen3-0.6B shape, Q4_K_M, " + tokens + " tokens after a prompt of " + prompt,
                            rounds.details("tokens/s"), rounds.contended()));
                }
            }
        }
    }

    static double rate(Map<String, Object> answer) {
        return ((Number) answer.get("tokens")).doubleValue() / ((Number) answer.get("seconds")).doubleValue();
    }
}
