package aiserver.service.order;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The parts of an order that the model fills; {@code order_state} may hold other keys of the backend's beside them. */
enum OrderField {
    /** Text: the name of what is bought. */
    MENU,
    /** Text. */
    STYLE,
    /** Text, as the shop names sizes. */
    SIZE,
    /** Whole number, 1 to {@value #MAX_QUANTITY}. */
    QUANTITY,
    /** List of texts, without repetition. */
    OPTIONS,
    /** Text to write on the cake. */
    LETTERING,
    /** Text: when it is collected, as the customer said it. */
    PICKUP_AT,
    /** Text: other wishes. */
    NOTES;

    static final int MAX_QUANTITY = 99;

    String wireName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    static List<String> wireNames() {
        return Arrays.stream(values()).map(OrderField::wireName).toList();
    }

    static Optional<OrderField> ofWireName(String name) {
        return Arrays.stream(values()).filter(field -> field.wireName().equals(name)).findFirst();
    }

    /** Whether an order holds this part: a value that is neither null nor empty. */
    boolean isIn(Map<String, Object> order) {
        return switch (order.get(wireName())) {
            case null -> false;
            case String text -> !text.isBlank();
            case List<?> list -> !list.isEmpty();
            default -> true;
        };
    }
}
