package aiserver.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * How a language model is run.
 *
 * @param model         a GGUF file
 * @param device        {@code auto}, {@code cpu}, a device's name, or several GPUs', see {@link Devices#choose}
 * @param contextTokens that one sequence may have, 128 or more; at most the model's own limit is used
 * @param sequences     answers that are written side by side, 1 to 64
 * @param batchTokens   most tokens in one batch, {@code sequences} or more, up to 8192
 * @param threads       for single tokens, 1 to 512
 * @param promptThreads for prompts, 1 to 512
 * @param gpuLayers     most layers on the GPU, -1: as many as fit; on the CPU it has no effect
 * @param flashAttention on, off, or null: off on a processor without AVX512 unless the cache type needs it, else as the engine
 *                      thinks best
 * @param cacheType     of the KV cache, or null: bytes or bfloat16 where the processor that computes attends faster in them,
 *                      else half precision
 * @param repack        whether weights are laid out anew for this processor: faster, but in memory of the process's own and not
 *                      the file's, which the system could take back. On a processor with AVX512-VNNI k-quants only, and the
 *                      file's pages are given up for it; elsewhere both are kept
 * @param stateFolder   where the state of prompts' fixed beginnings is kept across restarts, or null: nowhere
 * @param split         how several GPUs share the model
 */
public record LlamaSettings(Path model, String device, int contextTokens, int sequences, int batchTokens, int threads,
                            int promptThreads, int gpuLayers, Boolean flashAttention, CacheType cacheType, boolean repack,
                            Path stateFolder, Split split) {
    public enum CacheType { F16, BF16, Q8_0 }

    /** Whole layers for each GPU, or each matrix by rows: more traffic, one token sooner where GPUs are well connected. */
    public enum SplitMode { LAYER, ROW }

    /** @param shares in proportion, one for each GPU; empty: by their free memory */
    public record Split(SplitMode mode, List<Double> shares) {
        public static final Split USUAL = new Split(SplitMode.LAYER, List.of());

        public Split {
            Objects.requireNonNull(mode, "mode");
            shares = List.copyOf(shares);
            if (shares.stream().anyMatch(share -> !(share >= 0 && share < 1e6)) || !shares.isEmpty() && shares.stream().allMatch(share -> share == 0)) {
                throw new IllegalArgumentException("language model's shares of the GPUs cannot be " + shares);
            }
        }
    }

    public LlamaSettings {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(split, "split");
        require(contextTokens >= 128 && contextTokens <= 1 << 20, "contextTokens", contextTokens);
        require(sequences >= 1 && sequences <= 64, "sequences", sequences);
        require((long) contextTokens * sequences <= Integer.MAX_VALUE, "contextTokens * sequences", (long) contextTokens * sequences);
        require(batchTokens >= sequences && batchTokens >= 32 && batchTokens <= 8192, "batchTokens", batchTokens);
        require(threads >= 1 && threads <= 512, "threads", threads);
        require(promptThreads >= 1 && promptThreads <= 512, "promptThreads", promptThreads);
        require(gpuLayers >= -1, "gpuLayers", gpuLayers);
        if (cacheType == CacheType.Q8_0 && Boolean.FALSE.equals(flashAttention)) {
            throw new IllegalArgumentException("language cacheType Q8_0 needs flashAttention");
        }
    }

    /** Without a folder for states, on one device. */
    public LlamaSettings(Path model, String device, int contextTokens, int sequences, int batchTokens, int threads,
                         int promptThreads, int gpuLayers, Boolean flashAttention, CacheType cacheType, boolean repack) {
        this(model, device, contextTokens, sequences, batchTokens, threads, promptThreads, gpuLayers, flashAttention,
                cacheType, repack, null, Split.USUAL);
    }

    /** Four sequences of 4096 tokens on this machine's processors or GPU. */
    public static LlamaSettings of(Path model) {
        int processors = Math.max(1, Runtime.getRuntime().availableProcessors());
        return new LlamaSettings(model, "auto", 4096, 4, 512, processors, processors, -1, null, null, true);
    }

    public LlamaSettings withContext(int tokens, int sequenceCount) {
        return new LlamaSettings(model, device, tokens, sequenceCount, batchTokens, threads, promptThreads, gpuLayers,
                flashAttention, cacheType, repack, stateFolder, split);
    }

    public LlamaSettings withThreads(int count) {
        return new LlamaSettings(model, device, contextTokens, sequences, batchTokens, count, count, gpuLayers,
                flashAttention, cacheType, repack, stateFolder, split);
    }

    public LlamaSettings withDevice(String name) {
        return new LlamaSettings(model, name, contextTokens, sequences, batchTokens, threads, promptThreads, gpuLayers,
                flashAttention, cacheType, repack, stateFolder, split);
    }

    public LlamaSettings withFlashAttention(Boolean on) {
        return new LlamaSettings(model, device, contextTokens, sequences, batchTokens, threads, promptThreads, gpuLayers,
                on, cacheType, repack, stateFolder, split);
    }

    public LlamaSettings withStateFolder(Path folder) {
        return new LlamaSettings(model, device, contextTokens, sequences, batchTokens, threads, promptThreads, gpuLayers,
                flashAttention, cacheType, repack, folder, split);
    }

    private static void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw new IllegalArgumentException("language " + field + " cannot be " + value);
        }
    }
}
