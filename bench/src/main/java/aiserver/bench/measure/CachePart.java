package aiserver.bench.measure;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * A whole picture of the project's own model with each of the engine's ways to skip work in a step, to the full run:
 * how much faster, and how alike the pictures are.
 */
final class CachePart implements Part {
    private static final double ALIKE = 0.95;
    private static final List<String> KINDS = List.of("none", "easycache", "dbcache", "taylorseer", "cache_dit", "spectrum");

    @Override
    public String name() {
        return "cache";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path demo = setting.work().demo();
        Path clip = setting.work().home().resolve("models-gguf/small/clip-l-demo.gguf");
        int side = setting.quick() ? 128 : 256;
        int steps = setting.quick() ? 20 : 50;
        Map<String, Contender> running = new LinkedHashMap<>();
        Map<String, byte[]> pictures = new LinkedHashMap<>();
        try {
            Map<String, DoubleSupplier> contenders = new LinkedHashMap<>();
            for (String kind : KINDS) {
                Contender contender = Contender.ready("cache-" + kind, setting.worker("probe", "picture", "--model=" + demo.resolve("sd3-demo.safetensors"),
                        "--taesd=" + demo.resolve("sd3-demo-taesd.safetensors"), "--clip-l=" + clip, "--threads=" + setting.threads(),
                        "--side=" + side, "--steps=" + steps, "--guidance=2.25", "--step-cache=" + kind, "--pixels"), setting.engines(), setting);
                running.put(kind, contender);
                contenders.put(kind, () -> {
                    Map<String, Object> answer = contender.run();
                    pictures.put(kind, Base64.getDecoder().decode((String) answer.get("rgb")));
                    return ((Number) answer.get("seconds")).doubleValue();
                });
            }
            // What is chosen for being fast is measured anew: the fastest of six in these rounds was lucky in them, too.
            Rounds chosen = Rounds.of(setting, setting.rounds(1, 2), contenders);
            Map<String, Object> alike = new LinkedHashMap<>();
            String best = "none";
            for (String kind : KINDS) {
                double ssim = Ssim.of(pictures.get("none"), pictures.get(kind), side, side);
                alike.put(kind, ssim);
                if (ssim >= ALIKE && chosen.of(kind).median() < chosen.of(best).median()) {
                    best = kind;
                }
            }
            if (best.equals("none")) {
                throw new IOException("no way to skip work is both faster than the full run and alike: " + alike);
            }
            contenders.keySet().retainAll(List.of("none", best));
            Rounds rounds = Rounds.of(setting, setting.rounds(1, 6), contenders);
            Map<String, Object> details = rounds.details("s");
            details.put("SSIM to the full run", alike);
            details.put("seconds in the rounds before, by which it was chosen", medians(chosen));
            results.add(new Row("picture-cache", "a whole picture with step caching (" + best + ") at SSIM ≥ 0.95, to the full run",
                    rounds.ratio("none", best), "ratio", "the project's own picture model, " + side + " pixels, " + steps + " steps, "
                    + setting.threads() + " threads", details, rounds.contended() || chosen.contended()));
        } finally {
            running.values().forEach(Contender::close);
        }
    }

    private static Map<String, Object> medians(Rounds rounds) {
        Map<String, Object> medians = new LinkedHashMap<>();
        KINDS.forEach(kind -> medians.put(kind, rounds.of(kind).median()));
        return medians;
    }
}
