package aiserver.bench.measure;

import aiserver.bench.weights.Exports;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
        Pairs pairs = new Pairs(setting, "picture", ours, answer -> ((Number) answer.get("step_seconds")).doubleValue());
        peers.forEach(pairs::run);
        results.add(pairs.toBestOfDjl("picture-djl-best", "a step of SD3.5-medium's shape at " + SIDE + "×" + SIDE, "s a step",
                "guidance on, bf16 weights"));
    }
}
