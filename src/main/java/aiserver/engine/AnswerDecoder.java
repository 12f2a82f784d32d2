package aiserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/**
 * Chooses the tokens of one answer. Driven by the engine's thread: {@link #start} right after the prompt, then
 * {@link #next} with the model's view after the last token of each step, until a step is the last.
 */
interface AnswerDecoder {
    /**
     * What comes next, to be fed to the model in one go.
     *
     * @param tokens may be empty at the start only
     * @param last   nothing more is to be chosen; these tokens need not be fed
     */
    record Step(int[] tokens, boolean last) {
    }

    /**
     * What the logits behind a step are looked at for; those of all other tokens may be rough.
     *
     * @param likeliest how many of the likeliest tokens
     * @param tokens    and which besides
     */
    record Wanted(int likeliest, int[] tokens) {
        static final Wanted NOTHING = new Wanted(0, new int[0]);

        Wanted and(Wanted other) {
            int[] both = Arrays.copyOf(tokens, tokens.length + other.tokens.length);
            System.arraycopy(other.tokens, 0, both, tokens.length, other.tokens.length);
            return new Wanted(Math.max(likeliest, other.likeliest), both);
        }
    }

    /** The tokens that are fixed before anything is chosen. */
    Step start();

    /** What {@link #next} will look at. */
    Wanted wanted();

    /** @param logits one float for each token of the vocabulary, valid during the call only */
    Step next(MemorySegment logits);

    /** What was written so far, whole characters only. */
    String text();

    /** What was chosen at each named choice so far. */
    Map<String, Generation.Chosen> choices();

    /** Whether the answer ended by itself and not by a limit. */
    boolean finished();
}
