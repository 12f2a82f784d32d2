package aiserver.service.speech;

import aiserver.engine.SpeechRequest;
import aiserver.engine.Transcript;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.zip.Deflater;

/**
 * Tells what a model made up from what it heard: a window without speech and without confidence, a phrase that goes
 * round in circles even after every temperature was tried, a sentence known to be invented. Immutable; any thread.
 */
final class SpeechDoubt {
    /** OpenAI's threshold: text that shrinks to less than 1/2.4 repeats itself. */
    private static final double MAX_COMPRESSION = 2.4;
    /** Shorter texts say too little about themselves; a customer may say "네, 네, 네". */
    private static final int REPEATING_BYTES = 90;

    private final SpeechRequest thresholds;
    private final SpeechWords words;

    SpeechDoubt(SpeechRequest thresholds, SpeechWords words) {
        this.thresholds = Objects.requireNonNull(thresholds, "thresholds");
        this.words = Objects.requireNonNull(words, "words");
    }

    /** True where a segment is better left out. */
    boolean doubts(String language, Transcript.Segment segment) {
        boolean nobodySpoke = segment.noSpeechProbability() > thresholds.noSpeechThreshold()
                && meanLogProbability(segment) < thresholds.logProbThreshold();
        return nobodySpoke || repeats(segment.text()) || words.isInvented(language, segment.text());
    }

    private static double meanLogProbability(Transcript.Segment segment) {
        return segment.logProbabilities().stream().mapToDouble(Float::doubleValue).average().orElse(0);
    }

    static boolean repeats(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length < REPEATING_BYTES) {
            return false;
        }
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(bytes);
            deflater.finish();
            int size = deflater.deflate(new byte[bytes.length + 64]);
            return (double) bytes.length / size > MAX_COMPRESSION;
        } finally {
            deflater.end();
        }
    }
}
