package aiserver.engine;

import bindings.guard.guard_h;
import bindings.whisper.whisper_encoder_begin_callback;
import bindings.whisper.whisper_full_params;
import bindings.whisper.whisper_h;
import bindings.whisper.whisper_progress_callback;
import bindings.whisper.whisper_token_data;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One state of a Whisper model: the caches and buffers that one run at a time works in. Lent by {@link WhisperModel}
 * to one engine thread at a time.
 */
final class WhisperState implements AutoCloseable {
    /** No token is longer in a checked file. */
    private static final int MAX_TOKEN_BYTES = 1024;
    /** An end that is this near sets a state up without a run: whisper.cpp stops where 100 ms or less are left. */
    private static final int NOTHING_TO_DO_MS = 100;
    /** whisper_full's codes where encoder or decoder failed or was stopped. */
    private static final int NOT_ENCODED = -6;
    private static final int PROMPT_NOT_DECODED = -8;
    private static final int NOT_DECODED = -9;
    private static final double CENTISECOND = 0.01;

    /** The engine mirrors so many at the beginning, without looking how many there are. */
    private static final int LEAST_SAMPLES = 201;

    private final NativeHandle state;
    private final int threads;
    private boolean broken;

    WhisperState(NativeHandle state, int threads) {
        this.state = state;
        this.threads = threads;
    }

    boolean broken() {
        return broken;
    }

    /** @param context the model's address, kept alive by the caller */
    Transcript transcribe(MemorySegment context, List<String> languages, float[] samples, SpeechRequest request,
                          RunControl control) {
        try (Arena arena = Arena.ofConfined(); NativeHandle.Use use = state.use()) {
            Run run = new Run(arena, context, use.address(), languages, control);
            return run.transcribe(samples, request);
        }
    }

    @Override
    public void close() {
        state.close();
    }

    /** One run: what it needs lives in its arena. */
    private final class Run {
        private final Arena arena;
        private final MemorySegment context;
        private final MemorySegment state;
        private final List<String> languages;
        private final RunControl control;
        private final StopCallback stop;

        Run(Arena arena, MemorySegment context, MemorySegment state, List<String> languages, RunControl control) {
            this.arena = arena;
            this.context = context;
            this.state = state;
            this.languages = languages;
            this.control = control;
            this.stop = new StopCallback(control);
        }

        Transcript transcribe(float[] samples, SpeechRequest request) {
            float[] enough = samples.length < LEAST_SAMPLES ? Arrays.copyOf(samples, LEAST_SAMPLES) : samples;
            MemorySegment pcm = arena.allocateFrom(ValueLayout.JAVA_FLOAT, enough);
            check(guard_h.ag_whisper_pcm_to_mel(context, state, pcm, enough.length, threads), "the spectrogram");
            double probability = 1;
            String language = request.language();
            if (language == null && languages.size() == 1) {
                language = languages.getFirst();
            } else if (language == null) {
                float[] probabilities = detect(request);
                int best = best(probabilities);
                language = languages.get(best);
                probability = probabilities[best];
            }
            MemorySegment params = params(request, language);
            String words = request.initialPrompts().get(language);
            if (words != null && !words.isBlank()) {
                // Whisper was trained on texts that begin with a space, and whisper.cpp adds none.
                whisper_full_params.initial_prompt(params, arena.allocateFrom(" " + words.replace('\0', ' ').strip()));
            }
            whisper_full_params.progress_callback(params, progress());
            // The spectrogram is in the state already.
            check(guard_h.ag_whisper_full(context, state, params, MemorySegment.NULL, 0), "transcription");
            return new Transcript(language, probability, segments());
        }

        /** The probability of each language of the model, from the first window. */
        private float[] detect(SpeechRequest request) {
            // Detection takes the encoder positions of the state's last run; so give it those of this one first.
            MemorySegment params = params(request, languages.getFirst());
            whisper_full_params.duration_ms(params, NOTHING_TO_DO_MS);
            check(guard_h.ag_whisper_full(context, state, params, MemorySegment.NULL, 0), "language detection");
            int all = whisper_h.whisper_lang_max_id() + 1;
            MemorySegment probabilities = arena.allocate(ValueLayout.JAVA_FLOAT, all);
            check(guard_h.ag_whisper_detect_language(context, state, 0, threads, probabilities), "language detection");
            // whisper.cpp also weighs languages that only later models have; their place is another token's here.
            float[] own = new float[languages.size()];
            float sum = 0;
            for (int i = 0; i < own.length; i++) {
                own[i] = probabilities.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                sum += own[i];
            }
            for (int i = 0; i < own.length; i++) {
                own[i] = sum > 0 ? Math.clamp(own[i] / sum, 0, 1) : 1f / own.length;
            }
            return own;
        }

