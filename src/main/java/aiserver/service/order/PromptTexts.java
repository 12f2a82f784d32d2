package aiserver.service.order;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a prompt file holds: the texts and words of one language. Read once at start; immutable, any thread.
 *
 * @param system    by profile: what the model is told before an order's data
 * @param recommend by profile: what it is told before a recommendation's facts
 * @param labels    the word that opens each line of data
 * @param questions what to ask for a missing part of the order, by its key; {@code cancel}: whether to give it up
 * @param reasons   sentences for a recommendation that the model gave no reason for
 */
public record PromptTexts(Map<Profile, String> system, Map<Profile, String> recommend, Map<String, String> labels,
                          Map<String, String> questions, Map<String, String> reasons) {
    /** How much the model is told: all rules, or a line for a model that was trained on this very form. */
    public enum Profile { FULL, COMPACT }

    private static final List<String> LABELS = List.of("menu", "events", "customer", "history", "dialogue", "said",
            "answered", "order", "stage", "recommended", "alternatives", "frequent", "preferred_style", "average_amount");
    private static final List<String> REASONS = List.of("frequent", "event", "style", "menu", "none");

    public PromptTexts {
        system = Map.copyOf(system);
        recommend = Map.copyOf(recommend);
        labels = Map.copyOf(labels);
        questions = Map.copyOf(questions);
        reasons = Map.copyOf(reasons);
    }

    /**
     * Reads the text of a prompt file.
     *
     * @param source the file's name, for messages
     * @throws IllegalArgumentException that names the file and what is wrong with it
     */
    static PromptTexts parse(String source, String text) {
        Map<String, String> sections = sections(source, text);
        Map<Profile, String> system = new LinkedHashMap<>();
        Map<Profile, String> recommend = new LinkedHashMap<>();
        for (Profile profile : Profile.values()) {
            String name = profile.name().toLowerCase(java.util.Locale.ROOT);
            system.put(profile, section(source, sections, "system." + name));
            recommend.put(profile, section(source, sections, "recommend." + name));
        }
        List<String> questions = new java.util.ArrayList<>(OrderField.wireNames());
        questions.add("cancel");
        return new PromptTexts(system, recommend, words(source, sections, "labels", LABELS),
                words(source, sections, "questions", questions), words(source, sections, "reasons", REASONS));
    }

    String label(String name) {
        return labels.get(name);
    }

    private static Map<String, String> sections(String source, String text) {
        Map<String, StringBuilder> sections = new LinkedHashMap<>();
        StringBuilder current = null;
        for (String line : text.lines().toList()) {
            String stripped = line.strip();
            if (stripped.startsWith("#")) {
                continue;
            }
            if (stripped.startsWith("[") && stripped.endsWith("]")) {
                current = new StringBuilder();
                if (sections.put(stripped.substring(1, stripped.length() - 1), current) != null) {
                    throw new IllegalArgumentException(source + " has " + stripped + " twice");
                }
            } else if (current != null) {
                current.append(line).append('\n');
            } else if (!stripped.isEmpty()) {
                throw new IllegalArgumentException(source + " has text before the first [name]: " + stripped);
            }
        }
        Map<String, String> texts = new LinkedHashMap<>();
        sections.forEach((name, body) -> texts.put(name, body.toString().strip()));
        return texts;
    }

    private static String section(String source, Map<String, String> sections, String name) {
        String body = sections.get(name);
        if (body == null || body.isEmpty()) {
            throw new IllegalArgumentException(source + " has nothing under [" + name + "]");
        }
        return body;
    }

    private static Map<String, String> words(String source, Map<String, String> sections, String name, List<String> keys) {
        Map<String, String> words = new LinkedHashMap<>();
        for (String line : section(source, sections, name).lines().filter(l -> !l.isBlank()).toList()) {
            int equals = line.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException(source + " [" + name + "] has a line without '=': " + line);
            }
            words.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
        }
        for (String key : keys) {
            if (words.getOrDefault(key, "").isEmpty()) {
                throw new IllegalArgumentException(source + " [" + name + "] lacks " + key);
            }
        }
        return words;
    }
}
