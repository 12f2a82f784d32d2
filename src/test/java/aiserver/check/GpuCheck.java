package aiserver.check;

import aiserver.engine.EngineException;
import aiserver.engine.NativeLibraries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The check of the engines on a GPU against the processor and against bare loops in C; scripts/gpu-check.sh builds what it
 * needs and calls it, a process for each part. Usage: {@code GpuCheck PART --device=… --work=… --out=… [--limit=…] [--tiny]}.
 */
public final class GpuCheck {
    static final List<String> PARTS = List.of("models", "agree", "language", "quantised", "speech", "picture", "worker", "report");

    private GpuCheck() {
    }

    public static void main(String[] arguments) {
        try {
            Map<String, String> options = new HashMap<>();
            for (int i = 1; i < arguments.length; i++) {
                String[] option = arguments[i].split("=", 2);
                options.put(option[0], option.length == 2 ? option[1] : "");
            }
            int threads = Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors()));
            run(arguments[0], new CheckSetting(options.getOrDefault("--device", "auto"), options.containsKey("--tiny"),
                    Path.of(options.get("--work")).toAbsolutePath(), Path.of(options.get("--out")).toAbsolutePath(),
                    options.containsKey("--limit") ? Path.of(options.get("--limit")).toAbsolutePath() : null, threads));
        } catch (IOException | EngineException e) {
            System.err.println("gpu-check: " + arguments[0] + ": " + e.getMessage());
            System.exit(1);
        }
    }

    static void run(String part, CheckSetting setting) throws IOException {
        NativeLibraries.load();
        CheckModels models = new CheckModels(setting);
        switch (part) {
            case "models" -> models.write();
            case "agree" -> {
                // Tiny in any case: it is about the same answers, not about speed.
                CheckSetting small = new CheckSetting(setting.device(), true, setting.work(), setting.out(), null, setting.threads());
                CheckModels tiny = new CheckModels(small);
                tiny.write();
                new AgreementPart(small, tiny).run(new CheckRows(setting, part));
            }
            case "language" -> new LanguagePart(setting).run(new CheckRows(setting, part), models.language(), "Qwen3 F16");
            case "quantised" -> new LanguagePart(setting).run(new CheckRows(setting, part), models.quantised(),
                    setting.tiny() ? "Qwen3 F16 again" : "Qwen3 Q4_K_M");
            case "speech" -> new SpeechPart(setting).run(new CheckRows(setting, part), models.speech());
            case "picture" -> new PicturePart(setting, models).run(new CheckRows(setting, part));
            case "worker" -> new WorkerPart(setting, models).run(new CheckRows(setting, part));
            case "report" -> CheckReport.write(setting);
            default -> throw new IOException("there is no such part; parts are " + PARTS);
        }
    }
}
