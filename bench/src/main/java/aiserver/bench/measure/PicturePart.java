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

/** A step of SD3.5-medium's shape with guidance: the worker's engine in bf16 to DJL's bf16 and, in full, int8. */
final class PicturePart implements Part {
    private static final int SIDE = 512;

    @Override
    public String name() {
        return "picture";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        int steps = setting.rounds(2, 3);
        Path model = RealShape.SD_MEDIUM_BF16.in(setting.work());
        Path taesd = RealShape.AUTOENCODER.in(setting.work());
        Path clip = RealShape.CLIP_L.in(setting.work());
        List<String> ours = setting.java(List.of(), "probe", "picture", "--model=" + model, "--taesd=" + taesd, "--clip-l=" + clip,
                "--threads=" + setting.threads(), "--side=" + SIDE, "--steps=" + steps);
        Map<String, List<Double>> figures = new LinkedHashMap<>();
        Spread best = null;
        String bestName = null;
        boolean contended = false;
        Map<String, List<String>> peers = new LinkedHashMap<>();
        for (String type : setting.quick() ? List.of("bf16") : List.of("bf16", "int8")) {
            Path folder = new Exports(setting.work()).picture(model, taesd, type, SIDE);
            peers.put("DJL " + type, setting.java(List.of(), "probe", "picture", "--djl", "--model=" + folder,
                    "--threads=" + setting.threads(), "--side=" + SIDE, "--steps=" + steps));
        }
        if (!setting.quick()) {
            List<String> fused = new ArrayList<>(ours);
            fused.add("--flash-attention");
            peers.put("worker bf16, flash attention", fused);
            List<String> direct = new ArrayList<>(ours);
            direct.add("--conv-direct");
            peers.put("worker bf16, direct convolutions", direct);
        }
        for (Map.Entry<String, List<String>> other : peers.entrySet()) {
            try (Contender worker = Contender.ready("picture-worker", ours, setting.engines(), setting);
                    Contender peer = Contender.ready("picture-" + other.getKey(), other.getValue(), setting.engines(), setting)) {
                Map<String, DoubleSupplier> pair = new LinkedHashMap<>();
                pair.put("worker bf16", () -> step(worker));
                pair.put(other.getKey(), () -> step(peer));
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
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("unit", "s a step");
        details.put("contenders", figures);
        details.put("rounds", setting.rounds(1, 3));
        results.add(new Row("picture-djl-best", "a step of SD3.5-medium's shape at " + SIDE + "×" + SIDE + " to DJL's best (" + bestName + ")", best, "ratio",
                setting.threads() + " threads, guidance on, bf16 weights", details, contended));
    }

    static double step(Contender contender) {
        return ((Number) contender.run().get("step_seconds")).doubleValue();
    }
}
