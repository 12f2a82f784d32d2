package aiserver.service.order;

import aiserver.engine.AnswerForm.Choice;
import aiserver.engine.AnswerForm.JsonText;
import aiserver.engine.AnswerForm.Literal;
import aiserver.engine.AnswerForm.Option;
import aiserver.engine.AnswerForm.Part;
import aiserver.engine.AnswerForm.Repeat;
import aiserver.engine.AnswerForm;
import aiserver.job.JsonObjects;
import aiserver.job.OrderStage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The form of the model's answer to an order: one JSON object with the contract's keys in this order, without blanks,
 * the fixed words for intent and state, names from the shop's menu where there is one, and bounded texts. Made for one
 * job; a job brings only names, which are escaped.
 *
 * <pre>{@code
 * {"intent":"…","order_state":{"menu":…,"style":…,"options":[…],"size":…,"quantity":…,"lettering":…,"pickup_at":…,
 *  "notes":…,"remove":[…]},"state":"…","recommended_menu":{"name":"…"},"alternatives":[…],
 *  "additional_questions":[…],"analysis":"…","response":"…"}
 * }</pre>
 *
 * <p>In {@code order_state} a null is a part that was not spoken of; {@code options} are added, {@code remove} names
 * parts and options of the order so far that go. {@link OrderAnswer} reads it.
 */
final class OrderAnswerForm {
    static final String INTENT = "intent";

    private static final int MAX_OPTIONS = 8;
    private static final int MAX_ALTERNATIVES = 3;
    private static final int MAX_QUESTIONS = 2;
    private static final int SHORT_TEXT = 40;
    private static final int LONG_TEXT = 100;
    private static final int ANALYSIS = 120;
    private static final int RESPONSE = 200;

    private final OrderMenu menu;
    private final Map<String, Object> order;
    // items with the same styles and options share what follows them
    private final Map<List<List<String>>, List<Part>> afterMenu = new HashMap<>();

    OrderAnswerForm(OrderMenu menu, Map<String, Object> order) {
        this.menu = menu;
        this.order = order;
    }

    AnswerForm.Template template() {
        List<Part> parts = new ArrayList<>();
        add(parts, "{\"intent\":\"", words(INTENT, OrderIntent.wireNames()));
        add(parts, "\",\"order_state\":{\"menu\":", menuAndWhatDependsOnIt());
        add(parts, ",\"size\":", textOrNull("size", SHORT_TEXT));
        add(parts, ",\"quantity\":", quantity());
        add(parts, ",\"lettering\":", textOrNull("lettering", SHORT_TEXT));
        add(parts, ",\"pickup_at\":", textOrNull("pickup_at", SHORT_TEXT));
        add(parts, ",\"notes\":", textOrNull("notes", LONG_TEXT));
        parts.add(new Literal(",\"remove\":["));
        parts.add(remove());
        add(parts, "},\"state\":\"", words("state", Arrays.stream(OrderStage.values()).map(OrderStage::wireName).toList()));
        add(parts, "\",\"recommended_menu\":", recommended());
        add(parts, ",\"alternatives\":[", names("alternatives", menu.names(), MAX_ALTERNATIVES));
        add(parts, ",\"additional_questions\":[", texts("additional_questions", LONG_TEXT, MAX_QUESTIONS));
        add(parts, ",\"analysis\":\"", new JsonText("analysis", ANALYSIS));
        add(parts, ",\"response\":\"", new JsonText("response", RESPONSE));
        parts.add(new Literal("}"));
        return new AnswerForm.Template(parts);
    }

    private Part menuAndWhatDependsOnIt() {
        List<Option> options = new ArrayList<>();
        options.add(new Option("null", styleAndOptions(order.get("menu"))));
        if (menu.isEmpty()) {
            List<Part> then = new ArrayList<>();
            then.add(new JsonText("menu", SHORT_TEXT));
            then.addAll(styleAndOptions(null));
            options.add(new Option("\"", then));
        }
        for (String name : menu.names()) {
            options.add(new Option(JsonObjects.write(name), styleAndOptions(name)));
        }
        return new Choice("menu", options);
    }

    private List<Part> styleAndOptions(Object name) {
        List<String> styles = menu.stylesFor(name);
        List<String> extras = menu.optionsFor(name);
        return afterMenu.computeIfAbsent(List.of(styles, extras), key -> {
            List<Part> parts = new ArrayList<>();
            add(parts, ",\"style\":", styles.isEmpty() ? textOrNull("style", SHORT_TEXT) : oneOrNull("style", styles));
            add(parts, ",\"options\":[", names("options", extras, MAX_OPTIONS));
            return List.copyOf(parts);
        });
    }

    private Part remove() {
        List<String> removable = new ArrayList<>();
        for (OrderField field : OrderField.values()) {
            if (field == OrderField.OPTIONS) {
                // a longer one would take the room that every other list and text of the answer has
                OrderStateMerge.options(order).stream()
                        .filter(option -> option.codePointCount(0, option.length()) <= OrderMenu.MAX_NAME).forEach(removable::add);
            } else if (field != OrderField.MENU && field.isIn(order)) {
                removable.add(field.wireName());
            }
        }
        List<String> distinct = removable.stream().distinct().limit(OrderMenu.MAX_CHOICES).toList();
        return distinct.isEmpty() ? new Literal("]") : names("remove", distinct, Math.min(MAX_OPTIONS, distinct.size()));
    }

    private Part recommended() {
        List<Option> options = new ArrayList<>();
        options.add(new Option("null"));
        if (menu.isEmpty()) {
            options.add(new Option("{\"name\":\"", List.of(new JsonText("recommended_menu", SHORT_TEXT), new Literal("}"))));
        }
        menu.names().forEach(name -> options.add(new Option("{\"name\":" + JsonObjects.write(name) + "}")));
        return new Choice("recommended_menu", options);
    }

    private static Part quantity() {
        List<Option> options = new ArrayList<>();
        options.add(new Option("null"));
        IntStream.rangeClosed(1, OrderField.MAX_QUANTITY).forEach(n -> options.add(new Option(Integer.toString(n))));
        return new Choice("quantity", options);
    }

    private static Part words(String name, List<String> words) {
        return new Choice(name, words.stream().map(Option::new).toList());
    }

    private static Part oneOrNull(String name, List<String> texts) {
        List<Option> options = new ArrayList<>();
        options.add(new Option("null"));
        texts.forEach(text -> options.add(new Option(JsonObjects.write(text))));
        return new Choice(name, options);
    }

    private static Part textOrNull(String name, int max) {
        return new Choice(name, List.of(new Option("null"), new Option("\"", List.of(new JsonText(name, max)))));
    }

    /** Items of an array: some of the names, or short texts where there are no names. */
    private static Part names(String name, List<String> names, int max) {
        return names.isEmpty() ? texts(name, SHORT_TEXT, max)
                : new Repeat(name, List.of(new Choice(name, names.stream().map(n -> new Option(JsonObjects.write(n))).toList())), max);
    }

    private static Part texts(String name, int maxChars, int max) {
        return new Repeat(name, List.of(new Literal("\""), new JsonText(name, maxChars)), max);
    }

    private static void add(List<Part> parts, String literal, Part value) {
        parts.add(new Literal(literal));
        parts.add(value);
    }
}
