package aiserver.service.speech;

import aiserver.service.ShopFiles;
import aiserver.service.ShopLanguage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What the speech model is told and not believed, by language. {@code words-ko.txt}: menus, styles and whatever else
 * customers of the shop say, a line each; the model hears them more readily. {@code invented-ko.txt}: sentences that
 * speech models make up for noise, which nobody says to a cake shop. A line that begins with {@code #} is a comment.
 * The shop's folder goes before the program's own files. Read once; immutable, any thread.
 */
final class SpeechWords {
    /** The prompt may take half of the model's 448 tokens; a Hangul syllable takes one or two. */
    static final int MAX_PROMPT = 140;

    private final Map<String, String> prompts = new LinkedHashMap<>();
    private final Map<String, Set<String>> invented = new LinkedHashMap<>();

    /** @throws IllegalArgumentException that names the folder or the file that cannot be read */
    SpeechWords(Path directory) {
        ShopFiles files = new ShopFiles("the speech words", directory, "/aiserver/speech/");
        for (ShopLanguage language : ShopLanguage.values()) {
            String code = language.code();
            prompts.put(code, prompt(lines(files.read("words-" + code + ".txt"))));
            Set<String> sentences = new HashSet<>();
            lines(files.read("invented-" + code + ".txt")).forEach(line -> sentences.add(bare(line)));
            invented.put(code, Set.copyOf(sentences));
        }
    }

    /** For each language the words as one sentence; as many from the beginning of the file as the model takes. */
    Map<String, String> prompts() {
        return Map.copyOf(prompts);
    }

    /** Whether a text is nothing but a sentence that models make up, whatever its spaces and punctuation. */
    boolean isInvented(String language, String text) {
        return invented.getOrDefault(language, Set.of()).contains(bare(text));
    }

    private static String prompt(List<String> words) {
        StringBuilder prompt = new StringBuilder();
        for (String word : words) {
            if (prompt.length() + ", ".length() + word.length() + ".".length() > MAX_PROMPT) {
                break;
            }
            prompt.append(prompt.isEmpty() ? "" : ", ").append(word);
        }
        return prompt.isEmpty() ? "" : prompt.append('.').toString();
    }

    private static String bare(String text) {
        return text.replaceAll("[^\\p{L}\\p{N}]", "").toLowerCase(Locale.ROOT);
    }

    private static List<String> lines(String file) {
        List<String> lines = new ArrayList<>();
        for (String line : file.lines().toList()) {
            String text = line.strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                lines.add(text);
            }
        }
        return lines;
    }
}
