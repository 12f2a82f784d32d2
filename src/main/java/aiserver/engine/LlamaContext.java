package aiserver.engine;

import bindings.guard.guard_h;
import bindings.llama.ggml_abort_callback;
import bindings.llama.llama_batch;
import bindings.llama.llama_context_params;
import bindings.llama.llama_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A model's working memory: the KV cache that all sequences share, and the batch that is computed next. Sequences share
 * one buffer, so that copying a prefix from one to another copies nothing. Made by {@link BatchLoop}, which closes it before
 * its model; used on the engine's thread.
 */
final class LlamaContext implements AutoCloseable {
    /** What became of a batch. */
    enum Outcome { DONE, NO_ROOM, ABORTED }

    // Below this a batch is over sooner than asking would help.
    private static final int ASK_FROM = 32;
    /** Of a head's keys and values, which native/guard/attention_bytes.h takes a register at a time. */
    private static final int BYTES_AT_ONCE = 64;

    private final NativeHandle handle;
    private final NativeHandle.Use use;
    // automatic: nothing to undo where the making of this fails half way
    private final Arena arena = Arena.ofAuto();
    private final int capacity;
    private final int vocabularySize;
    private final int sequences;
    private final int contextTokens;
    private final MemorySegment batch;
    private final MemorySegment tokens;
    private final MemorySegment positions;
    private final MemorySegment sequenceIds;
    private final MemorySegment wanted;
    private final MemorySegment abort;
    private final String stateKind;
    private int size;

    /**
     * @param sequences how many there are
     * @param cells     tokens that they can hold in all
     * @param control   asked within large batches, on the CPU: stop this one? A GPU computes a batch to its end.
     * @throws EngineException OUT_OF_MEMORY, ENGINE_FAILED
     */
    LlamaContext(LlamaModel model, LlamaSettings settings, int sequences, int cells, RunControl control) {
        this.contextTokens = Math.min(settings.contextTokens(), model.trainedContext());
        this.sequences = sequences;
        this.capacity = settings.batchTokens();
        this.vocabularySize = model.size();
        int attention = flashAttention(model, settings);
        LlamaSettings.CacheType cacheType = cacheType(model, settings);
        this.stateKind = NativeText.copy(llama_h.llama_version()) + cacheType + attention;
        try (Arena local = Arena.ofConfined()) {
            MemorySegment params = llama_h.llama_context_default_params(local);
            llama_context_params.n_ctx(params, cells);
            llama_context_params.n_batch(params, capacity);
            llama_context_params.n_ubatch(params, Math.min(capacity, MemoryNeed.MICRO_BATCH));
            llama_context_params.n_seq_max(params, sequences);
            llama_context_params.kv_unified(params, true);
            llama_context_params.n_threads(params, settings.threads());
            llama_context_params.n_threads_batch(params, settings.promptThreads());
            llama_context_params.flash_attn_type(params, attention);
            int type = switch (cacheType) {
                case F16 -> llama_h.GGML_TYPE_F16();
                case BF16 -> llama_h.GGML_TYPE_BF16();
                case Q8_0 -> llama_h.GGML_TYPE_Q8_0();
            };
            llama_context_params.type_k(params, type);
            llama_context_params.type_v(params, type);
            llama_context_params.no_perf(params, true);
            MemorySegment context = Guard.check(guard_h.ag_llama_init(model.address(), params),
                    "no room for " + cells + " tokens of context");
            this.handle = new NativeHandle("language context", context, guard_h::ag_llama_free);
        }
        this.use = handle.use();
        this.abort = ggml_abort_callback.allocate(user -> stops(control), arena);
        this.tokens = arena.allocate(ValueLayout.JAVA_INT, capacity);
        this.positions = arena.allocate(ValueLayout.JAVA_INT, capacity);
        this.sequenceIds = arena.allocate(ValueLayout.JAVA_INT, capacity);
        this.wanted = arena.allocate(ValueLayout.JAVA_BYTE, capacity);
        MemorySegment counts = arena.allocate(ValueLayout.JAVA_INT, capacity);
        MemorySegment pointers = arena.allocate(ValueLayout.ADDRESS, capacity);
        for (int i = 0; i < capacity; i++) {
            counts.setAtIndex(ValueLayout.JAVA_INT, i, 1);
            pointers.setAtIndex(ValueLayout.ADDRESS, i, sequenceIds.asSlice(4L * i, 4));
        }
        this.batch = llama_batch.allocate(arena);
        llama_batch.token(batch, tokens);
        llama_batch.embd(batch, MemorySegment.NULL);
        llama_batch.pos(batch, positions);
        llama_batch.n_seq_id(batch, counts);
        llama_batch.seq_id(batch, pointers);
        llama_batch.logits(batch, wanted);
    }

