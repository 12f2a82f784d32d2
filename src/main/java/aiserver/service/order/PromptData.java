package aiserver.service.order;

import aiserver.job.JsonObjects;
import aiserver.job.OrderContext.MenuItem;
import aiserver.job.OrderContext.Utterance;
import aiserver.job.PastOrder;
import aiserver.job.ShopEvent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How each kind of data is written in a prompt, a line each; {@code docs/prompt.md} has the same rules for those who
 * make training data. Lines that are the same for all customers of a shop come first in a prompt, what changes with
 * every sentence last, so that as much as possible of one prompt's state serves the next. Stateless.
 */
final class PromptData {
    private static final int NAME = 60;
    private static final int VALUE = 200;
    private static final int UTTERANCE = 500;
    private static final int CUSTOMER_FACTS = 8;

    private PromptData() {
    }

    /** A name in one line, cut where it is longer than any name. */
    static String name(String text) {
        return PromptWords.oneLine(text, NAME);
    }

    /** {@code name [style/style] {option/option} 38000}, without details the name alone. */
    static String menuItem(MenuItem item, boolean details) {
        return details ? entry(item.name(), item.styles(), item.options(), item.price()) : PromptWords.oneLine(item.name());
    }

    /** {@code name [style] {option/option} 38000 2026-11-01}, the price and date where they are known. */
    static String pastOrder(PastOrder order) {
        String text = entry(PromptWords.oneLine(order.menu(), NAME), order.style() == null ? List.of() : List.of(order.style()),
                order.options(), order.price());
        if (order.orderedAt() == null) {
            return text;
        }
        String date = PromptWords.oneLine(order.orderedAt());
        return text + " " + date.substring(0, date.offsetByCodePoints(0, Math.min(10, date.codePointCount(0, date.length()))));
    }

    /** {@code name 10% [menu/menu] ~2026-12-31 (description)}, each part where it is known. */
    static String event(ShopEvent event) {
        StringBuilder text = new StringBuilder(PromptWords.oneLine(event.name(), NAME));
        if (event.discountPercent() != null) {
            text.append(' ').append(percent(event.discountPercent())).append('%');
        }
        list(text, '[', event.menus(), ']');
        if (event.endsAt() != null) {
            text.append(" ~").append(PromptWords.oneLine(event.endsAt(), 25));
        }
        if (event.description() != null && !event.description().isBlank()) {
            text.append(" (").append(PromptWords.oneLine(event.description(), VALUE)).append(')');
        }
        return text.toString();
    }

    /** The name, then other facts that are text, number or true/false as {@code key value}, at most eight in all. */
    static String customer(Map<String, Object> user) {
        List<String> facts = new ArrayList<>();
        if (user.get("name") instanceof String name && !name.isBlank()) {
            facts.add(PromptWords.oneLine(name, NAME));
        }
        user.forEach((key, value) -> {
            boolean plain = value instanceof String text ? !text.isBlank() : value instanceof Number || value instanceof Boolean;
            if (plain && !key.equals("name") && facts.size() < CUSTOMER_FACTS) {
                facts.add(PromptWords.oneLine(key, NAME) + " " + PromptWords.oneLine(value.toString(), NAME));
            }
        });
        return String.join("; ", facts);
    }

    /** {@code label: "what was said"}. */
    static String utterance(Utterance utterance, PromptTexts texts) {
        String label = texts.label(utterance.role() == Utterance.Role.USER ? "said" : "answered");
        return label + ": " + PromptWords.quoted(PromptWords.oneLine(utterance.content(), UTTERANCE));
    }

    /** The parts of an order that it holds, in the order of {@link OrderField}, as a JSON object; none: {@code {}}. */
    static String order(Map<String, Object> order) {
        Map<String, Object> held = new LinkedHashMap<>();
        for (OrderField field : OrderField.values()) {
            if (field == OrderField.OPTIONS) {
                List<String> options = OrderStateMerge.options(order).stream()
                        .map(option -> PromptWords.oneLine(option, NAME)).limit(OrderMenu.MAX_CHOICES).toList();
                if (!options.isEmpty()) {
                    held.put(field.wireName(), options);
                }
            } else if (field.isIn(order)) {
                Object value = order.get(field.wireName());
                held.put(field.wireName(), value instanceof Number ? value : PromptWords.oneLine(value.toString(), VALUE));
            }
        }
        return JsonObjects.write(held);
    }

    /** A percentage or an amount without needless zeros. */
    static String percent(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    private static String entry(String name, List<String> styles, List<String> options, Long price) {
        StringBuilder text = new StringBuilder(PromptWords.oneLine(name));
        list(text, '[', styles, ']');
        list(text, '{', options, '}');
        if (price != null) {
            text.append(' ').append(price);
        }
        return text.toString();
    }

    private static void list(StringBuilder text, char open, List<String> items, char close) {
        if (!items.isEmpty()) {
            text.append(' ').append(open)
                    .append(String.join("/", items.stream().map(item -> PromptWords.oneLine(item, NAME)).toList())).append(close);
        }
    }
}
