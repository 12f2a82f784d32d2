package aiserver.service.speech;

import aiserver.engine.SpeechEngine;
import aiserver.engine.SpeechRequest;
import aiserver.engine.Transcript;
import aiserver.engine.VoiceDetector.Stretch;
import aiserver.engine.VoiceDetector;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.SpeechJob;
import aiserver.job.SpeechResult;
import aiserver.service.EngineErrors;
import aiserver.service.ScopeControl;
import aiserver.service.ShopLanguage;
import aiserver.service.audio.AudioDecoder;
import aiserver.service.audio.Recording;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Speech to text: decodes the recording, finds where somebody speaks, has the engine write that down window by window,
 * and leaves out what the model made up. Where nobody speaks the engine is not asked at all. Owned by the worker;
 * any number of threads, as many runs at a time as the engine has states.
 */
public final class WhisperSTTService {
    /** Voice activity is looked for in pieces of this length, so that floats of a long recording never exist at once. */
    private static final int ACTIVITY_BLOCK = 120 * Recording.RATE;
    private static final int POSITION_STEP = 16;
    private static final int LANGUAGES_TOLD = 12;
    private static final double DECODED = 0.1;
    /** Languages that put no space between two sentences. */
    private static final Set<String> UNSPACED = Set.of("ja", "zh", "yue", "th", "lo", "my", "km");

    private final SpeechEngine engine;
    private final VoiceDetector voice;
    private final AudioDecoder decoder;
    private final SpeechSettings settings;
    private final Map<String, String> prompts;
    private final SpeechDoubt doubt;

    /**
     * @param voice where somebody speaks, or null: by loudness
     * @throws IllegalArgumentException for files of words that cannot be read
     */
    public WhisperSTTService(SpeechEngine engine, VoiceDetector voice, AudioDecoder decoder, SpeechSettings settings) {
        this.engine = Objects.requireNonNull(engine, "engine");
        this.voice = voice == null ? new EnergyGate() : voice;
        this.decoder = Objects.requireNonNull(decoder, "decoder");
        this.settings = Objects.requireNonNull(settings, "settings");
        SpeechWords words = new SpeechWords(settings.wordsDirectory());
        this.prompts = settings.words() ? words.prompts() : Map.of();
        this.doubt = new SpeechDoubt(settings.decoding(), words);
    }

    /** Loads the model and what finds speech; returns at once if they are loaded. */
    public void loadModel(JobScope scope) {
        EngineErrors.translated(() -> {
            // First, since it is small: where it fails, the large one takes no memory for nothing.
            voice.load();
            engine.load(new ScopeControl(scope, "load"));
        });
    }

    /** Frees the model after the runs in hand. */
    public void unloadModel() {
        EngineErrors.translated(engine::unload);
    }

    /**
     * Writes down what is said.
     *
     * @throws JobException INVALID_PAYLOAD for a language that the model has not, INVALID_AUDIO, AUDIO_TOO_LONG,
     *                      CANCELLED, and the engine's failures
     */
    public SpeechResult transcribe(SpeechJob job, JobScope scope) {
        String language = language(job.language());
        scope.progress("decode", 0);
        Recording recording = decoder.decode(job.audio(), job.mimeType(), job.filename(), scope);
        scope.progress("decode", DECODED);
        return EngineErrors.retriedOnce(() -> transcribe(recording, language, scope));
    }

