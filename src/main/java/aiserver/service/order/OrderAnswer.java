package aiserver.service.order;

import aiserver.engine.EngineException;
import aiserver.engine.Generation;
import aiserver.job.JsonObjects;
import aiserver.job.OrderStage;
import java.util.List;
import java.util.Map;

/**
 * The model's answer to an order, read from the JSON that {@link OrderAnswerForm} lets it write.
 *
 * @param confidence   0 to 1, the intent's probability against the others
 * @param said         what the sentence newly says of the order, texts as single lines, and {@code remove} as it is
 * @param recommended  a menu's name, or null
 * @param alternatives names, none twice and none that is recommended
 */
record OrderAnswer(OrderIntent intent, double confidence, Map<String, Object> said, OrderStage state, String recommended,
                   List<String> alternatives, List<String> questions, String analysis, String response) {

    /** @throws EngineException ENGINE_FAILED for an answer that has not the form: an engine that broke its promise */
    static OrderAnswer of(Generation generation) {
        try {
            Map<String, Object> json = JsonObjects.read(generation.text());
            @SuppressWarnings("unchecked")
            Map<String, Object> said = (Map<String, Object>) json.get("order_state");
            said.replaceAll(OrderAnswer::clean);
            Object recommended = json.get("recommended_menu");
            String name = recommended == null ? null : line(((Map<?, ?>) recommended).get("name"));
            return new OrderAnswer(
                    OrderIntent.ofWireName((String) json.get("intent")).orElseThrow(),
                    generation.choices().get(OrderAnswerForm.INTENT).probability(),
                    said,
                    OrderStage.ofWireName((String) json.get("state")).orElseThrow(),
                    name == null || name.isEmpty() ? null : name,
                    lines(json.get("alternatives")).stream().filter(other -> !other.equals(name)).toList(),
                    lines(json.get("additional_questions")),
                    line(json.get("analysis")),
                    line(json.get("response")));
        } catch (IllegalArgumentException | ClassCastException | NullPointerException | java.util.NoSuchElementException e) {
            throw new EngineException(EngineException.Kind.ENGINE_FAILED,
                    "the answer has not the form of an order: " + PromptWords.oneLine(generation.text(), 200), e);
        }
    }

    // Names in remove are looked up in the order, where they stand as the backend wrote them.
    private static Object clean(String key, Object value) {
        return switch (value) {
            case String text -> line(text);
            case List<?> list when !key.equals("remove") -> lines(list);
            case null, default -> value;
        };
    }

    private static String line(Object text) {
        return PromptWords.oneLine((String) text);
    }

    private static List<String> lines(Object list) {
        return ((List<?>) list).stream().map(OrderAnswer::line).filter(text -> !text.isEmpty()).distinct().toList();
    }
}