    // An exception that left an upcall would end the process: it counts as "stop".
    private static boolean stops(RunControl control) {
        try {
            return control.cancelled();
        } catch (Throwable t) {
            return true;
        }
    }

    int contextTokens() {
        return contextTokens;
    }

    /** What a saved state depends on besides the model and its tokens: the engine, and how its cells lie. */
    String stateKind() {
        return stateKind;
    }

    int room() {
        return capacity - size;
    }

    int size() {
        return size;
    }

    void clearBatch() {
        size = 0;
    }

    /** Adds a token to the batch and says at which index its logits will be found. */
    int add(int token, int position, int sequence, boolean logits) {
        require(size < capacity, "the batch holds " + capacity + " tokens and is full");
        require(token >= 0 && token < vocabularySize, "token " + token + " is not one of the model's " + vocabularySize);
        require(position >= 0 && position < contextTokens, "position " + position + " is not within " + contextTokens + " tokens");
        requireSequence(sequence);
        tokens.setAtIndex(ValueLayout.JAVA_INT, size, token);
        positions.setAtIndex(ValueLayout.JAVA_INT, size, position);
        sequenceIds.setAtIndex(ValueLayout.JAVA_INT, size, sequence);
        wanted.set(ValueLayout.JAVA_BYTE, size, (byte) (logits ? 1 : 0));
        return size++;
    }

    // On a processor with guard/attention.h a prompt of 900 tokens takes 0.7 of the time with it, a token behind a thousand
    // others 0.8 to 0.9, eight answers at once 0.7 (Qwen3-0.6B's shape, Q4_K_M). Elsewhere such a token takes half as long
    // again with it, and that is what an order's answer is made of; most of its prompt is kept from the one before.
    private static int flashAttention(LlamaModel model, LlamaSettings settings) {
        if (settings.flashAttention() != null) {
            return settings.flashAttention() ? llama_h.LLAMA_FLASH_ATTN_TYPE_ENABLED() : llama_h.LLAMA_FLASH_ATTN_TYPE_DISABLED();
        }
        return model.onGpu() || settings.cacheType() == LlamaSettings.CacheType.Q8_0 || CpuFeatures.attendsAsItLies()
                ? llama_h.LLAMA_FLASH_ATTN_TYPE_AUTO() : llama_h.LLAMA_FLASH_ATTN_TYPE_DISABLED();
    }

    // Of a token behind a thousand others a fifth of the bytes that are read are keys and values in half precision (Qwen3-0.6B's
    // shape, Q4_K_M). What rounding them to bytes does to a choice of tokens is a hundredth of what such weights do: docs/operations.md.
    private static LlamaSettings.CacheType cacheType(LlamaModel model, LlamaSettings settings) {
        if (settings.cacheType() != null) {
            return settings.cacheType();
        }
        if (model.onGpu() || Boolean.FALSE.equals(settings.flashAttention())) {
            return LlamaSettings.CacheType.F16;
        }
        return CpuFeatures.attendsInBytes() && model.headsDivideBy(BYTES_AT_ONCE) ? LlamaSettings.CacheType.Q8_0
                : CpuFeatures.attendsInBf16() ? LlamaSettings.CacheType.BF16 : LlamaSettings.CacheType.F16;
    }

