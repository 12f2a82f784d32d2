package aiserver.engine;

import java.lang.foreign.MemorySegment;
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

    /** The tokens that are fixed before anything is chosen. */
    Step start();

    /** @param logits one float for each token of the vocabulary, valid during the call only */
    Step next(MemorySegment logits);

    /** What was written so far, whole characters only. */
    String text();

    /** What was chosen at each named choice so far. */
    Map<String, Generation.Chosen> choices();

    /** Whether the answer ended by itself and not by a limit. */
    boolean finished();
}
