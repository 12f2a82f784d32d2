package aiserver.service.speech;

import aiserver.engine.SpeechRequest;
import aiserver.service.audio.AudioLimits;
import java.nio.file.Path;
import java.util.Objects;

/**
 * How the speech service works.
 *
 * @param audio           what a recording may be
 * @param language        told for a recording in which nobody speaks and whose language was not given, ISO 639-1
 * @param words           whether the model is told the shop's words beforehand; a model that never saw such a prompt in
 *                        training is better off without
 * @param wordsDirectory  the shop's own files {@code words-ko.txt} and so on, or null: the program's
 * @param windowSeconds   longest stretch that goes to the engine at once, 5 to 30; its window is 30
 * @param partialWindow   whether the engine computes only the part of its window that holds sound
 * @param windowMargin    encoder positions of 20 ms beyond the sound's end, 0 or more
 * @param windowMinimum   encoder positions at least, 1 to 1500
 * @param decoding        thresholds and temperatures; its language, prompts and audio context are set for each job
 */
public record SpeechSettings(AudioLimits audio, String language, boolean words, Path wordsDirectory,
                             double windowSeconds, boolean partialWindow, int windowMargin, int windowMinimum,
                             SpeechRequest decoding) {
    /**
     * An empty text must be possible, so blanks are not suppressed: with that rule a small model made up an order for
     * silence. Positions: 256 are 5 s, 128 more than the sound needs.
     */
    public static final SpeechSettings DEFAULT = new SpeechSettings(AudioLimits.DEFAULT, "ko", true, null, 28, true,
            128, 256, SpeechRequest.DEFAULT.withSuppressBlank(false));

    public SpeechSettings {
        Objects.requireNonNull(audio, "audio");
        Objects.requireNonNull(language, "language");
        Objects.requireNonNull(decoding, "decoding");
        require(windowSeconds >= 5 && windowSeconds <= 30, "windowSeconds", windowSeconds);
        require(windowMargin >= 0 && windowMargin <= SpeechRequest.MAX_AUDIO_CONTEXT, "windowMargin", windowMargin);
        require(windowMinimum >= 1 && windowMinimum <= SpeechRequest.MAX_AUDIO_CONTEXT, "windowMinimum", windowMinimum);
    }

    /** The same with the shop's words told or not. */
    public SpeechSettings withWords(boolean told) {
        return new SpeechSettings(audio, language, told, wordsDirectory, windowSeconds, partialWindow, windowMargin,
                windowMinimum, decoding);
    }

    /** The same with the whole window computed or only the part with sound. */
    public SpeechSettings withPartialWindow(boolean partial) {
        return new SpeechSettings(audio, language, words, wordsDirectory, windowSeconds, partial, windowMargin,
                windowMinimum, decoding);
    }

    private static void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw new IllegalArgumentException("speech setting " + field + " cannot be " + value);
        }
    }
}
