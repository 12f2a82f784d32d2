package aiserver.service.picture;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The order words of {@code cake-words.tsv} by their spelling. Korean and Japanese words are kept without spaces,
 * English ones as words with single spaces between them (a hyphen is a space), all of them folded. Immutable; any
 * thread.
 */
final class CakeLexicon {
    private final Map<String, List<CakeWord>> words = new HashMap<>();
    private final Map<String, Boolean> particles = new HashMap<>();
    private final List<String> endings = new ArrayList<>();
    private String promptStart = "A beautiful";
    private String promptEnd = "";
    private int longestUnspaced = 1;
    private int mostEnglishWords = 1;

    private CakeLexicon() {
    }

    /**
     * @param folder the shop's own words, or null
     * @throws IllegalArgumentException naming what is wrong and where
     */
    static CakeLexicon load(Path folder) {
        CakeLexicon lexicon = new CakeLexicon();
        PictureWords.eachLine(folder, "cake-words.tsv", 5,
                line -> lexicon.add(new CakeWord(CakeWord.Kind.of(line.get(0)), line.get(1)), line));
        return lexicon;
    }

    private void add(CakeWord word, List<String> line) {
        switch (word.kind()) {
            case PROMPT_START -> promptStart = word.caption();
            case PROMPT_END -> promptEnd = word.caption();
            case ENDING -> unspaced(line).forEach(endings::add);
            case PARTICLE -> unspaced(line).forEach(particle -> particles.put(particle, true));
            default -> {
                for (String spelling : unspaced(line)) {
                    words.computeIfAbsent(spelling, key -> new ArrayList<>(1)).add(word);
                    longestUnspaced = Math.max(longestUnspaced, spelling.length());
                }
                for (String spelling : PictureWords.words(line.get(3))) {
                    String key = englishKey(spelling);
                    words.computeIfAbsent(key, unused -> new ArrayList<>(1)).add(word);
                    mostEnglishWords = Math.max(mostEnglishWords, key.split(" ").length);
                }
            }
        }
    }

    private static List<String> unspaced(List<String> line) {
        List<String> spellings = new ArrayList<>();
        for (int column : new int[] {2, 4}) {
            for (String spelling : PictureWords.words(line.get(column))) {
                spellings.add(PromptText.folded(PromptText.normalised(spelling)).replace(" ", ""));
            }
        }
        return spellings;
    }

    static String englishKey(String spelling) {
        return PromptText.folded(PromptText.normalised(spelling)).replace('-', ' ').replaceAll(" +", " ").strip();
    }

    /** The meanings of a folded spelling, in the file's order; empty where it has none. */
    List<CakeWord> meanings(String spelling) {
        return words.getOrDefault(spelling, List.of());
    }

    boolean knows(String spelling) {
        return words.containsKey(spelling);
    }

    boolean isParticle(String folded) {
        return particles.containsKey(folded);
    }

    /** Whether an unknown word looks like a verb, which says nothing about a cake's look. */
    boolean looksLikeVerb(String folded) {
        return endings.stream().anyMatch(folded::endsWith);
    }

    String promptStart() {
        return promptStart;
    }

    String promptEnd() {
        return promptEnd;
    }

    int longestUnspaced() {
        return longestUnspaced;
    }

    int mostEnglishWords() {
        return mostEnglishWords;
    }

    /** Every spelling; for those who look for words inside of others. */
    Iterable<String> spellings() {
        return words.keySet();
    }
}