        private MemorySegment params(SpeechRequest request, String language) {
            boolean beam = request.beamSize() > 1;
            MemorySegment params = whisper_h.whisper_full_default_params(arena,
                    beam ? whisper_h.WHISPER_SAMPLING_BEAM_SEARCH() : whisper_h.WHISPER_SAMPLING_GREEDY());
            whisper_full_params.n_threads(params, threads);
            whisper_full_params.language(params, arena.allocateFrom(WhisperModel.nameInEngine(language)));
            whisper_full_params.audio_ctx(params, request.audioContext());
            whisper_full_params.no_context(params, true);
            whisper_full_params.print_progress(params, false);
            whisper_full_params.print_realtime(params, false);
            whisper_full_params.print_timestamps(params, false);
            whisper_full_params.suppress_blank(params, request.suppressBlank());
            whisper_full_params.temperature(params, request.temperature());
            whisper_full_params.temperature_inc(params, request.temperatureIncrement());
            whisper_full_params.no_speech_thold(params, request.noSpeechThreshold());
            whisper_full_params.entropy_thold(params, request.entropyThreshold());
            whisper_full_params.logprob_thold(params, request.logProbThreshold());
            // Of several draws at a temperature the likeliest is kept; at zero there is but one.
            whisper_full_params.greedy.best_of(whisper_full_params.greedy(params), beam ? request.beamSize() : 5);
            whisper_full_params.beam_search.beam_size(whisper_full_params.beam_search(params), request.beamSize());
            whisper_full_params.abort_callback(params, stop.pointer(arena));
            whisper_full_params.encoder_begin_callback(params, encoderBegin());
            return params;
        }

        /** The abort callback is asked after each pass of encoder and decoder, on any device; this one before each window. */
        private MemorySegment encoderBegin() {
            return whisper_encoder_begin_callback.allocate((ctx, whisper, user) -> !stop.ask(MemorySegment.NULL), arena);
        }

        private MemorySegment progress() {
            return whisper_progress_callback.allocate((ctx, whisper, percent, user) -> {
                try {
                    control.progress(Math.clamp(percent / 100.0, 0, 1));
                } catch (Throwable t) {
                    // Thrown out of here it would end the process; a listener that fails loses its own report only.
                }
            }, arena);
        }

        private void check(int result, String what) {
            // A failure that coincides with a cancel is told as the cancel, but the state is as broken.
            broken |= breaks(result, stop.stopped());
            if (stop.stopped() || control.cancelled()) {
                throw new EngineException(EngineException.Kind.CANCELLED, what + " was cancelled");
            }
            if (result == guard_h.AG_CAUGHT()) {
                throw Guard.failure(what + " failed");
            }
            if (result < 0) {
                throw Guard.failure(what + " failed with code " + result);
            }
        }

        private List<Transcript.Segment> segments() {
            List<Transcript.Segment> segments = new ArrayList<>();
            int endOfText = whisper_h.whisper_token_eot(context);
            TokenText text = new TokenText();
            int count = whisper_h.whisper_full_n_segments_from_state(state);
            for (int i = 0; i < count; i++) {
                List<Integer> tokens = new ArrayList<>();
                List<Float> logProbabilities = new ArrayList<>();
                int size = whisper_h.whisper_full_n_tokens_from_state(state, i);
                try (Arena each = Arena.ofConfined()) {
                    for (int j = 0; j < size; j++) {
                        MemorySegment data = whisper_h.whisper_full_get_token_data_from_state(each, state, i, j);
                        int id = whisper_token_data.id(data);
                        if (id < endOfText) {
                            tokens.add(id);
                            logProbabilities.add(whisper_token_data.plog(data));
                            text.add(bytes(id));
                        }
                    }
                }
                segments.add(new Transcript.Segment(
                        CENTISECOND * whisper_h.whisper_full_get_segment_t0_from_state(state, i),
                        CENTISECOND * whisper_h.whisper_full_get_segment_t1_from_state(state, i), text.take(),
                        whisper_h.whisper_full_get_segment_no_speech_prob_from_state(state, i), tokens, logProbabilities));
            }
            return segments;
        }

        private byte[] bytes(int token) {
            MemorySegment text = whisper_h.whisper_token_to_str(context, token).reinterpret(MAX_TOKEN_BYTES + 1);
            int length = 0;
            while (length < MAX_TOKEN_BYTES && text.get(ValueLayout.JAVA_BYTE, length) != 0) {
                length++;
            }
            return text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /**
     * Whether a result of whisper.cpp's, or AG_CAUGHT, leaves a state that no run may use again: a cache that could not
     * grow, for one, is gone. A run that was stopped ends whole, with one of three codes.
     */
    static boolean breaks(int result, boolean stopped) {
        return result < 0 && !(stopped && (result == NOT_ENCODED || result == PROMPT_NOT_DECODED || result == NOT_DECODED));
    }

    private static int best(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }
}
