package aiserver.engine;

/**
 * How tokens are chosen.
 *
 * @param temperature 0: always the likeliest token, the rest is ignored; up to 2
 * @param topK        1 or more candidates
 * @param topP        0 to 1, share of probability that candidates hold
 * @param seed        same seed, model, prompt and settings: same draws, and the same answer but for roundings where a
 *                    prompt is computed in other pieces
 */
public record Sampling(double temperature, int topK, double topP, double minP, long seed) {
    public static final int MAX_TEMPERATURE = 2;
    public static final Sampling GREEDY = new Sampling(0, 1, 1, 0, 0);

    /** Qwen3-4B-Instruct-2507's model card: temperature 0.7, top-p 0.8, top-k 20, min-p 0. */
    public static Sampling qwen(long seed) {
        return new Sampling(0.7, 20, 0.8, 0, seed);
    }

    public Sampling {
        require(temperature >= 0 && temperature <= MAX_TEMPERATURE, "temperature", temperature);
        require(topK >= 1, "topK", topK);
        require(topP > 0 && topP <= 1, "topP", topP);
        require(minP >= 0 && minP < 1, "minP", minP);
    }

    private static void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw new IllegalArgumentException("sampling " + field + " cannot be " + value);
        }
    }
}
