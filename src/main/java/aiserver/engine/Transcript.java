package aiserver.engine;

import java.util.List;

/**
 * What an engine heard.
 *
 * @param language            ISO 639-1
 * @param languageProbability 0 to 1; 1 where the language was forced
 */
public record Transcript(String language, double languageProbability, List<Segment> segments) {
    public Transcript {
        segments = List.copyOf(segments);
    }

    /**
     * @param start               seconds from the first sample
     * @param noSpeechProbability of the window that the segment comes from, 0 to 1
     * @param tokens              ids as decoded, with their log-probabilities beside them; text tokens only
     */
    public record Segment(double start, double end, String text, double noSpeechProbability,
                          List<Integer> tokens, List<Float> logProbabilities) {
        public Segment {
            tokens = List.copyOf(tokens);
            logProbabilities = List.copyOf(logProbabilities);
        }
    }
}
