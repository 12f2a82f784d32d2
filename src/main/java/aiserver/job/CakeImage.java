package aiserver.job;

import java.util.List;

/**
 * A picture.
 *
 * @param png             the file's bytes
 * @param prompt          as sent to the model
 * @param seed            that was used
 * @param filtered        words that were taken out as unsafe; may be empty
 * @param promptTruncated whether the prompt was cut at the encoder's limit
 */
public record CakeImage(byte[] png, int width, int height, String prompt, String negativePrompt, long seed, int steps,
                        double guidanceScale, List<String> filtered, boolean promptTruncated) implements JobResult {
    public CakeImage {
        filtered = List.copyOf(filtered);
    }
}
