package aiserver.bench.measure;

import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;

/**
 * transformers and diffusers on the same shapes in bf16, from Python: single tokens of Qwen3-0.6B, and in full a window
 * of Whisper large-v3 and a step of SD3.5-medium. How far the seed stack is from what is measured elsewhere.
 */
final class PeersPart implements Part {
    private static final int SIDE = 256;

    @Override
    public String name() {
        return "peers";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        if (!Files.isExecutable(setting.work().python())) {
            throw new IOException("no Python at " + setting.work().python() + "; name one with training/requirements.txt by --python");
        }
        String threads = "--threads=" + setting.threads();
        Path language = RealShape.QWEN_600M_Q4_K_M.in(setting.work());
        compare(setting, results, "peer-language", "decode tokens/s, worker's engine (Q4_K_M) to transformers (bf16)", "tokens/s",
                setting.worker("probe", "decode", "--model=" + language, threads, "--tokens=60"),
                python(setting, "language", threads, "--tokens=60"), DecodePart::rate, true);
        if (setting.quick()) {
            return;
        }
        Path speech = RealShape.WHISPER_LARGE_BF16.in(setting.work());
        compare(setting, results, "peer-speech", "a 4 s order, large-v3 shape, worker's engine to transformers' whole window", "s",
                setting.worker("probe", "speech", "--model=" + speech, threads, "--seconds=4", "--positions=336"),
                python(setting, "speech", threads, "--tokens=20"), answer -> number(answer, "seconds"), false);
        Path picture = RealShape.SD_MEDIUM_BF16.in(setting.work());
        compare(setting, results, "peer-picture", "a step of SD3.5-medium's shape at 256×256, worker's engine to diffusers", "s a step",
                setting.worker("probe", "picture", "--model=" + picture, "--taesd=" + RealShape.AUTOENCODER.in(setting.work()),
                        "--clip-l=" + RealShape.CLIP_L.in(setting.work()), threads, "--side=" + SIDE, "--steps=3"),
                python(setting, "picture", threads, "--side=" + SIDE, "--steps=3"), answer -> number(answer, "step_seconds"), false);
    }

    private static List<String> python(Setting setting, String... arguments) {
        List<String> command = new ArrayList<>(List.of(setting.work().python().toString(),
                setting.work().home().resolve("bench/peers/python_peer.py").toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    private static double number(Map<String, Object> answer, String key) {
        return ((Number) answer.get(key)).doubleValue();
    }

    private static void compare(Setting setting, Results results, String id, String title, String unit, List<String> ours,
                                List<String> theirs, ToDoubleFunction<Map<String, Object>> figure, boolean more) {
        try (Contender worker = Contender.ready(id + "-worker", ours, setting.engines(), setting);
                Contender peer = Contender.ready(id + "-python", theirs, Map.of(), setting)) {
            Map<String, DoubleSupplier> pair = new LinkedHashMap<>();
            pair.put("worker", () -> figure.applyAsDouble(worker.run()));
            pair.put("Python", () -> figure.applyAsDouble(peer.run()));
            Rounds rounds = Rounds.of(setting, setting.rounds(3, 4), pair);
            results.add(new Row(id, title, more ? rounds.ratio("worker", "Python") : rounds.ratio("Python", "worker"), "ratio",
                    setting.threads() + " threads", rounds.details(unit), rounds.contended()));
        }
    }
}
