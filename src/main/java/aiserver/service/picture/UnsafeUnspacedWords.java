package aiserver.service.picture;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds unsafe words in Korean and Japanese, which write words without spaces between them. Text and words are compared
 * jamo by jamo, so a syllable written as loose letters is the same, but a hit begins and ends with a whole written
 * character (noodle does not begin with nude). A hit counts anywhere in a word, unless it overlaps a harmless word or
 * an order word that it does not contain (ba-na-na-che-ri has two fruits and nothing else); with a space, digit or sign
 * inside, it counts where it is made of whole pieces. Immutable; any thread.
 */
final class UnsafeUnspacedWords {
    private final Map<Character, List<String>> unsafe = new HashMap<>();
    private final Map<Character, List<String>> harmless = new HashMap<>();
    private final CakeLexicon lexicon;

    UnsafeUnspacedWords(List<String> unsafe, List<String> safe, CakeLexicon lexicon) {
        this.lexicon = lexicon;
        unsafe.forEach(word -> add(this.unsafe, word));
        safe.forEach(word -> add(harmless, word));
        lexicon.spellings().forEach(word -> {
            if (word.length() > 1) {
                add(harmless, word);
            }
        });
    }

    private static void add(Map<Character, List<String>> words, String word) {
        String folded = PromptText.folded(PromptText.normalised(word)).replace(" ", "");
        boolean unspaced = folded.chars().anyMatch(c -> PromptText.isUnspaced((char) c));
        if (unspaced) {
            String jamo = jamo(folded);
            words.computeIfAbsent(jamo.charAt(0), key -> new ArrayList<>()).add(jamo);
        }
    }

    /** Sets the positions of unsafe words. */
    void mark(String text, BitSet hits) {
        Letters letters = new Letters(PromptText.folded(text));
        List<int[]> safeSpans = new ArrayList<>();
        for (int at = 0; at < letters.count; at++) {
            for (String word : harmless.getOrDefault(letters.jamo.charAt(at), List.of())) {
                int end = letters.match(at, word);
                if (end > 0 && !letters.hasGap(at, end, true)) {
                    safeSpans.add(new int[] {at, end});
                }
            }
        }
        addNumbered(letters, safeSpans);
        for (int at = 0; at < letters.count; at++) {
            for (String word : unsafe.getOrDefault(letters.jamo.charAt(at), List.of())) {
                int end = letters.match(at, word);
                if (end > 0 && counts(letters, at, end) && !isHarmless(at, end, safeSpans)) {
                    hits.set(letters.source[at], letters.source[end - 1] + 1);
                }
            }
        }
    }

    /** Harmless words that begin with a number ("# years old"): wherever digits stand before the rest of the word. */
    private void addNumbered(Letters letters, List<int[]> safeSpans) {
        for (String word : harmless.getOrDefault('#', List.of())) {
            for (int at = 0; at < letters.count; at++) {
                int end = letters.match(at, word.substring(1));
                if (end > 0 && letters.followsDigit(at)) {
                    safeSpans.add(new int[] {at - 1, end});
                }
            }
        }
    }

    /** Without a gap anywhere; with one only as whole pieces, the last one of which may carry an order word or particle. */
    private boolean counts(Letters letters, int from, int to) {
        if (!letters.hasGap(from, to, false)) {
            return true;
        }
        if (!letters.beginsPiece(from)) {
            return false;
        }
        String behind = letters.restOfPiece(to);
        if (behind.isEmpty() || lexicon.isParticle(behind)) {
            return true;
        }
        for (int end = 1; end <= behind.length(); end++) {
            if (end > 1 && lexicon.knows(behind.substring(0, end))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isHarmless(int from, int to, List<int[]> safeSpans) {
        return safeSpans.stream().anyMatch(safe -> safe[0] < to && from < safe[1] && (safe[0] < from || safe[1] > to));
    }

    /** Syllables as their letters, a letter at the end of a syllable as the same letter at its beginning. */
    static String jamo(String text) {
        StringBuilder out = new StringBuilder(text.length() * 3);
        for (char written : text.toCharArray()) {
            if (!PromptText.isHangul(written)) {
                out.append(written);
                continue;
            }
            for (char c : Normalizer.normalize(String.valueOf(written), Normalizer.Form.NFD).toCharArray()) {
                int last = c - FIRST_LAST_LETTER;
                out.append(last >= 0 && last < LAST_AS_FIRST.length ? LAST_AS_FIRST[last] : String.valueOf(c));
            }
        }
        return out.toString();
    }

    private static final int FIRST_LAST_LETTER = 0x11A8;

    /** The 27 letters that end a syllable, as letters that begin one; double ones as two. */
    private static final String[] LAST_AS_FIRST = {
        "\u1100", "\u1101", "\u1100\u1109", "\u1102", "\u1102\u110C", "\u1102\u1112", "\u1103", "\u1105",
        "\u1105\u1100", "\u1105\u1106", "\u1105\u1107", "\u1105\u1109", "\u1105\u1110", "\u1105\u1111", "\u1105\u1112",
        "\u1106", "\u1107", "\u1107\u1109", "\u1109", "\u110A", "\u110B", "\u110C", "\u110E", "\u110F", "\u1110",
        "\u1111", "\u1112"};

    /** The Korean and Japanese letters of a text, and where each came from. */
    private static final class Letters {
        /** A syllable has at most a first letter, a vowel and a double last letter. */
        private static final int MOST_LETTERS = 4;

        private final String text;
        private final String jamo;
        private final int[] source;
        private final int count;

        Letters(String text) {
            this.text = text;
            StringBuilder all = new StringBuilder();
            source = new int[text.length() * MOST_LETTERS];
            for (int i = 0; i < text.length(); i++) {
                if (PromptText.isUnspaced(text.charAt(i))) {
                    String letters = jamo(String.valueOf(text.charAt(i)));
                    Arrays.fill(source, all.length(), all.length() + letters.length(), i);
                    all.append(letters);
                }
            }
            jamo = all.toString();
            count = jamo.length();
        }

        /** Where a word that begins at {@code from} ends, or 0: it must begin and end with whole characters. */
        int match(int from, String word) {
            int to = from + word.length();
            boolean whole = to <= count && jamo.startsWith(word, from)
                    && (from == 0 || source[from] != source[from - 1])
                    && (to == count || source[to] != source[to - 1]);
            return whole ? to : 0;
        }

        /** Whether anything but letters stands inside; {@code butSpaces}: spaces do not count. */
        boolean hasGap(int from, int to, boolean butSpaces) {
            for (int i = source[from]; i <= source[to - 1]; i++) {
                char c = text.charAt(i);
                if (!PromptText.isUnspaced(c) && !(butSpaces && c == ' ')) {
                    return true;
                }
            }
            return false;
        }

        boolean beginsPiece(int from) {
            return source[from] == 0 || !PromptText.isUnspaced(text.charAt(source[from] - 1));
        }

        /** What follows in the same run of letters. */
        String restOfPiece(int to) {
            int start = source[to - 1] + 1;
            int end = start;
            while (end < text.length() && PromptText.isUnspaced(text.charAt(end))) {
                end++;
            }
            return text.substring(start, end);
        }

        boolean followsDigit(int from) {
            int before = source[from] - 1;
            while (before >= 0 && text.charAt(before) == ' ') {
                before--;
            }
            return before >= 0 && text.charAt(before) >= '0' && text.charAt(before) <= '9';
        }
    }
}
