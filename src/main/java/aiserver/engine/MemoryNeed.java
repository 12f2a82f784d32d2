package aiserver.engine;

import aiserver.engine.DiffusionSettings.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What a model takes of a GPU's memory, estimated from the headers of its files before anything is loaded: the engines
 * notice only in the middle that there is no room. The estimates lean to the high side; they were made by adding up the
 * engines' own buffers. Bytes; immutable.
 *
 * @param what    names the model in messages
 * @param weights and whatever else lies there once, layers left out
 * @param layer   of one layer with its part of the KV cache; 0 where the model is all or nothing
 * @param layers  how many
 * @param buffers to compute in, on each GPU that takes part
 * @param movable part of {@code weights} that may stay with the processor at little cost
 */
record MemoryNeed(String what, long weights, long layer, int layers, long buffers, long movable) {
    private static final long MB = 1L << 20;
    /** Tokens that llama.cpp computes at once: {@link LlamaContext} sets it. */
    static final int MICRO_BATCH = 512;
    private static final int SPEECH_DRAWS = 5;

    MemoryNeed {
        Objects.requireNonNull(what, "what");
        if (weights < 0 || layer < 0 || layers < 0 || buffers < 0 || movable < 0 || movable > weights) {
            throw new IllegalArgumentException("memory need of " + what + " cannot be " + weights + ", " + layers + " times " + layer
                    + ", " + buffers + ", " + movable);
        }
    }

    /** Of everything on so many GPUs. */
    long total(int gpus) {
        return weights + layer * layers + buffers * gpus;
    }

    /**
     * A language model's, from its file.
     *
     * @param cells tokens that the KV cache holds
     */
    static MemoryNeed language(LlamaSettings settings, TensorIndex file, long cells) {
        int layers = (int) file.shapes().keySet().stream().filter(name -> name.matches("blk\\.\\d+\\.attn_norm\\.weight")).count();
        long blocks = file.bytes(name -> name.startsWith("blk."));
        // With tied weights the embedding is the output's matrix, too; else it stays with the processor.
        boolean tied = !file.shapes().containsKey("output.weight");
        long outside = file.bytes(name -> !name.startsWith("blk.") && (tied || !name.equals("token_embd.weight")));
        long keys = side(file, "blk.0.attn_k.weight");
        long values = side(file, "blk.0.attn_v.weight");
        long cache = settings.cacheType() == LlamaSettings.CacheType.Q8_0 ? cells * (keys + values) * 34 / 32 : cells * (keys + values) * 2;
        long vocabulary = side(file, "token_embd.weight");
        long width = file.shapes().containsKey("token_embd.weight") ? file.shapes().get("token_embd.weight")[0] : 0;
        long inner = side(file, "blk.0.ffn_up.weight");
        long buffers = 4L * MICRO_BATCH * (vocabulary + 4 * inner + 8 * width) + 128 * MB;
        if (Boolean.FALSE.equals(settings.flashAttention())) {
            long headDim = file.shapes().containsKey("blk.0.attn_q_norm.weight") ? file.shapes().get("blk.0.attn_q_norm.weight")[0] : 128;
            buffers += 4L * MICRO_BATCH * cells * (side(file, "blk.0.attn_q.weight") / headDim);
        }
        return new MemoryNeed("language model", outside, layers == 0 ? 0 : (blocks + layers - 1) / layers + cache, layers, buffers, 0);
    }

    private static long side(TensorIndex file, String tensor) {
        long[] shape = file.shapes().get(tensor);
        return shape == null || shape.length < 2 ? 0 : shape[1];
    }

    /** A speech model's with all its states. */
    static MemoryNeed speech(WhisperSettings settings, WhisperFile file) {
        long width = 2L * file.decoderLayers() * file.width();
        long across = width * file.audioPositions() * 2;
        // A run that has to be drawn again makes room for all draws at once, and two more.
        long own = width * roundUp(file.textPositions(), 256) * 2 * (SPEECH_DRAWS + 2);
        long encoder = 4L * file.audioPositions() * file.width() * 24
                + (Boolean.TRUE.equals(settings.flashAttention()) ? 0 : 4L * file.audioPositions() * file.audioPositions() * Math.max(1, file.width() / 64));
        long decoder = 4L * file.vocabulary() * 16 + 32 * MB;
        return new MemoryNeed("speech model", size(settings.model()) + settings.states() * (across + own + encoder + decoder), 0, 0,
                64 * MB, 0);
    }

    /** A picture model's for the largest picture that it is to draw. What was added up was for 512 pixels a side. */
    static MemoryNeed picture(DiffusionSettings settings) {
        long encoders = sum(settings.clipL(), settings.clipG(), settings.t5());
        long weights = sum(settings.diffusionModel(), settings.taesd() == null ? settings.vae() : null, settings.taesd()) + encoders;
        double size = Math.max(1, settings.pixels() / (double) DiffusionSettings.USUAL_PIXELS);
        // Decoding takes most; the full autoencoder's widest layers are 128 wide at full size, with room to unfold them. A tile has one size.
        double decoding = settings.taesd() != null ? 512 * size : settings.vaeTiling() ? 512 : 1700 * size;
        double attention = settings.flashAttention() ? 0 : 400 * size * size; // every patch with every other
        return new MemoryNeed("picture model", weights, 0, 0, (long) ((decoding + attention) * MB), encoders);
    }

    private static long sum(Part... parts) {
        return Stream.of(parts).filter(Objects::nonNull).distinct().mapToLong(MemoryNeed::size).sum();
    }

    private static long size(Part part) {
        return part.weightType() == null ? size(part.file()) : part.convertedBytes();
    }

    // A file that is not there is reported by whoever loads it.
    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    private static long roundUp(long value, long step) {
        return (value + step - 1) / step * step;
    }
}
