package aiserver.cli;

import aiserver.config.ImageOptions;
import aiserver.config.LanguageOptions;
import aiserver.config.RunOptions;
import aiserver.config.SpeechOptions;
import aiserver.config.UserCache;
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
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which model files a run uses. What the options name is used as it is; what they leave open is a small model with random
 * weights in the true architecture, written from a seed at first use: everything works with it, and its answers are
 * noise, which is said. The demo's text encoder, whose weights are a formula, is written at first use, too. They lie in
 * models-gguf/small, or in the user's cache where the program's folder is another's or read-only.
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
    private static final Map<String, String> RANDOM = Map.of("--stt-model", "whisper-random.bin", "--llm-model", "qwen3-random.gguf",
            "--image-model", "sd3-random.safetensors", "--image-taesd", "taesd3-random.gguf");

    /**
     * Completes the options: after this every engine has its files.
     *
     * @throws IllegalArgumentException naming an option that has to be set, since nothing can be written
     * @throws CommandFailure           where writing fails
     */
    static Models chosen(RunOptions options) {
        return chosen(options, UserCache.folder());
    }

    static Models chosen(RunOptions options, Path cache) {
        List<String> tasks = options.worker.tasks;
        SpeechOptions speech = options.speech;
        LanguageOptions language = options.language;
        ImageOptions image = options.image;
        List<String> noise = new ArrayList<>();
        if (tasks.contains("stt") && speech.model == null) {
            speech.model = random("--stt-model", cache);
            writeOnce(speech.model, file -> RandomWhisperModel.write(file, SEED));
            noise.add("stt");
        }
        if (tasks.contains("llm") && language.model == null) {
            language.model = random("--llm-model", cache);
            writeOnce(language.model, file -> RandomQwenModel.small(SEED).write(file));
            noise.add("llm");
        }
        if (tasks.contains("image")) {
            if (image.model == null) {
                image.model = random("--image-model", cache);
                writeOnce(image.model, file -> RandomDiffusionModel.writeDiffusionModel(file, PICTURE_WIDTH, PICTURE_GRID, SEED));
                image.taesd = random("--image-taesd", cache);
                writeOnce(image.taesd, file -> RandomDiffusionModel.writeAutoencoder(file, SEED));
                image.clipL = folder().resolve(DEMO_TEXT_ENCODER);
                noise.add("image");
            }
            if (image.clipL != null && image.clipL.endsWith(DEMO_TEXT_ENCODER)) {
                image.clipL = place("--image-clip-l", image.clipL, cache);
                writeOnce(image.clipL, DemoTextEncoder::write);
            }
        }
        if (!noise.isEmpty()) {
            LOG.warn("no model is set for {}: random weights in the true architecture are used, and their answers are noise;"
                    + " see models-gguf/README.md for real ones", noise);
        }
        return new Models(List.copyOf(noise));
    }

    /** Where the random model is that stands for an option which is not set; as {@link #place}. */
    static Path random(String option, Path cache) {
        return place(option, folder().resolve(RANDOM.get(option)), cache);
    }

    /**
     * Where a small model is, or can be written: its own folder or the cache.
     *
     * @throws IllegalArgumentException where neither has it or can be written; trying again would not help
     */
    static Path place(String option, Path file, Path cache) {
        List<Path> places = List.of(file.toAbsolutePath(), cache.toAbsolutePath().resolve("small").resolve(file.getFileName()));
        return places.stream().filter(Files::isReadable).findFirst()
                .or(() -> places.stream().filter(place -> writable(place.getParent())).findFirst())
                .orElseThrow(() -> new IllegalArgumentException("there is no model for " + option + ", and a small one can be written"
                        + " neither to " + places.get(0).getParent() + " nor to " + places.get(1).getParent()
                        + ": set the option, or leave its task out with --tasks"));
    }

    private static boolean writable(Path folder) {
        Path there = folder;
        while (!Files.exists(there)) {
            there = there.getParent();
        }
        return Files.isDirectory(there) && Files.isWritable(there);
    }

    // Beside first, then under its name: a run that is stopped here leaves nothing that looks whole.
    private static void writeOnce(Path file, Writer writer) {
        if (Files.isReadable(file)) {
            return;
        }
        try {
            Files.createDirectories(file.getParent());
            Path beside = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".part");
            try {
                writer.write(beside);
                Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                LOG.info("wrote {} ({} MB)", file, Files.size(file) >> 20);
            } finally {
                Files.deleteIfExists(beside);
            }
        } catch (IOException e) {
            throw new CommandFailure("the small model " + file + " cannot be written: " + e, e);
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
