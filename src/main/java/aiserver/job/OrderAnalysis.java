package aiserver.job;

import java.util.List;
import java.util.Map;

/**
 * What the customer wants and what to answer.
 *
 * @param intent          one of {@code order, inquiry, recommendation, change, cancel, other}
 * @param confidence      0 to 1, the probability that the model gave this intent against the others
 * @param recommendedMenu {@code name} and more, or null
 * @param alternatives    objects with {@code name}, may be empty
 * @param orderState      the merged order
 * @param notes           what was left out to fit the context, and the like; may be empty
 */
public record OrderAnalysis(String intent, double confidence, String response, String analysis,
                            Map<String, Object> recommendedMenu, List<Object> alternatives,
                            List<String> additionalQuestions, Map<String, Object> orderState, OrderStage state,
                            Transition transition, List<String> notes) implements JobResult {

    /** Which move of the order was made or held back; {@code reason} says why in a few words. */
    public record Transition(OrderStage from, OrderStage to, boolean advanced, String reason) {
    }
}
