package aiserver.engine;

import java.util.Map;

/**
 * How to listen.
 *
 * @param language             ISO 639-1, or null: detect
 * @param initialPrompts       by ISO 639-1 code, words that a speaker of the language is likely to use; the one of the
 *                             given or detected language is taken, none where there is none
 * @param audioContext         encoder positions of 20 ms to compute, 1 to 1500, or 0: all
 * @param suppressBlank        whether an empty text is forbidden at the start of a window
 * @param temperature          0: greedy
 * @param temperatureIncrement step of the fallback, 0: none
 * @param noSpeechThreshold    0 to 1; above it a window without confident words is silence
 * @param entropyThreshold     below it a window is taken for repetition and tried again hotter
 * @param logProbThreshold     mean log-probability below which a window is tried again hotter
 * @param beamSize             1: greedy; up to 8
 */
public record SpeechRequest(String language, Map<String, String> initialPrompts, int audioContext, boolean suppressBlank,
                            float temperature, float temperatureIncrement, float noSpeechThreshold,
                            float entropyThreshold, float logProbThreshold, int beamSize) {
    public static final int MAX_AUDIO_CONTEXT = 1500;
    /** Samples of {@link SpeechEngine#RATE} that make an encoder position: 20 ms. */
    public static final int SAMPLES_A_POSITION = SpeechEngine.RATE / 50;
    public static final int MAX_BEAM_SIZE = 8;

    /** The thresholds are those of OpenAI's Whisper (transcribe.py) and whisper.cpp's defaults. */
    public static final SpeechRequest DEFAULT =
            new SpeechRequest(null, Map.of(), 0, true, 0.0f, 0.2f, 0.6f, 2.4f, -1.0f, 1);

    public SpeechRequest {
        initialPrompts = Map.copyOf(initialPrompts);
        require(audioContext >= 0 && audioContext <= MAX_AUDIO_CONTEXT, "audioContext", audioContext);
        require(temperature >= 0 && temperature <= 1, "temperature", temperature);
        require(temperatureIncrement >= 0 && temperatureIncrement <= 1, "temperatureIncrement", temperatureIncrement);
        require(noSpeechThreshold >= 0 && noSpeechThreshold <= 1, "noSpeechThreshold", noSpeechThreshold);
        require(Float.isFinite(entropyThreshold), "entropyThreshold", entropyThreshold);
        require(Float.isFinite(logProbThreshold), "logProbThreshold", logProbThreshold);
        require(beamSize >= 1 && beamSize <= MAX_BEAM_SIZE, "beamSize", beamSize);
    }

    private static void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, field + " cannot be " + value);
        }
    }

    public SpeechRequest withLanguage(String code) {
        return new SpeechRequest(code, initialPrompts, audioContext, suppressBlank, temperature, temperatureIncrement,
                noSpeechThreshold, entropyThreshold, logProbThreshold, beamSize);
    }

    public SpeechRequest withInitialPrompts(Map<String, String> words) {
        return new SpeechRequest(language, words, audioContext, suppressBlank, temperature, temperatureIncrement,
                noSpeechThreshold, entropyThreshold, logProbThreshold, beamSize);
    }

    public SpeechRequest withAudioContext(int positions) {
        return new SpeechRequest(language, initialPrompts, positions, suppressBlank, temperature, temperatureIncrement,
                noSpeechThreshold, entropyThreshold, logProbThreshold, beamSize);
    }

    public SpeechRequest withSuppressBlank(boolean suppress) {
        return new SpeechRequest(language, initialPrompts, audioContext, suppress, temperature, temperatureIncrement,
                noSpeechThreshold, entropyThreshold, logProbThreshold, beamSize);
    }
}
