package aiserver.engine;

import java.util.List;
import java.util.Map;

/**
 * What a language model wrote.
 *
 * @param text         the whole answer, whole characters only
 * @param tokens       ids of the answer in order, forced ones too
 * @param promptTokens length of the prompt
 * @param cachedTokens of these, how many were taken from an earlier run's state
 * @param finished     false where the token limit ended it
 * @param choices      for each named {@link AnswerForm.Choice}: what was chosen and how probable each option was
 */
public record Generation(String text, List<Integer> tokens, int promptTokens, int cachedTokens, boolean finished,
                         Map<String, Chosen> choices) {
    public Generation {
        tokens = List.copyOf(tokens);
        choices = Map.copyOf(choices);
    }

    /** @param probability 0 to 1, of the chosen option against the others, at temperature 1 */
    public record Chosen(String option, double probability) {
    }
}
