package aiserver.bench.measure;

import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/** What the form of an order's answer costs: tokens a second under it to tokens a second without, whole vocabulary. */
final class FormPart implements Part {
    @Override
    public String name() {
        return "form";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path model = RealShape.QWEN_600M_Q4_K_M.in(setting.work());
        Map<String, Contender> running = new LinkedHashMap<>();
        try {
            Map<String, DoubleSupplier> contenders = new LinkedHashMap<>();
            for (String form : List.of("free", "template", "gbnf")) {
                Contender contender = Contender.ready("form-" + form, setting.worker("probe", "form", "--model=" + model,
                        "--threads=" + setting.threads(), "--form=" + form), setting.engines(), setting);
                running.put(form, contender);
                contenders.put(form, () -> DecodePart.rate(contender.run()));
            }
            Rounds rounds = Rounds.of(setting, setting.rounds(3, 8), contenders);
            String what = "Qwen3-0.6B shape, Q4_K_M, 151,936 tokens, " + setting.threads() + " threads, an order's answer after its cached prompt";
            results.add(new Row("form", "decode under the order's form to free decode", rounds.ratio("template", "free"), "ratio",
                    what, rounds.details("tokens/s"), rounds.contended()));
            results.add(new Row("form-gbnf", "the same form as a GBNF grammar, sampled token by token, to free decode",
                    rounds.ratio("gbnf", "free"), "ratio", what, rounds.details("tokens/s"), rounds.contended()));
        } finally {
            running.values().forEach(Contender::close);
        }
    }
}
