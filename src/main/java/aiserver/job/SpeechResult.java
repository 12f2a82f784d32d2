package aiserver.job;

import java.util.List;

/**
 * What was said.
 *
 * @param text                the whole text, trimmed; empty where nobody spoke
 * @param language            ISO 639-1 code
 * @param languageProbability 0 to 1; 1 where the language was given
 * @param durationSeconds     of the decoded audio
 */
public record SpeechResult(String text, String language, double languageProbability, double durationSeconds,
                           List<Segment> segments) implements JobResult {
    public SpeechResult {
        segments = List.copyOf(segments);
    }

    /** A stretch of speech; {@code start} and {@code end} in seconds from the beginning of the audio. */
    public record Segment(double start, double end, String text) {
    }
}
