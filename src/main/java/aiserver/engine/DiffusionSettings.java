package aiserver.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which files make up a picture model of SD3.5's kind, and how it runs.
 *
 * @param diffusionModel the MMDiT, alone or in one file with text encoders, autoencoder or both
 * @param clipL          text encoder, or null; one of the three must be there, here or in the model's file
 * @param clipG          text encoder, or null
 * @param t5             text encoder, or null: a third of the quality of long prompts for most of the memory
 * @param vae            the full autoencoder, or null where {@code taesd} or the model's file has one
 * @param taesd          the small autoencoder, or null; used where both are given
 * @param device         {@code auto}, {@code cpu}, or a device's name
 * @param threads        1 to 512, or 0: as many as the machine has cores
 * @param flashAttention in the diffusion model: less memory; faster with quantised weights and on GPUs
 * @param vaeTiling      decodes in tiles: much less memory, slower, seams possible
 * @param convDirect     convolutions without im2col: less memory
 * @param stepCache      reuses work between steps: faster, and another picture than without
 * @param memoryMapped   leaves the weights in the files where the device allows it
 * @param width          in pixels, of the largest picture that will be asked for, {@code height} likewise: the model must be able
 *                       to draw it, and on a GPU room is reckoned for it; or both 0: not known, room is reckoned for 512 by 512
 */
public record DiffusionSettings(Part diffusionModel, Part clipL, Part clipG, Part t5, Part vae, Part taesd,
                                String device, int threads, boolean flashAttention, boolean vaeTiling,
                                boolean convDirect, StepCache stepCache, boolean memoryMapped, int width, int height) {
    /** Of a picture of 512 pixels a side. */
    static final long USUAL_PIXELS = 512 * 512;

    /** For pictures of a size that is not known yet. */
    public DiffusionSettings(Part diffusionModel, Part clipL, Part clipG, Part t5, Part vae, Part taesd, String device, int threads,
                             boolean flashAttention, boolean vaeTiling, boolean convDirect, StepCache stepCache, boolean memoryMapped) {
        this(diffusionModel, clipL, clipG, t5, vae, taesd, device, threads, flashAttention, vaeTiling, convDirect, stepCache,
                memoryMapped, 0, 0);
    }

    /** Ways of the engine to skip work in a step that would change little. */
    public enum StepCache { NONE, EASYCACHE, DBCACHE, TAYLORSEER, CACHE_DIT, SPECTRUM }

    /**
     * One file of the model.
     *
     * @param weightType as ggml names it, to convert the weights to while they are loaded (minutes for a large model);
     *                   or null: as they are in the file
     */
    public record Part(Path file, String weightType) {
        public Part {
            Objects.requireNonNull(file, "file");
            if (weightType != null && type(weightType).isEmpty()) {
                throw new IllegalArgumentException("weight type '" + weightType + "' of " + file + " is none of "
                        + GgmlType.ofWeights().map(GgmlType::weightName).sorted().collect(Collectors.joining(", ")));
            }
        }

        public static Part of(Path file) {
            return new Part(file, null);
        }

        /** Bytes of the weights in the type that they are converted to, estimated. */
        long convertedBytes() {
            return TensorIndex.read(file, "picture model").bytesAs(type(weightType).orElseThrow());
        }

        private static Optional<GgmlType> type(String name) {
            return GgmlType.ofWeights().filter(type -> type.weightName().equals(name)).findFirst();
        }
    }

    public DiffusionSettings {
        Objects.requireNonNull(diffusionModel, "diffusionModel");
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(stepCache, "stepCache");
        if (threads < 0 || threads > 512) {
            throw new IllegalArgumentException("threads must be 0 to 512 but is " + threads);
        }
        if (width < 0 || height < 0 || (width == 0) != (height == 0)) {
            throw new IllegalArgumentException("a picture cannot be of " + width + "x" + height + " pixels");
        }
    }

    /** Of the largest picture. */
    long pixels() {
        return width == 0 ? USUAL_PIXELS : (long) width * height;
    }

    /** The engine's rules for the types of weights: a pattern on tensor names and a type for each part that has one. */
    String weightTypeRules() {
        List<String> rules = new ArrayList<>();
        addRule(rules, "^model.diffusion_model.", diffusionModel);
        addRule(rules, "^text_encoders.clip_l.", clipL);
        addRule(rules, "^text_encoders.clip_g.", clipG);
        addRule(rules, "^text_encoders.t5xxl.", t5);
        addRule(rules, "^(vae|first_stage_model).", vae);
        addRule(rules, "^tae.", taesd);
        return String.join(",", rules);
    }

    private static void addRule(List<String> rules, String pattern, Part part) {
        if (part != null && part.weightType() != null) {
            rules.add(pattern + "=" + part.weightType());
        }
    }
}
