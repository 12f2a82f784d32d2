package aiserver.service.picture;

import java.nio.file.Path;
import java.util.Objects;

/**
 * How pictures are made; set by configuration, never by a job.
 *
 * @param width          in pixels, as {@link aiserver.engine.ImageRequest} allows; {@code height} likewise
 * @param steps          of the sampler, 1 to 200
 * @param guidance       classifier-free guidance scale, 1 to 30
 * @param negativePrompt used where a job has none; plain English
 * @param longestPrompt  most characters of a job's prompt or negative prompt, 1 to 100,000
 * @param wordsFolder    where the shop keeps its own {@code cake-words.tsv}, {@code unsafe-words.tsv} and
 *                       {@code safe-words.tsv}, each in place of the worker's; or null
 */
public record PictureSettings(int width, int height, int steps, double guidance, String negativePrompt,
                              int longestPrompt, Path wordsFolder) {
    public static final PictureSettings DEFAULTS =
            new PictureSettings(512, 512, 50, 7.5, "blurry, low quality, distorted, ugly, bad anatomy", 2000, null);

    public PictureSettings {
        Objects.requireNonNull(negativePrompt, "negativePrompt");
        requireSide("width", width);
        requireSide("height", height);
        require(steps >= 1 && steps <= 200, "steps", steps, "1 to 200");
        require(guidance >= 1 && guidance <= 30, "guidance", guidance, "1 to 30");
        require(longestPrompt >= 1 && longestPrompt <= 100_000, "longestPrompt", longestPrompt, "1 to 100000");
    }

    private static void requireSide(String field, int value) {
        require(value >= 64 && value <= 2048 && value % 16 == 0, field, value, "64 to 2048 and a multiple of 16");
    }

    private static void require(boolean ok, String field, Number value, String range) {
        if (!ok) {
            throw new IllegalArgumentException("picture " + field + " must be " + range + " but is " + value);
        }
    }
}