    private String language(String wanted) {
        if (wanted == null) {
            return null;
        }
        String code = wanted.strip().toLowerCase(Locale.ROOT);
        List<String> possible = EngineErrors.translated(engine::languages);
        if (!possible.contains(code)) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload.language '"
                    + (wanted.length() > 20 ? wanted.substring(0, wanted.offsetByCodePoints(0, 10)) + "…" : wanted)
                    + "' is not a language of the speech model; possible are " + listed(possible) + ", or null to detect it");
        }
        return code;
    }

    private static String listed(List<String> languages) {
        // The shop's own first, since they are what was most likely meant.
        List<String> own = Arrays.stream(ShopLanguage.values()).map(ShopLanguage::code)
                .filter(languages::contains).toList();
        String first = Stream.concat(own.stream(), languages.stream()).distinct()
                .limit(LANGUAGES_TOLD).collect(Collectors.joining(", "));
        int more = languages.size() - LANGUAGES_TOLD;
        return more > 0 ? first + " and " + more + " more ISO 639-1 codes" : first;
    }

    private SpeechResult transcribe(Recording recording, String forced, JobScope scope) {
        List<Stretch> windows = SpeechWindows.of(recording, speech(recording, scope),
                (int) (settings.windowSeconds() * Recording.RATE));
        String language = forced;
        double probability = forced == null ? 0 : 1;
        List<SpeechResult.Segment> segments = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        long sound = windows.stream().mapToLong(window -> window.to() - window.from()).sum();
        long done = 0;
        for (Stretch window : windows) {
            int length = window.to() - window.from();
            ScopeControl control = new ScopeControl(scope, "transcribe", share(done, sound), share(done + length, sound));
            Transcript transcript = listen(recording.window(window.from(), window.to()),
                    request(text.isEmpty() ? forced : language, length), control);
            if (forced == null && text.isEmpty()) {
                // The first window in which something is said decides for all, as one caller speaks one language; what
                // rattles before it does not.
                language = transcript.language();
                probability = transcript.languageProbability();
            }
            String said = collect(transcript, window, segments);
            if (!said.isEmpty()) {
                text.append(text.isEmpty() || UNSPACED.contains(language) ? "" : " ").append(said);
            }
            done += length;
        }
        scope.progress("transcribe", 1);
        return new SpeechResult(text.toString(), language == null ? settings.language() : language, probability,
                recording.seconds(), segments);
    }

    /**
     * Where somebody speaks and the model says nothing, it is asked again without the shop's words: a model that learned
     * few such prompts can take one for the whole text.
     */
    private Transcript listen(float[] samples, SpeechRequest request, ScopeControl control) {
        Transcript transcript = engine.transcribe(samples, request, control);
        boolean silent = transcript.segments().stream().allMatch(segment -> segment.text().isBlank());
        String told = prompts.getOrDefault(transcript.language(), "");
        if (!silent || told.isEmpty()) {
            return transcript;
        }
        Transcript again = engine.transcribe(samples,
                request.withLanguage(transcript.language()).withInitialPrompts(Map.of()), control);
        return new Transcript(transcript.language(), transcript.languageProbability(), again.segments());
    }

    private static double share(long done, long all) {
        // The last share is exactly 1, whatever the digits that the products lose.
        return done == all ? 1 : Math.min(1, DECODED + (1 - DECODED) * done / all);
    }

    private List<Stretch> speech(Recording recording, JobScope scope) {
        List<Stretch> speech = new ArrayList<>();
        for (int block = 0; block < recording.size(); block += ACTIVITY_BLOCK) {
            int from = Math.max(0, block - VoiceDetector.OVERLAP);
            int to = Math.min(recording.size(), block + ACTIVITY_BLOCK + VoiceDetector.OVERLAP);
            for (Stretch found : voice.find(recording.window(from, to), scope::cancelled)) {
                Stretch.add(speech, from + found.from(), from + found.to());
            }
        }
        return speech;
    }

    private SpeechRequest request(String language, int samples) {
        return settings.decoding().withLanguage(language).withInitialPrompts(prompts).withAudioContext(positions(samples));
    }

    /** Encoder positions for a window: what its sound needs, a margin, in steps; 0 where that is all there are. */
    private int positions(int samples) {
        if (!settings.partialWindow()) {
            return 0;
        }
        int needed = Math.ceilDiv(samples, SpeechRequest.SAMPLES_A_POSITION) + settings.windowMargin();
        int positions = Math.max(settings.windowMinimum(), needed);
        int stepped = (positions + POSITION_STEP - 1) / POSITION_STEP * POSITION_STEP;
        return stepped >= SpeechRequest.MAX_AUDIO_CONTEXT ? 0 : stepped;
    }

    /** Adds the segments that are believed, in times of the whole recording; returns their text. */
    private String collect(Transcript transcript, Stretch window, List<SpeechResult.Segment> segments) {
        double offset = (double) window.from() / Recording.RATE;
        double end = (double) window.to() / Recording.RATE;
        StringBuilder said = new StringBuilder();
        for (Transcript.Segment segment : transcript.segments()) {
            if (segment.text().isBlank() || doubt.doubts(transcript.language(), segment)) {
                continue;
            }
            said.append(segment.text());
            double from = Math.clamp(offset + segment.start(), offset, end);
            segments.add(new SpeechResult.Segment(rounded(from),
                    rounded(Math.clamp(offset + segment.end(), from, end)), segment.text().strip()));
        }
        return said.toString().strip();
    }

    /** Down to milliseconds, which is finer than the model's 20 ms, and never behind the recording's end. */
    private static double rounded(double seconds) {
        return Math.floor(seconds * 1000) / 1000;
    }
}
