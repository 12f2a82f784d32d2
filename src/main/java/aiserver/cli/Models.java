package aiserver.cli;

import aiserver.config.ImageOptions;
import aiserver.config.LanguageOptions;
import aiserver.config.RunOptions;
import aiserver.config.SpeechOptions;
import aiserver.models.DemoTextEncoder;
import aiserver.models.RandomDiffusionModel;
import aiserver.models.RandomQwenModel;
import aiserver.models.RandomWhisperModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which model files a run uses. What the options name is used as it is; what they leave open is a small model with random
 * weights in the true architecture, written from a seed at first use: everything works with it, and its answers are
 * noise, which is said. The demo's text encoder, whose weights are a formula, is written at first use, too.
 *
 * @param noise the kinds whose model has random weights
 */
record Models(List<String> noise) {
    private static final Logger LOG = LoggerFactory.getLogger(Models.class);
    private static final long SEED = 20261122;
    /** Hidden size and position grid of the random picture model: 512 pixels a side at most. */
    private static final int PICTURE_WIDTH = 48;
    private static final int PICTURE_GRID = 32;
    /** The name of the demo's text encoder in any folder. */
    static final String DEMO_TEXT_ENCODER = "clip-l-demo.gguf";

    /** Completes the options: after this every engine has its files. */
    static Models chosen(RunOptions options) throws IOException {
        List<String> tasks = options.worker.tasks;
        SpeechOptions speech = options.speech;
        LanguageOptions language = options.language;
        ImageOptions image = options.image;
        List<String> noise = new ArrayList<>();
        if (tasks.contains("stt") && speech.model == null) {
            speech.model = written("whisper-random.bin", file -> RandomWhisperModel.write(file, SEED));
            noise.add("stt");
        }
        if (tasks.contains("llm") && language.model == null) {
            language.model = written("qwen3-random.gguf", file -> RandomQwenModel.small(SEED).write(file));
            noise.add("llm");
        }
        if (tasks.contains("image")) {
            if (image.model == null) {
                image.model = written("sd3-random.safetensors",
                        file -> RandomDiffusionModel.writeDiffusionModel(file, PICTURE_WIDTH, PICTURE_GRID, SEED));
                image.taesd = written("taesd3-random.gguf", file -> RandomDiffusionModel.writeAutoencoder(file, SEED));
                image.clipL = folder().resolve(DEMO_TEXT_ENCODER);
                noise.add("image");
            }
            if (image.clipL != null && image.clipL.endsWith(DEMO_TEXT_ENCODER) && !Files.exists(image.clipL)) {
                writeOnce(image.clipL, DemoTextEncoder::write);
            }
        }
        if (!noise.isEmpty()) {
            LOG.warn("no model is set for {}: random weights in the true architecture are used, and their answers are noise;"
                    + " see models-gguf/README.md for real ones", noise);
        }
        return new Models(List.copyOf(noise));
    }

    private static Path written(String name, Writer writer) throws IOException {
        Path file = folder().resolve(name);
        if (!Files.exists(file)) {
            writeOnce(file, writer);
        }
        return file;
    }

    // Beside first, then under its name: a run that is stopped here leaves nothing that looks whole.
    private static void writeOnce(Path file, Writer writer) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Path beside = Files.createTempFile(file.toAbsolutePath().getParent(), file.getFileName().toString(), ".part");
        try {
            writer.write(beside);
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            LOG.info("wrote {} ({} MB)", file, Files.size(file) >> 20);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private static Path folder() {
        return Path.of(System.getProperty("aiserver.home", ""), "models-gguf", "small").toAbsolutePath();
    }

    /** Writes one model file. */
    @FunctionalInterface
    private interface Writer {
        void write(Path file) throws IOException;
    }
}
