package aiserver.engine;

import java.util.Objects;

/**
 * What to draw and how.
 *
 * @param width    in pixels, 64 to 2048, a multiple of 16
 * @param steps    1 to 200
 * @param guidance classifier-free guidance scale, 1 (none) to 30
 * @param seed     0 or more
 */
public record ImageRequest(String prompt, String negativePrompt, int width, int height, int steps, double guidance,
                           long seed) {
    public ImageRequest {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(negativePrompt, "negativePrompt");
        requireSide("width", width);
        requireSide("height", height);
        require(steps >= 1 && steps <= 200, "steps", steps);
        require(guidance >= 1 && guidance <= 30, "guidance", guidance);
        require(seed >= 0, "seed", seed);
    }

    private static void requireSide(String field, int value) {
        require(value >= 64 && value <= 2048 && value % 16 == 0, field, value);
    }

    private static void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, field + " cannot be " + value);
        }
    }
}