    /**
     * Computes the batch.
     *
     * @param wanted what its logits are looked at for
     * @throws EngineException ENGINE_FAILED or OUT_OF_MEMORY, after which the context is not to be used any more
     */
    Outcome decode(AnswerDecoder.Wanted wanted) {
        require(size > 0, "the batch is empty");
        try (Arena local = Arena.ofConfined()) {
            guard_h.ag_llama_want(wanted.likeliest(), local.allocateFrom(ValueLayout.JAVA_INT, wanted.tokens()), wanted.tokens().length);
        }
        llama_batch.n_tokens(batch, size);
        llama_h.llama_set_abort_callback(use.address(), size >= ASK_FROM ? abort : MemorySegment.NULL, MemorySegment.NULL);
        int rc = Guard.check(guard_h.ag_llama_decode(use.address(), batch), "a batch of " + size + " tokens failed");
        return switch (rc) {
            case 0 -> Outcome.DONE;
            case 1 -> Outcome.NO_ROOM;
            case 2 -> Outcome.ABORTED;
            default -> throw Guard.failure("a batch of " + size + " tokens failed (" + rc + ")");
        };
    }

    /** The logits of a token of the last batch, a float for each token of the vocabulary; valid until the next batch. */
    MemorySegment logits(int index) {
        require(index >= 0 && index < size && wanted.get(ValueLayout.JAVA_BYTE, index) == 1, "no logits were asked for at " + index);
        return Guard.check(guard_h.ag_llama_logits(use.address(), index), "no logits at " + index)
                .reinterpret((long) vocabularySize * Float.BYTES);
    }

    /** Forgets a sequence from a position on. */
    void truncate(int sequence, int from) {
        requireSequence(sequence);
        if (Guard.check(guard_h.ag_llama_sequence_remove(use.address(), sequence, from, -1), "a sequence cannot be cut") != 1) {
            throw new EngineException(EngineException.Kind.ENGINE_FAILED, "sequence " + sequence + " cannot be cut at " + from);
        }
    }

    /** Lets an empty sequence share the first tokens of another. */
    void share(int from, int to, int count) {
        requireSequence(from);
        requireSequence(to);
        Guard.check(guard_h.ag_llama_sequence_copy(use.address(), from, to, 0, count), "a prefix cannot be shared");
    }

    /** @throws EngineException ENGINE_FAILED where the file cannot be written */
    void saveState(int sequence, Path file, int[] held) {
        requireSequence(sequence);
        try (Arena local = Arena.ofConfined()) {
            long bytes = guard_h.ag_llama_sequence_save(use.address(), local.allocateFrom(file.toString()), sequence,
                    local.allocateFrom(ValueLayout.JAVA_INT, held), held.length);
            if (bytes == 0) {
                throw Guard.failure("the state of " + held.length + " tokens cannot be written to " + file);
            }
        }
    }

    /** Fills an empty sequence from a file; false, and the sequence empty, where the file does not hold these tokens. */
    boolean loadState(int sequence, Path file, int[] expected) {
        requireSequence(sequence);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment found = local.allocate(ValueLayout.JAVA_INT, expected.length);
            MemorySegment count = local.allocate(ValueLayout.JAVA_LONG);
            long bytes = guard_h.ag_llama_sequence_load(use.address(), local.allocateFrom(file.toString()), sequence, found,
                    expected.length, count);
            if (bytes > 0 && count.get(ValueLayout.JAVA_LONG, 0) == expected.length
                    && Arrays.equals(found.toArray(ValueLayout.JAVA_INT), expected)) {
                return true;
            }
            truncate(sequence, 0);
            return false;
        }
    }

    private void requireSequence(int sequence) {
        require(sequence >= 0 && sequence < sequences, "sequence " + sequence + " is not one of " + sequences);
    }

    private static void require(boolean ok, String otherwise) {
        if (!ok) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, otherwise);
        }
    }

    @Override
    public void close() {
        use.close();
        handle.close();
    }
}
