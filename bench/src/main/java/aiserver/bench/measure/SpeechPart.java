package aiserver.bench.measure;

import aiserver.bench.weights.Exports;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * An utterance of 4 s on Whisper large-v3's shape: the worker's engine with the window that its service would take, DJL
 * with the whole window and with that one, whisper-jni with that one. The model files are noise whose texts end after
 * some twenty tokens; encoding is most of it. Contenders run one after another, each alone in memory.
 */
final class SpeechPart implements Part {
    private static final int SECONDS = 4;
    /** What the service asks for 4 s: 200 positions and a margin of 128, in steps of 64. */
    private static final int POSITIONS = 384;
    private static final int ALL = 0;

    @Override
    public String name() {
        return "speech";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path ours = RealShape.WHISPER_LARGE_BF16.in(setting.work());
        List<String> types = setting.quick() ? List.of("bf16", "int8") : List.of("fp32", "bf16", "int8");
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("worker bf16", ours(setting, ours, POSITIONS));
        Exports exports = new Exports(setting.work());
        for (String type : types) {
            Path folder = exports.speech(ours, type);
            commands.put("DJL " + type + ", whole window", djl(setting, folder, ALL));
            commands.put("DJL " + type + ", short window", djl(setting, folder, POSITIONS));
        }
        if (!setting.quick()) {
            Path half = RealShape.WHISPER_LARGE_F16.in(setting.work());
            commands.put("worker F16", ours(setting, half, POSITIONS));
            commands.put("worker bf16, whole window", ours(setting, ours, ALL));
            commands.put("whisper-jni F16, short window", setting.java(List.of(), "probe", "whisper-jni", "--model=" + half,
                    "--threads=" + setting.threads(), "--seconds=" + SECONDS, "--positions=" + POSITIONS));
        }
        Map<String, List<Double>> figures = new LinkedHashMap<>();
        boolean contended = false;
        // Each pair in alternation with ours; two at a time, since five of them would not fit in memory.
        Map<String, Object> details = new LinkedHashMap<>();
        Spread best = null;
        String bestName = null;
        for (Map.Entry<String, List<String>> other : commands.entrySet().stream().skip(1).toList()) {
            try (Contender worker = Contender.ready("speech-worker", commands.get("worker bf16"), setting.engines(), setting);
                    Contender peer = Contender.ready("speech-" + other.getKey(), other.getValue(), setting.engines(), setting)) {
                Map<String, DoubleSupplier> pair = new LinkedHashMap<>();
                pair.put("worker bf16", () -> seconds(worker));
                pair.put(other.getKey(), () -> seconds(peer));
                Rounds rounds = Rounds.of(setting, setting.rounds(1, 3), pair);
                contended |= rounds.contended();
                figures.computeIfAbsent("worker bf16", name -> new ArrayList<>()).add(rounds.of("worker bf16").median());
                figures.put(other.getKey(), List.of(rounds.of(other.getKey()).low(), rounds.of(other.getKey()).median(), rounds.of(other.getKey()).high()));
                Spread ratio = rounds.ratio(other.getKey(), "worker bf16");
                if (other.getKey().startsWith("DJL") && (best == null || ratio.median() < best.median())) {
                    best = ratio;
                    bestName = other.getKey();
                }
            }
        }
        details.put("unit", "s");
        details.put("contenders", figures);
        details.put("rounds", setting.rounds(1, 3));
        results.add(new Row("speech-djl-best", "STT of a 4 s order, large-v3 shape, to DJL's best (" + bestName + ")", best, "ratio",
                setting.threads() + " threads, greedy", details, contended));
    }

    private static double seconds(Contender contender) {
        return ((Number) contender.run().get("seconds")).doubleValue();
    }

    private static List<String> ours(Setting setting, Path model, int positions) {
        return setting.java(List.of(), "probe", "speech", "--model=" + model, "--threads=" + setting.threads(), "--seconds=" + SECONDS,
                "--positions=" + positions);
    }

    private static List<String> djl(Setting setting, Path folder, int positions) {
        return setting.java(List.of(), "probe", "speech", "--djl", "--model=" + folder, "--threads=" + setting.threads(),
                "--seconds=" + SECONDS, "--positions=" + positions);
    }
}
