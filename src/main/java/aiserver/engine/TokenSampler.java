package aiserver.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Chooses a token from the model's logits: the top k, scaled by the temperature, cut by top-p and min-p, one drawn by
 * the seeded generator. Only the few candidates at the top are asked whether they are allowed; where none of them is,
 * the likeliest that is. NaN counts as impossible. One for each answer; used by the engine's thread.
 */
final class TokenSampler {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    /** Candidates that are looked at first when only the likeliest counts. */
    private static final int GREEDY_CANDIDATES = 8;
    private static final int MAX_CANDIDATES = 1024;
    private static final int BLOCK = 4096;

    private final Sampling sampling;
    private final RandomGenerator random;
    private final int[] ids;
    private final float[] scores;
    private final float[] block = new float[BLOCK];
    private int count;

    TokenSampler(Sampling sampling) {
        this.sampling = sampling;
        this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(sampling.seed());
        int capacity = sampling.temperature() == 0 ? GREEDY_CANDIDATES : Math.min(sampling.topK(), MAX_CANDIDATES);
        this.ids = new int[capacity];
        this.scores = new float[capacity];
    }

    /** What it looks at, as long as one of the likeliest is allowed. */
    AnswerDecoder.Wanted wanted() {
        return new AnswerDecoder.Wanted(ids.length, new int[0]);
    }

    /**
     * @return an allowed token
     * @throws EngineException ENGINE_FAILED where no token is both possible and allowed
     */
    int sample(MemorySegment logits, IntPredicate allowed) {
        collect(logits);
        keep(allowed);
        if (count == 0) {
            return likeliest(logits, allowed);
        }
        if (sampling.temperature() == 0) {
            return ids[0];
        }
        double[] weights = new double[count];
        double total = 0;
        for (int i = 0; i < count; i++) {
            weights[i] = Math.exp((scores[i] - scores[0]) / sampling.temperature());
            total += weights[i];
        }
        double kept = 0;
        int n = 0;
        while (n < count && (n == 0 || kept < sampling.topP() * total && weights[n] >= sampling.minP())) {
            kept += weights[n++];
        }
        double drawn = random.nextDouble() * kept;
        for (int i = 0; i < n - 1; i++) {
            drawn -= weights[i];
            if (drawn < 0) {
                return ids[i];
            }
        }
        return ids[n - 1];
    }

    /** The likeliest allowed token; looks at all. */
    static int likeliest(MemorySegment logits, IntPredicate allowed) {
        int size = (int) (logits.byteSize() / Float.BYTES);
        int best = -1;
        float bestScore = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < size; id++) {
            float score = logits.getAtIndex(FLOAT, id);
            if (score > bestScore && allowed.test(id)) {
                best = id;
                bestScore = score;
            }
        }
        if (best < 0) {
            throw new EngineException(EngineException.Kind.ENGINE_FAILED, "the model leaves no token that the answer's form allows");
        }
        return best;
    }

    // Block by block through a small array: a fifth of the time of reading the segment float by float.
    private void collect(MemorySegment logits) {
        int size = (int) (logits.byteSize() / Float.BYTES);
        count = 0;
        float least = Float.NEGATIVE_INFINITY;
        for (int from = 0; from < size; from += BLOCK) {
            int length = Math.min(BLOCK, size - from);
            MemorySegment.copy(logits, FLOAT, (long) from * Float.BYTES, block, 0, length);
            least = collect(from, length, least);
        }
    }

    // Most floats are too small, so they are looked at in eights: half of the time of one after the other.
    private float collect(int from, int length, float worth) {
        float[] floats = block;
        float least = worth;
        int i = 0;
        for (; i + 7 < length; i += 8) {
            if (floats[i] > least || floats[i + 1] > least || floats[i + 2] > least || floats[i + 3] > least
                    || floats[i + 4] > least || floats[i + 5] > least || floats[i + 6] > least || floats[i + 7] > least) {
                least = insert(from, i, i + 8, least);
            }
        }
        return insert(from, i, length, least);
    }

    // Into the short sorted array, in falling order; answers the least score that is still worth looking at.
    private float insert(int from, int begin, int end, float worth) {
        float least = worth;
        for (int i = begin; i < end; i++) {
            float score = block[i];
            if (score > least) {
                int at = count < ids.length ? count++ : count - 1;
                while (at > 0 && scores[at - 1] < score) {
                    scores[at] = scores[at - 1];
                    ids[at] = ids[at - 1];
                    at--;
                }
                scores[at] = score;
                ids[at] = from + i;
                if (count == ids.length) {
                    least = scores[count - 1];
                }
            }
        }
        return least;
    }

    private void keep(IntPredicate allowed) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (allowed.test(ids[i])) {
                ids[kept] = ids[i];
                scores[kept++] = scores[i];
            }
        }
        count = kept;
    }
}
