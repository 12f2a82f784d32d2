package aiserver.service.order;

import aiserver.job.OrderContext.MenuItem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

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
        List<String> held = options(order);
        List<String> added = options(said).stream().filter(name -> !held.contains(name)).toList();
        if (!added.isEmpty()) {
            List<Object> options = new ArrayList<>(kept(order));
            options.addAll(added);
            order.put(OrderField.OPTIONS.wireName(), options);
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

    /** The names of the options that an order or an answer holds, each once. */
    static List<String> options(Map<String, Object> order) {
        return kept(order).stream().map(OrderStateMerge::nameOf).flatMap(Optional::stream).distinct().toList();
    }

    // As the backend has them, but for those that say nothing or the same again: texts or objects with a name, in a list, or a
    // single one alone.
    private static List<?> kept(Map<String, Object> order) {
        List<?> all = switch (order.get(OrderField.OPTIONS.wireName())) {
            case List<?> list -> list;
            case null -> List.of();
            case Object one -> List.of(one);
        };
        return all.stream().filter(option -> option != null && !(option instanceof String text && text.isBlank())).distinct().toList();
    }

    private static Optional<String> nameOf(Object option) {
        Object name = option instanceof Map<?, ?> object ? object.get("name") : option;
        return name instanceof String text && !text.isBlank() ? Optional.of(text) : Optional.empty();
    }

    private static void dropOptions(Map<String, Object> order, Predicate<String> goes) {
        order.put(OrderField.OPTIONS.wireName(), kept(order).stream().filter(option -> nameOf(option).filter(goes).isEmpty()).toList());
    }

    private static void remove(Map<String, Object> order, Map<String, Object> said) {
        if (!(said.get("remove") instanceof List<?> names)) {
            return;
        }
        for (Object name : names) {
            if (name instanceof String text && options(order).contains(text)) {
                dropOptions(order, text::equals);
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
            dropOptions(order, name -> !item.options().contains(name));
        }
    }
}
