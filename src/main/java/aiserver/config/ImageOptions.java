package aiserver.config;

import aiserver.engine.DiffusionSettings;
import aiserver.service.picture.PictureSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Option;

/** The picture model, its parts, and how pictures are made. */
public final class ImageOptions {
    private static final int DRAFT_SIDE = 256;
    private static final int DRAFT_STEPS = 4;

    @Option(names = "--image-model", paramLabel = "FILE",
            description = "Diffusion model (safetensors or GGUF), alone or with all its parts in one file.")
    public Path model;

    @Option(names = "--image-clip-l", paramLabel = "FILE", description = "CLIP-L text encoder.")
    public Path clipL;

    @Option(names = "--image-clip-g", paramLabel = "FILE", description = "CLIP-G text encoder.")
    public Path clipG;

    @Option(names = "--image-t5", paramLabel = "FILE", description = "T5-XXL text encoder; may be left out on small machines.")
    public Path t5;

    @Option(names = "--image-vae", paramLabel = "FILE", description = "Autoencoder.")
    public Path vae;

    @Option(names = "--image-taesd", paramLabel = "FILE", description = "Small autoencoder (TAESD3), in place of the VAE.")
    public Path taesd;

    @Option(names = "--image-device", paramLabel = "DEVICE", defaultValue = "auto",
            description = "auto (a GPU, else the CPU), cpu or cuda:N. Default: ${DEFAULT-VALUE}.")
    public String device;

    @Option(names = "--image-threads", paramLabel = "N", defaultValue = "0",
            description = "Processor threads; 0: one for each core, 8 at most. Default: ${DEFAULT-VALUE}.")
    int threads;

    @Option(names = "--image-width", paramLabel = "PX", defaultValue = "512", description = "Default: ${DEFAULT-VALUE}.")
    int width;

    @Option(names = "--image-height", paramLabel = "PX", defaultValue = "512", description = "Default: ${DEFAULT-VALUE}.")
    int height;

    @Option(names = "--image-steps", paramLabel = "N", defaultValue = "50", description = "Steps of the sampler. Default: ${DEFAULT-VALUE}.")
    int steps;

    @Option(names = "--image-guidance", paramLabel = "X", defaultValue = "7.5",
            description = "Classifier-free guidance scale. Default: ${DEFAULT-VALUE}.")
    double guidance;

    @Option(names = "--image-negative-prompt", paramLabel = "TEXT", defaultValue = "blurry, low quality, distorted, ugly, bad anatomy",
            description = "What must not be seen, where a job does not say. Default: ${DEFAULT-VALUE}.")
    String negativePrompt;

    @Option(names = "--image-words-folder", paramLabel = "DIR", description = "The shop's own word lists, in place of the program's.")
    Path wordsFolder;

    @Option(names = "--image-types", split = ",", paramLabel = "PART=TYPE",
            description = "Types to convert weights to while loading, such as model=q8_0,t5=q4_0. Default: as in the files.")
    Map<String, String> types = Map.of();

    @Option(names = "--image-flash-attention", negatable = true, defaultValue = "true", fallbackValue = "true",
            description = "One fused step for attention: less memory and time. Default: ${DEFAULT-VALUE}.")
    boolean flashAttention;

    @Option(names = "--image-conv-direct", fallbackValue = "true", description = "Convolutions without im2col: less memory, slower.")
    boolean convDirect;

    @Option(names = "--image-vae-tiling", fallbackValue = "true", description = "Decode in tiles: much less memory, slower.")
    boolean vaeTiling;

    @Option(names = "--image-step-cache", paramLabel = "KIND", defaultValue = "easycache",
            description = "Skip what hardly changes between steps: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    DiffusionSettings.StepCache stepCache;

    @Option(names = "--image-translate", negatable = true, defaultValue = "true", fallbackValue = "true",
            description = "Have the language model translate words that the lexicon does not know. Default: ${DEFAULT-VALUE}.")
    public boolean translate;

    /** For a picture that will be noise anyway: small and of few steps, instead of minutes of work. */
    public void draft() {
        width = Math.min(width, DRAFT_SIDE);
        height = Math.min(height, DRAFT_SIDE);
        steps = Math.min(steps, DRAFT_STEPS);
    }

    public DiffusionSettings engine() {
        if (!Set.of("model", "clip-l", "clip-g", "t5", "vae", "taesd").containsAll(types.keySet())) {
            throw new IllegalArgumentException("--image-types has " + types.keySet() + "; parts are model, clip-l, clip-g, t5, vae, taesd");
        }
        PictureSettings picture = service();
        return new DiffusionSettings(part("model", model), part("clip-l", clipL), part("clip-g", clipG), part("t5", t5),
                part("vae", vae), part("taesd", taesd), device, Threads.orCores(threads), flashAttention, vaeTiling, convDirect,
                stepCache, true, picture.width(), picture.height());
    }

    private DiffusionSettings.Part part(String name, Path file) {
        return file == null ? null : new DiffusionSettings.Part(file, types.get(name));
    }

    public PictureSettings service() {
        return new PictureSettings(width, height, steps, guidance, negativePrompt, PictureSettings.DEFAULTS.longestPrompt(), wordsFolder);
    }
}
