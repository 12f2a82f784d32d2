package aiserver.service.order;

import aiserver.job.OrderContext.MenuItem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How what was said becomes part of the order: a value replaces the one before, options are added, {@code remove} takes
 * out what it names, and what was not spoken of stays, so that a forgetful answer loses nothing. Keys that are the
 * backend's own stay untouched. A new menu takes with it a style and options that it does not have. Stateless.
 */
final class OrderStateMerge {
    private OrderStateMerge() {
    }

    /** @param said what the model found in the sentence: values by the names of {@link OrderField}, and {@code remove} */
    static Map<String, Object> merge(Map<String, Object> current, Map<String, Object> said, OrderMenu menu) {
        Map<String, Object> order = new LinkedHashMap<>(current);
        remove(order, said);
        for (OrderField field : OrderField.values()) {
            if (field != OrderField.OPTIONS && field.isIn(said)) {
                order.put(field.wireName(), said.get(field.wireName()));
            }
        }
        Set<String> options = new LinkedHashSet<>(options(order));
        if (options.addAll(options(said))) {
            order.put(OrderField.OPTIONS.wireName(), List.copyOf(options));
        }
        if (OrderField.MENU.isIn(said)) {
            Optional<MenuItem> before = menu.item(current.get(OrderField.MENU.wireName()));
            menu.item(said.get(OrderField.MENU.wireName())).filter(item -> !item.equals(before.orElse(null)))
                    .ifPresent(item -> dropWhatTheItemLacks(order, item));
        }
        return order;
    }

    /** The order given up: the backend's own keys alone are left. */
    static Map<String, Object> cleared(Map<String, Object> current) {
        Map<String, Object> order = new LinkedHashMap<>(current);
        order.keySet().removeAll(OrderField.wireNames());
        return order;
    }

    /** The options that an order or an answer holds; a backend may have kept a single one as text. */
    static List<String> options(Map<String, Object> order) {
        return switch (order.get(OrderField.OPTIONS.wireName())) {
            case String text when !text.isBlank() -> List.of(text);
            case List<?> list -> list.stream().filter(String.class::isInstance).map(String.class::cast)
                    .filter(text -> !text.isBlank()).distinct().toList();
            case null, default -> List.of();
        };
    }

    private static void remove(Map<String, Object> order, Map<String, Object> said) {
        if (!(said.get("remove") instanceof List<?> names)) {
            return;
        }
        List<String> options = new ArrayList<>(options(order));
        for (Object name : names) {
            if (options.remove(name)) {
                order.put(OrderField.OPTIONS.wireName(), List.copyOf(options));
            } else if (name instanceof String text && OrderField.ofWireName(text).isPresent()) {
                order.remove(text);
            }
        }
    }

    private static void dropWhatTheItemLacks(Map<String, Object> order, MenuItem item) {
        Object style = order.get(OrderField.STYLE.wireName());
        if (style != null && !item.styles().isEmpty() && !item.styles().contains(style)) {
            order.remove(OrderField.STYLE.wireName());
        }
        if (!item.options().isEmpty() && OrderField.OPTIONS.isIn(order)) {
            order.put(OrderField.OPTIONS.wireName(), options(order).stream().filter(item.options()::contains).toList());
        }
    }
}
