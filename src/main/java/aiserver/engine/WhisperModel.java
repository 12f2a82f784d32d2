package aiserver.engine;

import bindings.guard.guard_h;
import bindings.whisper.whisper_context_params;
import bindings.whisper.whisper_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * A loaded Whisper model with the states that its runs take turns on. Made, used and closed by {@link WhisperEngine} on
 * its own threads; never closed while a run is under way. States are made when they are first needed and kept.
 */
final class WhisperModel implements AutoCloseable {
    /** ISO 639-1 has had another code for it since 2001. */
    private static final String JAVANESE = "jv";
    private static final String JAVANESE_OF_WHISPER = "jw";

    private final WhisperSettings settings;
    private final WhisperFile file;
    private final String device;
    private final NativeHandle context;
    private final ConcurrentLinkedDeque<WhisperState> idle = new ConcurrentLinkedDeque<>();
    private volatile boolean broken;

    private WhisperModel(WhisperSettings settings, WhisperFile file, String device, NativeHandle context) {
        this.settings = settings;
        this.file = file;
        this.device = device;
        this.context = context;
    }

    /** @throws EngineException MODEL_NOT_AVAILABLE, OUT_OF_MEMORY */
    static WhisperModel load(WhisperSettings settings, WhisperFile file) {
        Placement placement = Placement.chooseOne(settings.device(), () -> MemoryNeed.speech(settings, file));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = whisper_h.whisper_context_default_params(arena);
            whisper_context_params.use_gpu(params, placement.onGpu());
            whisper_context_params.gpu_device(params, placement.onGpu() ? gpuNumber(placement.gpus().getFirst()) : 0);
            whisper_context_params.flash_attn(params, settings.flashAttention() == null ? !placement.onGpu() : settings.flashAttention());
            MemorySegment address = guard_h.ag_whisper_init(arena.allocateFrom(settings.model().toString()), params);
            if (address.equals(MemorySegment.NULL)) {
                throw Guard.failure("speech model " + settings.model() + " cannot be loaded",
                        EngineException.Kind.MODEL_NOT_AVAILABLE);
            }
            NativeHandle context = new NativeHandle("speech model", address, guard_h::ag_whisper_free);
            WhisperModel model = new WhisperModel(settings, file, placement.device(), context);
            try {
                // The first state now, so that a lack of memory shows at load and not with the first job.
                model.idle.add(model.newState());
            } catch (EngineException e) {
                model.close();
                throw e;
            }
            return model;
        }
    }

    /** whisper.cpp counts GPUs only. */
    private static int gpuNumber(Devices.Device chosen) {
        return (int) Devices.all().stream().filter(device -> device.gpu() && device.index() < chosen.index()).count();
    }

    /** A language's name in whisper.cpp. */
    static String nameInEngine(String code) {
        return code.equals(JAVANESE) ? JAVANESE_OF_WHISPER : code;
    }

    /** ISO 639-1 codes of the languages that a model has, where they have one, in the order of their ids. */
    static List<String> languages(WhisperFile file) {
        if (!file.multilingual()) {
            return List.of("en");
        }
        List<String> codes = new ArrayList<>();
        for (int id = 0; id < file.languages() && id <= whisper_h.whisper_lang_max_id(); id++) {
            String code = NativeText.copy(whisper_h.whisper_lang_str(id));
            codes.add(code.equals(JAVANESE_OF_WHISPER) ? JAVANESE : code);
        }
        return List.copyOf(codes);
    }

    String device() {
        return device;
    }

    /** True after a failure that leaves the model in an unknown state. */
    boolean broken() {
        return broken;
    }

    Transcript transcribe(float[] samples, SpeechRequest request, RunControl control) {
        List<String> languages = languages(file);
        if (request.language() != null && !languages.contains(request.language())) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, String.format(Locale.ROOT,
                    "language '%s' is not one of the speech model's %d", request.language(), languages.size()));
        }
        // 0 is all that the model has, which is not enough for every window where it has fewer than Whisper's 1,500
        int needed = Math.min(SpeechRequest.MAX_AUDIO_CONTEXT, Math.ceilDiv(samples.length, SpeechRequest.SAMPLES_A_POSITION));
        file.requirePositions(settings.model(), request.audioContext() > 0 ? request.audioContext() : needed);
        if (control.cancelled()) {
            throw new EngineException(EngineException.Kind.CANCELLED, "transcription was cancelled before it began");
        }
        WhisperState state = idle.poll();
        if (state == null) {
            state = newState();
        }
        try (NativeHandle.Use use = context.use()) {
            return state.transcribe(use.address(), languages, samples, request, control);
        } finally {
            if (state.broken()) {
                broken = true;
                state.close();
            } else {
                idle.add(state);
            }
        }
    }

    private synchronized WhisperState newState() {
        try (NativeHandle.Use use = context.use()) {
            MemorySegment address = Guard.check(guard_h.ag_whisper_init_state(use.address()),
                    "no memory for a run of the speech model");
            return new WhisperState(new NativeHandle("speech state", address, guard_h::ag_whisper_free_state),
                    settings.threads());
        }
    }

    @Override
    public void close() {
        for (WhisperState state = idle.poll(); state != null; state = idle.poll()) {
            state.close();
        }
        context.close();
        guard_h.ag_trim_memory();
    }
}
