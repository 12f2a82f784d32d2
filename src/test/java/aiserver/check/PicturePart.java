package aiserver.check;

import aiserver.engine.DiffusionEngine;
import aiserver.engine.DiffusionSettings;
import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.ImageRequest;
import aiserver.engine.RunControl;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The picture model: with and without fused attention, as it is and in eight bits, with and without T5. */
final class PicturePart {
    private static final int ROUNDS = 2;

    private final CheckSetting setting;
    private final CheckModels models;

    PicturePart(CheckSetting setting, CheckModels models) {
        this.setting = setting;
        this.models = models;
    }

    void run(CheckRows rows) throws IOException {
        measure(rows, null, false, null);
        measure(rows, null, true, null);
        measure(rows, "q8_0", true, null);
        if (models.t5() != null) {
            measure(rows, null, true, models.t5());
        }
    }

    private void measure(CheckRows rows, String type, boolean flash, Path t5) throws IOException {
        int side = setting.pick(64, 512);
        int steps = setting.pick(2, 50);
        String name = "SD3.5 " + (type == null ? "F16" : "Q8_0") + (flash ? ", flash attention" : "") + (t5 == null ? "" : ", T5")
                + ": " + side + " px, " + steps + " steps";
        DiffusionSettings settings = new DiffusionSettings(new Part(models.picture(), type), Part.of(models.clip()), null,
                t5 == null ? null : Part.of(t5), null, Part.of(models.autoencoder()), setting.device(), setting.threads(), flash, false,
                false, DiffusionSettings.StepCache.NONE, true);
        try (DiffusionEngine engine = new DiffusionEngine(settings)) {
            long loading = System.nanoTime();
            engine.load(RunControl.NONE);
            rows.add(name + ": loading", "s", (System.nanoTime() - loading) * 1e-9, null);
            double best = Double.MAX_VALUE;
            for (int round = 0; round < ROUNDS; round++) {
                long began = System.nanoTime();
                engine.generate(new ImageRequest("A beautiful chocolate cake with fresh strawberries", "blurry", side, side, steps, 4.5, 7),
                        RunControl.NONE);
                best = Math.min(best, (System.nanoTime() - began) * 1e-9);
            }
            rows.memory(name, setting);
            rows.add(name, "s", best, cLoop(type, flash, t5, side, steps));
        }
    }

    private Double cLoop(String type, boolean flash, Path t5, int side, int steps) throws IOException {
        if (setting.limit() == null) {
            return null;
        }
        List<String> environment = new ArrayList<>();
        environment.addAll(List.of("LIMIT_FLASH_ATTENTION", flash ? "1" : "0"));
        if (type != null) {
            environment.addAll(List.of("LIMIT_TYPES", "^model.diffusion_model.=" + type));
        }
        if (t5 != null) {
            environment.addAll(List.of("LIMIT_T5", t5.toString()));
        }
        return CLoop.middle(CLoop.run(setting, setting.deviceName(), List.of("picture", models.picture().toString(),
                models.autoencoder().toString(), models.clip().toString(), String.valueOf(setting.threads()), String.valueOf(side),
                String.valueOf(steps)), ROUNDS, environment.toArray(String[]::new)), "seconds");
    }
}
