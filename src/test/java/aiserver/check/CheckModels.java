package aiserver.check;

import aiserver.models.DemoTextEncoder;
import aiserver.models.RandomDiffusionModel;
import aiserver.models.RandomQwenModel;
import aiserver.models.RandomTextEncoder;
import aiserver.models.RandomWhisperModel;
import aiserver.models.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The models of the check: random weights from a seed in the shapes of Qwen3-4B, Whisper large-v3, SD3.5-medium and
 * T5-XXL, or tiny ones. Written once, several at a time, since one core takes minutes for each.
 */
final class CheckModels {
    private static final long SEED = 20261122;
    /** Positions a side: pictures of up to 1024 pixels. */
    private static final int GRID = 64;

    private final CheckSetting setting;

    CheckModels(CheckSetting setting) {
        this.setting = setting;
    }

    Path language() {
        return file("qwen3-f16.gguf");
    }

    /** The same in Q4_K_M, made by the engine; the tiny one's rows are too short for it. */
    Path quantised() {
        return setting.tiny() ? language() : file("qwen3-q4_k_m.gguf");
    }

    Path speech() {
        return file("whisper-f16.bin");
    }

    Path picture() {
        return file("sd3-f16.safetensors");
    }

    Path autoencoder() {
        return file("taesd3.gguf");
    }

    Path clip() {
        return file("clip-l.gguf");
    }

    /** Has one size only, ten gigabytes: not for the tiny check. */
    Path t5() {
        return setting.tiny() ? null : file("t5xxl-f16.safetensors");
    }

    private Path file(String name) {
        return setting.work().resolve(setting.tiny() ? "tiny-" + name : name);
    }

    /** Writes what is missing. */
    void write() throws IOException {
        Files.createDirectories(setting.work());
        List<Callable<Void>> jobs = new ArrayList<>();
        add(jobs, language(), file -> (setting.tiny()
                ? new RandomQwenModel(4, 128, 4, 2, 32, 256, 32768, WeightType.F16, 0, SEED)
                : RandomQwenModel.shapeOf4B(WeightType.F16, SEED)).write(file));
        add(jobs, speech(), file -> RandomWhisperModel.write(file,
                setting.tiny() ? RandomWhisperModel.Shape.TINY : RandomWhisperModel.Shape.LARGE_V3, SEED));
        add(jobs, picture(), file -> RandomDiffusionModel.writeDiffusionModel(file,
                setting.tiny() ? 48 : RandomDiffusionModel.MEDIUM_WIDTH, GRID, SEED));
        add(jobs, autoencoder(), file -> RandomDiffusionModel.writeAutoencoder(file, SEED));
        add(jobs, clip(), DemoTextEncoder::write);
        if (t5() != null) {
            add(jobs, t5(), file -> RandomTextEncoder.writeT5(file, SEED));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(Math.max(1, Math.min(6, setting.threads())))) {
            for (Future<Void> job : threads.invokeAll(jobs)) {
                job.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException("a model cannot be written: " + e.getCause(), e);
        }
        if (!Files.exists(quantised()) && setting.limit() != null) {
            quantise();
        }
    }

    private void quantise() throws IOException {
        Path part = quantised().resolveSibling(quantised().getFileName() + ".part");
        CLoop.run(setting, "CPU", List.of("quantize", language().toString(), part.toString(), "q4_k_m"), 0);
        Files.move(part, quantised(), StandardCopyOption.ATOMIC_MOVE);
    }

    private static void add(List<Callable<Void>> jobs, Path file, Writer writer) {
        if (Files.exists(file)) {
            return;
        }
        jobs.add(() -> {
            long began = System.nanoTime();
            Path part = file.resolveSibling(file.getFileName() + ".part");
            writer.write(part);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            System.err.printf("gpu-check: wrote %s, %d MB in %d s%n", file.getFileName(), Files.size(file) >> 20,
                    (System.nanoTime() - began) / 1_000_000_000);
            return null;
        });
    }

    /** Writes one file. */
    private interface Writer {
        void write(Path file) throws IOException;
    }
}
