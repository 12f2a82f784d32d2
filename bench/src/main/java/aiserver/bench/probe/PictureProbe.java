package aiserver.bench.probe;

import aiserver.bench.djl.DjlImageEngine;
import aiserver.bench.djl.DjlSettings;
import aiserver.engine.DiffusionEngine;
import aiserver.engine.DiffusionSettings;
import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.ImageEngine;
import aiserver.engine.ImageRequest;
import aiserver.engine.Picture;
import aiserver.engine.RunControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A picture by a picture engine, ours or DJL's: the whole of it and the time of a step. */
@Command(name = "picture", mixinStandardHelpOptions = true, description = "One picture.")
final class PictureProbe implements Callable<Integer> {
    @Option(names = "--model", required = true, description = "A diffusion model, or a folder of TorchScript.")
    private Path model;
    @Option(names = "--taesd")
    private Path taesd;
    @Option(names = "--clip-l")
    private Path clipL;
    @Option(names = "--djl", description = "By the DJL variant.")
    private boolean djl;
    @Option(names = "--threads", required = true)
    private int threads;
    @Option(names = "--side", required = true)
    private int side;
    @Option(names = "--steps", required = true)
    private int steps;
    @Option(names = "--guidance", defaultValue = "4.5")
    private double guidance;
    @Option(names = "--flash-attention", negatable = true, defaultValue = "true", fallbackValue = "true")
    private boolean flashAttention;
    @Option(names = "--type", description = "To convert the model's weights to while they are loaded.")
    private String type;
    @Option(names = "--conv-direct")
    private boolean convDirect;
    @Option(names = "--step-cache", defaultValue = "none")
    private DiffusionSettings.StepCache stepCache;
    @Option(names = "--pixels", description = "Give the picture, too.")
    private boolean pixels;

    @Override
    public Integer call() throws IOException {
        try (ImageEngine engine = djl ? new DjlImageEngine(new DjlSettings(model, threads))
                : new DiffusionEngine(new DiffusionSettings(new Part(model, type), Part.of(clipL), null, null, null, Part.of(taesd), "cpu",
                        threads, flashAttention, false, convDirect, stepCache, true))) {
            engine.load(RunControl.NONE);
            ImageRequest request = new ImageRequest("A beautiful chocolate cake with fresh strawberries", "blurry", side, side,
                    steps, guidance, 7);
            return Probe.serve(() -> {
                Steps told = new Steps();
                long began = System.nanoTime();
                Picture picture = engine.generate(request, told);
                double took = Probe.since(began);
                Map<String, Object> answer = new LinkedHashMap<>();
                answer.put("seconds", took);
                answer.put("step_seconds", told.seconds(took));
                if (pixels) {
                    answer.put("rgb", Base64.getEncoder().encodeToString(picture.rgb()));
                }
                return answer;
            });
        }
    }

    /** When each step ended. */
    private static final class Steps implements RunControl {
        private final List<Double> fractions = new ArrayList<>();
        private final List<Long> times = new ArrayList<>();

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void progress(double fraction) {
            if (fraction > 0 && fraction < 1 && (fractions.isEmpty() || fraction > fractions.getLast())) {
                fractions.add(fraction);
                times.add(System.nanoTime());
            }
        }

        // From the end of the first step to the end of the last; the first also warms up.
        double seconds(double whole) {
            int count = times.size();
            return count < 2 ? whole : (times.getLast() - times.getFirst()) * 1e-9 / (count - 1);
        }
    }
}
