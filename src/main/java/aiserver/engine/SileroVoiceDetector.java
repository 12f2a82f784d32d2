package aiserver.engine;

import bindings.guard.guard_h;
import bindings.whisper.whisper_h;
import bindings.whisper.whisper_vad_context_params;
import bindings.whisper.whisper_vad_params;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Voice activity by the Silero network, through whisper.cpp. Loaded at first use or before; a few megabytes, so it stays
 * until it is closed. One run at a time on a thread of its own, others wait for their turn; the network is always on the
 * CPU and takes about a thousandth of the time that the sound takes.
 */
public final class SileroVoiceDetector implements VoiceDetector {
    private static final String NAME = "voice detector";
    /** A run looks at this much and then asks whether it is still wanted. */
    private static final int BLOCK = 60 * SpeechEngine.RATE;
    private static final double CENTISECOND = SpeechEngine.RATE / 100.0;

    private final Path model;
    private final EngineThread thread = new EngineThread(NAME, 1);
    // of the detector's thread
    private NativeHandle context;
    private volatile boolean closed;

    /** @param model Silero in whisper.cpp's ggml form */
    public SileroVoiceDetector(Path model) {
        this.model = Objects.requireNonNull(model, "model");
    }

    @Override
    public void load() {
        thread.run(this::open);
    }

    @Override
    public List<Stretch> find(float[] samples, RunControl control) {
        return thread.call(() -> {
            open();
            List<Stretch> stretches = new ArrayList<>();
            for (int from = 0; from < samples.length; from += BLOCK) {
                if (control.cancelled()) {
                    throw new EngineException(EngineException.Kind.CANCELLED, "voice activity detection was cancelled");
                }
                find(samples, Math.max(0, from - OVERLAP), Math.min(samples.length, from + BLOCK + OVERLAP), stretches);
            }
            return List.copyOf(stretches);
        });
    }

    private void open() {
        if (closed) {
            throw EngineException.closed(NAME);
        }
        if (context != null) {
            return;
        }
        SileroFile.check(model);
        NativeLibraries.load();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = whisper_h.whisper_vad_default_context_params(arena);
            whisper_vad_context_params.n_threads(params, 1);
            whisper_vad_context_params.use_gpu(params, false);
            MemorySegment address = guard_h.ag_whisper_vad_init(arena.allocateFrom(model.toString()), params);
            if (address.equals(MemorySegment.NULL)) {
                throw Guard.failure("voice activity model " + model + " cannot be loaded",
                        EngineException.Kind.MODEL_NOT_AVAILABLE);
            }
            context = new NativeHandle("voice activity model", address, guard_h::ag_whisper_vad_free);
        }
    }

    private void find(float[] samples, int from, int to, List<Stretch> found) {
        try (Arena arena = Arena.ofConfined(); NativeHandle.Use use = context.use()) {
            MemorySegment block = arena.allocate(ValueLayout.JAVA_FLOAT, to - from);
            MemorySegment.copy(samples, from, block, ValueLayout.JAVA_FLOAT, 0, to - from);
            MemorySegment params = whisper_h.whisper_vad_default_params(arena);
            whisper_vad_params.threshold(params, 0.5f);
            whisper_vad_params.min_speech_duration_ms(params, 100);
            whisper_vad_params.min_silence_duration_ms(params, 300);
            whisper_vad_params.speech_pad_ms(params, 200);
            MemorySegment segments = guard_h.ag_whisper_vad_segments(use.address(), params, block, to - from);
            if (segments.equals(MemorySegment.NULL)) {
                EngineException failure = Guard.failure("voice activity detection failed");
                if (Guard.caught()) {
                    context.close();
                    context = null;
                }
                throw failure;
            }
            try {
                int count = whisper_h.whisper_vad_segments_n_segments(segments);
                for (int i = 0; i < count; i++) {
                    int begin = from + sample(whisper_h.whisper_vad_segments_get_segment_t0(segments, i));
                    int end = Math.min(to, from + sample(whisper_h.whisper_vad_segments_get_segment_t1(segments, i)));
                    if (end > begin) {
                        // Blocks overlap: what lies across their seam is found twice.
                        Stretch.add(found, begin, end);
                    }
                }
            } finally {
                guard_h.ag_whisper_vad_free_segments(segments);
            }
        }
    }

    private static int sample(float centiseconds) {
        return (int) (centiseconds * CENTISECOND);
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        thread.run(() -> {
            if (context != null) {
                context.close();
                context = null;
            }
        });
        thread.close();
    }
}
