package aiserver.service.order;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.OrderContext.MenuItem;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the shop sells, by name: the first of items with one name counts. Names, styles and options are taken as single
 * lines. An empty menu means that anything may be ordered. Immutable, any thread.
 */
final class OrderMenu {
    /** Longest name, style or option, in code points. */
    static final int MAX_NAME = 100;
    /** Most styles, or options, of one item. */
    static final int MAX_CHOICES = 100;

    private final Map<String, MenuItem> items = new LinkedHashMap<>();

    /** @throws JobException INVALID_PAYLOAD for a name, style or option that is too long, or too many of them */
    OrderMenu(List<MenuItem> menu) {
        for (MenuItem item : menu) {
            String name = line("name", item.name());
            if (!name.isEmpty()) {
                items.putIfAbsent(name, new MenuItem(name, item.price(), lines("styles", item.styles()),
                        lines("options", item.options())));
            }
        }
    }

    boolean isEmpty() {
        return items.isEmpty();
    }

    List<MenuItem> items() {
        return List.copyOf(items.values());
    }

    List<String> names() {
        return List.copyOf(items.keySet());
    }

    Optional<MenuItem> item(Object name) {
        return name instanceof String text ? Optional.ofNullable(items.get(PromptWords.oneLine(text))) : Optional.empty();
    }

    /** Styles that may be chosen with a menu; all styles of the shop where that menu is not known; empty: any text. */
    List<String> stylesFor(Object menu) {
        return item(menu).map(MenuItem::styles).orElseGet(() -> all(MenuItem::styles));
    }

    /** Options that may be chosen with a menu; all options of the shop where that menu is not known; empty: any text. */
    List<String> optionsFor(Object menu) {
        return item(menu).map(MenuItem::options).orElseGet(() -> all(MenuItem::options));
    }

    /** False where the chosen menu has no styles although others on the menu have. */
    boolean hasStyle(Object menu) {
        return item(menu).map(item -> !item.styles().isEmpty()).orElse(true) || all(MenuItem::styles).isEmpty();
    }

    private List<String> all(Function<MenuItem, List<String>> part) {
        LinkedHashSet<String> all = new LinkedHashSet<>();
        items.values().forEach(item -> all.addAll(part.apply(item)));
        return all.stream().limit(MAX_CHOICES).toList();
    }

    private static List<String> lines(String field, List<String> texts) {
        if (texts.size() > MAX_CHOICES) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload.context.menu " + field + " may have at most "
                    + MAX_CHOICES + " entries but has " + texts.size());
        }
        return texts.stream().map(text -> line(field, text)).filter(text -> !text.isEmpty()).distinct().toList();
    }

    private static String line(String field, String text) {
        String line = PromptWords.oneLine(text);
        int length = line.codePointCount(0, line.length());
        if (length > MAX_NAME) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload.context.menu " + field + " may have at most "
                    + MAX_NAME + " characters but has " + length + ": " + PromptWords.oneLine(line, 40));
        }
        return line;
    }
}
