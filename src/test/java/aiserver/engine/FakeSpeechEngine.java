package aiserver.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** A speech engine that says what the test tells it to, and keeps what it was asked. Passes the contract of the real one. */
public final class FakeSpeechEngine implements SpeechEngine {
    /** One call. */
    public record Heard(float[] samples, SpeechRequest request) {
    }

    private static final List<String> LANGUAGES = List.of("en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr",
            "pl", "ca", "nl", "ar");

    private final Function<Heard, String> detection;
    private final Function<Heard, List<Transcript.Segment>> answer;
    private final List<Heard> calls = new CopyOnWriteArrayList<>();
    private volatile boolean loaded;
    private volatile boolean closed;

    public FakeSpeechEngine(Function<Heard, List<Transcript.Segment>> answer) {
        this(heard -> "ko", answer);
    }

    /** @param detection tells the language where none is given */
    public FakeSpeechEngine(Function<Heard, String> detection, Function<Heard, List<Transcript.Segment>> answer) {
        this.detection = detection;
        this.answer = answer;
    }

    /** An engine that hears one text in every window. */
    public static FakeSpeechEngine hearing(String text) {
        return new FakeSpeechEngine(heard -> List.of(segment(0, heard.samples().length / 16000.0, text)));
    }

    public static Transcript.Segment segment(double start, double end, String text) {
        return new Transcript.Segment(start, end, text, 0.01, List.of(1), List.of(-0.1f));
    }

    public List<Heard> calls() {
        return new ArrayList<>(calls);
    }

    @Override
    public void load(RunControl control) {
        if (closed) {
            throw EngineException.closed("speech engine");
        }
        if (!loaded) {
            if (control.cancelled()) {
                throw new EngineException(EngineException.Kind.CANCELLED, "loading was cancelled");
            }
            control.progress(1);
            loaded = true;
        }
    }

    @Override
    public void unload() {
        loaded = false;
    }

    @Override
    public boolean loaded() {
        return loaded;
    }

    @Override
    public String device() {
        return "CPU";
    }

    @Override
    public List<String> languages() {
        return LANGUAGES;
    }

    @Override
    public Transcript transcribe(float[] samples, SpeechRequest request, RunControl control) {
        if (samples.length == 0) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "samples must be 1 or more but are 0");
        }
        for (float sample : samples) {
            if (!(Math.abs(sample) <= 1)) {
                throw new EngineException(EngineException.Kind.INVALID_INPUT, "a sample is " + sample);
            }
        }
        load(control);
        if (request.language() != null && !LANGUAGES.contains(request.language())) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT,
                    "language '" + request.language() + "' is not one of the speech model's");
        }
        if (control.cancelled()) {
            throw new EngineException(EngineException.Kind.CANCELLED, "transcription was cancelled");
        }
        control.progress(0.5);
        Heard heard = new Heard(samples, request);
        calls.add(heard);
        String language = request.language() == null ? detection.apply(heard) : request.language();
        return new Transcript(language, request.language() == null ? 0.9 : 1, answer.apply(heard));
    }

    @Override
    public void close() {
        unload();
        closed = true;
    }
}
