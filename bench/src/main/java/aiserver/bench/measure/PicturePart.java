package aiserver.bench.measure;

import aiserver.bench.weights.Exports;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A step of SD3.5-medium's shape with guidance: the worker's engine in Q8_0 and in bf16, and DJL's int8 and bf16; fp32 does
 * not fit in memory.
 */
final class PicturePart implements Part {
    private static final int SIDE = 512;

    @Override
    public String name() {
        return "picture";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        int steps = setting.size(2, 4); // the first warms up and does not count
        Path model = RealShape.SD_MEDIUM_BF16.in(setting.work());
        Path taesd = RealShape.AUTOENCODER.in(setting.work());
        Path clip = RealShape.CLIP_L.in(setting.work());
        List<String> asItIs = setting.worker("probe", "picture", "--model=" + model, "--taesd=" + taesd, "--clip-l=" + clip,
                "--threads=" + setting.threads(), "--side=" + SIDE, "--steps=" + steps);
        List<String> ours = with(asItIs, "--type=q8_0");
        Map<String, List<String>> peers = new LinkedHashMap<>();
        for (String type : setting.quick() ? List.of("int8") : List.of("bf16", "int8")) {
            Path folder = new Exports(setting.work()).picture(model, taesd, type, SIDE);
            peers.put("DJL " + type, setting.java(List.of(), "probe", "picture", "--djl", "--model=" + folder,
                    "--threads=" + setting.threads(), "--side=" + SIDE, "--steps=" + steps));
        }
        if (!setting.quick()) {
            peers.put("worker bf16", asItIs);
            peers.put("worker Q8_0, plain attention", with(ours, "--no-flash-attention"));
            peers.put("worker Q8_0, direct convolutions", with(ours, "--conv-direct"));
        }
        Pairs pairs = new Pairs(setting, "picture", "worker Q8_0", ours, answer -> ((Number) answer.get("step_seconds")).doubleValue());
        peers.forEach(pairs::run);
        results.add(pairs.toBestOfDjl("picture-djl-best", "a step of SD3.5-medium's shape at " + SIDE + "×" + SIDE, "s a step",
                "guidance on"));
    }

    private static List<String> with(List<String> command, String option) {
        List<String> more = new ArrayList<>(command);
        more.add(option);
        return more;
    }
}
