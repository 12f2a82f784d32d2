package aiserver.bench.measure;

import aiserver.bench.weights.Exports;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An utterance of 4 s on Whisper large-v3's shape: the worker's engine with the window that its service would take, DJL
 * with the whole window and with that one, whisper-jni with that one. Each with the weights that are fastest with it on a
 * processor, five bits (as whisper.cpp publishes them) and eight, and with others. The model files are noise whose texts end
 * at the same position, after some twenty tokens.
 */
final class SpeechPart implements Part {
    private static final int SECONDS = 4;
    /** What the service asks for 4 s: 200 positions and a margin of 128, in steps of 16. */
    private static final int POSITIONS = 336;
    private static final int ALL = 0;

    @Override
    public String name() {
        return "speech";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path ours = RealShape.WHISPER_LARGE_Q5_0.in(setting.work());
        Path exported = RealShape.WHISPER_LARGE_BF16.in(setting.work());
        List<String> types = setting.quick() ? List.of("int8") : setting.djlTypes();
        Map<String, List<String>> peers = new LinkedHashMap<>();
        Exports exports = new Exports(setting.work());
        for (String type : types) {
            Path folder = exports.speech(exported, type);
            peers.put("DJL " + type + ", whole window", djl(setting, folder, ALL));
            peers.put("DJL " + type + ", short window", djl(setting, folder, POSITIONS));
        }
        peers.put("worker Q8_0", ours(setting, RealShape.WHISPER_LARGE_Q8_0.in(setting.work()), POSITIONS));
        if (!setting.quick()) {
            peers.put("worker bf16", ours(setting, exported, POSITIONS));
            Path half = RealShape.WHISPER_LARGE_F16.in(setting.work());
            peers.put("worker F16", ours(setting, half, POSITIONS));
            peers.put("worker Q5_0, whole window", ours(setting, ours, ALL));
            peers.put("whisper-jni F16, short window", setting.java(List.of(), "probe", "whisper-jni", "--model=" + half,
                    "--threads=" + setting.threads(), "--seconds=" + SECONDS, "--positions=" + POSITIONS));
        }
        Pairs pairs = new Pairs(setting, "speech", "worker Q5_0", ours(setting, ours, POSITIONS), answer -> ((Number) answer.get("seconds")).doubleValue());
        peers.forEach(pairs::run);
        results.add(pairs.toBestOfDjl("speech-djl-best", "STT of a 4 s order, large-v3 shape,", "s", "greedy"));
    }

    private static List<String> ours(Setting setting, Path model, int positions) {
        return setting.worker("probe", "speech", "--model=" + model, "--threads=" + setting.threads(), "--seconds=" + SECONDS,
                "--positions=" + positions);
    }

    private static List<String> djl(Setting setting, Path folder, int positions) {
        return setting.java(List.of(), "probe", "speech", "--djl", "--model=" + folder, "--threads=" + setting.threads(),
                "--seconds=" + SECONDS, "--positions=" + positions);
    }
}
