package aiserver.engine;

import bindings.guard.guard_h;
import bindings.llama.llama_h;
import bindings.llama.llama_model_params;
import bindings.llama.llama_progress_callback;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A loaded language model: its weights and its vocabulary. Owned by {@link BatchLoop}, which closes the context that
 * stands on it first; made and used on the engine's thread.
 */
final class LlamaModel implements Vocabulary, AutoCloseable {
    private static final int PIECE_BYTES = 512;
    private static final int REMEMBERED = 8192;
    private static final int MOST_DEVICES = 64;

    private final NativeHandle handle;
    private final NativeHandle.Use use;
    private final MemorySegment vocabulary;
    // automatic: nothing to undo where the making of this fails half way
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment piece = arena.allocate(PIECE_BYTES);
    private final byte[][] pieces;
    private final boolean onGpu;
    private final int trainedContext;
    private final String chatTemplate;
    private final Map<String, int[]> remembered = new LinkedHashMap<>(256, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, int[]> eldest) {
            return size() > REMEMBERED;
        }
    };

    private LlamaModel(MemorySegment model, boolean onGpu) {
        this.handle = new NativeHandle("language model", model, guard_h::ag_llama_model_free);
        this.use = handle.use();
        this.onGpu = onGpu;
        this.vocabulary = llama_h.llama_model_get_vocab(model);
        this.pieces = new byte[llama_h.llama_vocab_n_tokens(vocabulary)][];
        int trained = llama_h.llama_model_n_ctx_train(model);
        this.trainedContext = trained < 0 ? Integer.MAX_VALUE : trained; // unsigned in the file
        MemorySegment template = llama_h.llama_model_chat_template(model, MemorySegment.NULL);
        this.chatTemplate = template.equals(MemorySegment.NULL) ? null : NativeText.copy(template);
    }

    /** @throws EngineException MODEL_NOT_AVAILABLE, OUT_OF_MEMORY, CANCELLED */
    static LlamaModel load(LlamaSettings settings, Placement placement, RunControl control) {
        requireGguf(settings.model());
        Loading loading = new Loading(control);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = llama_h.llama_model_default_params(arena);
            // Ends with a null pointer; empty, it keeps the engine from taking all GPUs there are.
            MemorySegment devices = arena.allocate(ValueLayout.ADDRESS, placement.gpus().size() + 1L);
            for (int i = 0; i < placement.gpus().size(); i++) {
                devices.setAtIndex(ValueLayout.ADDRESS, i, guard_h.ag_device(placement.gpus().get(i).index()));
            }
            llama_model_params.devices(params, devices);
            // The engine counts the output matrix as one more layer, and places it first.
            llama_model_params.n_gpu_layers(params, !placement.onGpu() ? 0 : placement.layers() < 0 ? -1 : placement.layers() + 1);
            llama_model_params.split_mode(params, splitMode(settings, placement));
            llama_model_params.tensor_split(params, shares(arena, settings, placement));
            llama_model_params.main_gpu(params, 0);
            llama_model_params.use_extra_bufts(params, settings.repack());
            llama_model_params.progress_callback(params, llama_progress_callback.allocate(
                    (fraction, user) -> loading.goesOn(fraction), arena));
            MemorySegment model = guard_h.ag_llama_model_load(arena.allocateFrom(settings.model().toString()), params);
            if (model.equals(MemorySegment.NULL)) {
                if (loading.stopped) {
                    throw new EngineException(EngineException.Kind.CANCELLED, "loading the language model was cancelled");
                }
                throw Guard.failure("language model " + settings.model() + " cannot be loaded",
                        EngineException.Kind.MODEL_NOT_AVAILABLE);
            }
            return new LlamaModel(model, placement.onGpu());
        }
    }

    /** Whether so many numbers divide each head's keys, and its values. */
    boolean headsDivideBy(int numbers) {
        String attention = property("general.architecture").orElse("") + ".attention.";
        int heads = number(attention + "head_count", Integer.MAX_VALUE); // more than one number: of each layer another
        int each = Math.max(1, llama_h.llama_model_n_embd(use.address()) / heads);
        return number(attention + "key_length", each) % numbers == 0 && number(attention + "value_length", each) % numbers == 0;
    }

    private int number(String name, int otherwise) {
        return property(name).filter(text -> text.matches("[1-9][0-9]{0,8}")).map(Integer::parseInt).orElse(otherwise);
    }

    /** What the model's file says under this name; lists and long texts are cut. */
    private Optional<String> property(String name) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment text = local.allocate(PIECE_BYTES);
            int bytes = llama_h.llama_model_meta_val_str(use.address(), local.allocateFrom(name), text, text.byteSize());
            return bytes < 0 ? Optional.empty() : Optional.of(text.getString(0));
        }
    }

    private static int splitMode(LlamaSettings settings, Placement placement) {
        return placement.gpus().size() < 2 ? llama_h.LLAMA_SPLIT_MODE_NONE() : switch (settings.split().mode()) {
            case LAYER -> llama_h.LLAMA_SPLIT_MODE_LAYER();
            case ROW -> llama_h.LLAMA_SPLIT_MODE_ROW();
        };
    }

    private static MemorySegment shares(Arena arena, LlamaSettings settings, Placement placement) {
        List<Double> shares = settings.split().shares();
        if (shares.isEmpty() || !placement.onGpu()) {
            return MemorySegment.NULL;
        }
        if (shares.size() != placement.gpus().size()) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, "language model's shares " + shares + " are not one for each of "
                    + Devices.names(placement.gpus()));
        }
        // The engine reads as many as it could have devices.
        MemorySegment array = arena.allocate(ValueLayout.JAVA_FLOAT, Math.max(shares.size(), MOST_DEVICES));
        for (int i = 0; i < shares.size(); i++) {
            array.setAtIndex(ValueLayout.JAVA_FLOAT, i, shares.get(i).floatValue());
        }
        return array;
    }

    private static final class Loading {
        private final RunControl control;
        private boolean stopped;

        private Loading(RunControl control) {
            this.control = control;
        }

        // An exception that left an upcall would end the process: it counts as "stop".
        boolean goesOn(float fraction) {
            try {
                control.progress(Math.clamp(fraction, 0f, 1f));
                stopped = control.cancelled();
            } catch (Throwable t) {
                stopped = true;
            }
            return !stopped;
        }
    }

    private static void requireGguf(Path file) {
        if (!Files.isRegularFile(file)) {
            throw unavailable(file, "there is no such file", null);
        }
        try (InputStream in = Files.newInputStream(file)) {
            if (!Arrays.equals(in.readNBytes(4), "GGUF".getBytes(StandardCharsets.US_ASCII))) {
                throw unavailable(file, "it is not a GGUF file", null);
            }
        } catch (IOException e) {
            throw unavailable(file, "it cannot be read: " + e.getMessage(), e);
        }
    }

    private static EngineException unavailable(Path file, String why, Throwable cause) {
        return new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, "language model " + file + " cannot be loaded: " + why, cause);
    }

    MemorySegment address() {
        return use.address();
    }

    MemorySegment vocabulary() {
        return vocabulary;
    }

    /** Whether a part of it at least is computed by a GPU. */
    boolean onGpu() {
        return onGpu;
    }

    int trainedContext() {
        return trainedContext;
    }

    /** The model's own, or null. */
    String chatTemplate() {
        return chatTemplate;
    }

    @Override
    public int size() {
        return pieces.length;
    }

    @Override
    public int[] tokenize(String text) {
        return tokenize(text, false);
    }

    /** As {@link #tokenize}, for texts that come again and again: template words and menu names. */
    int[] tokenizeRemembered(String text) {
        int[] tokens = remembered.get(text);
        if (tokens == null) {
            tokens = tokenize(text, false);
            remembered.put(text, tokens);
        }
        return tokens;
    }

    /** @param control whether the names of control tokens within the text stand for those tokens */
    int[] tokenize(String text, boolean control) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) {
            return new int[0];
        }
        try (Arena local = Arena.ofConfined()) {
            MemorySegment utf8 = local.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            // a token has at least a byte; some vocabularies put a blank before all
            int capacity = bytes.length + 2;
            MemorySegment ids = local.allocate(ValueLayout.JAVA_INT, capacity);
            int count = Guard.check(guard_h.ag_llama_tokenize(vocabulary, utf8, bytes.length, ids, capacity, false, control),
                    "a text of " + bytes.length + " bytes cannot be split into tokens");
            if (count < 0) {
                throw new EngineException(EngineException.Kind.ENGINE_FAILED, "a text of " + bytes.length + " bytes has more tokens than bytes");
            }
            return ids.asSlice(0, 4L * count).toArray(ValueLayout.JAVA_INT);
        }
    }

    @Override
    public byte[] bytes(int token) {
        requireToken(token);
        byte[] bytes = pieces[token];
        if (bytes == null) {
            int length = Guard.check(guard_h.ag_llama_token_to_piece(vocabulary, token, piece, PIECE_BYTES, false),
                    "token " + token + " has no text");
            // a longer one says its length as a negative number; nothing that long is of use here
            bytes = length <= 0 ? new byte[0] : piece.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            pieces[token] = bytes;
        }
        return bytes;
    }

    @Override
    public boolean endsTurn(int token) {
        requireToken(token);
        return llama_h.llama_vocab_is_eog(vocabulary, token);
    }

    void requireToken(int token) {
        if (token < 0 || token >= pieces.length) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "token " + token + " is not one of the model's " + pieces.length);
        }
    }

    @Override
    public void close() {
        use.close();
        handle.close();
    }
}
