package aiserver.service.picture;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds unsafe words in scripts that put spaces between words. A word counts only as a whole, so Scunthorpe, cocktail
 * and grape are left in peace. Compared are several readings of it: digits and signs as the letters that they look
 * like, letters of other alphabets as the Latin ones, long runs of one letter as one, an asterisk as any letter; and
 * pieces of one or two letters with gaps between them as one word. A word that is glued to an order word ("sexcake")
 * counts, too. Immutable; any thread.
 */
final class UnsafeSpacedWords {
    private static final String LOOKALIKES = "аaеeоoрpсcуyхxкkмmтtнhвbіiјjѕsοoαaεeκkρpτtυuνvιi";
    private static final String SIGNS = "0o3e4a5s7t8b9g@a$s€e";
    private static final String LEET = "0123456789@$!|€*";
    private static final int LONGEST_PIECE = 2;
    private static final int MOST_PIECES = 16;

    private final Set<String> words = new HashSet<>();
    private final Set<String> phrases = new HashSet<>();
    private final Set<String> safePhrases = new HashSet<>();
    private final CakeLexicon lexicon;
    private int longestPhrase = 1;

    UnsafeSpacedWords(List<String> unsafe, List<String> safe, CakeLexicon lexicon) {
        this.lexicon = lexicon;
        for (String word : unsafe) {
            String key = CakeLexicon.englishKey(word);
            if (isSpaced(key)) {
                (key.contains(" ") ? phrases : words).add(key);
                longestPhrase = Math.max(longestPhrase, key.split(" ").length);
            }
        }
        for (String word : safe) {
            String key = CakeLexicon.englishKey(word);
            if (isSpaced(key)) {
                safePhrases.add(key);
                longestPhrase = Math.max(longestPhrase, key.split(" ").length);
            }
        }
    }

    private static boolean isSpaced(String key) {
        return !key.isEmpty() && key.chars().allMatch(c -> c == ' ' || c == '\'' || PromptText.isAlphabetic((char) c));
    }

    /** Where a word is in the text, and how it reads in plain letters without anything else. */
    private record Token(int start, int end, String text) {
    }

    /** Sets the positions of unsafe words. */
    void mark(String text, BitSet hits) {
        List<Token> tokens = tokens(text);
        BitSet safe = new BitSet(tokens.size());
        forPhrases(tokens, safePhrases, (first, last) -> safe.set(first, last + 1));
        forPhrases(tokens, phrases, (first, last) -> {
            if (safe.get(first, last + 1).isEmpty()) {
                hits.set(tokens.get(first).start(), tokens.get(last).end());
            }
        });
        for (int i = 0; i < tokens.size(); i++) {
            if (!safe.get(i) && isUnsafe(tokens.get(i).text())) {
                hits.set(tokens.get(i).start(), tokens.get(i).end());
            }
        }
        markSpacedOut(tokens, hits);
    }

    /** Receives the numbers of a phrase's first and last token. */
    private interface PhraseFound {
        void at(int first, int last);
    }

    private void forPhrases(List<Token> tokens, Set<String> wanted, PhraseFound found) {
        for (int i = 0; i < tokens.size(); i++) {
            StringBuilder phrase = new StringBuilder();
            for (int j = i; j < Math.min(tokens.size(), i + longestPhrase); j++) {
                phrase.append(j == i ? "" : " ").append(inner(tokens.get(j).text()));
                if (wanted.contains(phrase.toString())) {
                    found.at(i, j);
                }
            }
        }
    }

    /** {@code n u d e}, {@code po.rn}: neighbours of one or two letters that make one unsafe word together. */
    private void markSpacedOut(List<Token> tokens, BitSet hits) {
        for (int i = 0; i < tokens.size(); i++) {
            StringBuilder joined = new StringBuilder();
            for (int j = i; j < Math.min(tokens.size(), i + MOST_PIECES); j++) {
                if (tokens.get(j).text().length() > LONGEST_PIECE) {
                    break;
                }
                joined.append(tokens.get(j).text());
                if (j > i && joined.length() > LONGEST_PIECE && isListed(joined.toString())) {
                    hits.set(tokens.get(i).start(), tokens.get(j).end());
                }
            }
        }
    }

    private boolean isUnsafe(String token) {
        return isListed(token) || isGlued(token);
    }

    private boolean isListed(String token) {
        if (words.contains(token)) {
            return true;
        }
        if (token.chars().noneMatch(c -> PromptText.isAlphabetic((char) c))) {
            return false;
        }
        return spellings(token).stream().anyMatch(this::isReadable);
    }

    /** In plain letters, and the same without what stands around them. */
    private static Set<String> spellings(String token) {
        String letters = bare(token);
        Set<String> spellings = new HashSet<>();
        spellings.add(letters);
        spellings.add(inner(letters));
        return spellings;
    }

    private boolean isReadable(String letters) {
        if (words.contains(letters)) {
            return true;
        }
        for (String reading : List.of(read(letters, 'i'), read(letters, 'l'))) {
            if (words.contains(reading) || words.contains(reading.replaceAll("(.)\\1{2,}", "$1"))
                    || reading.contains("*") && matchesAny(reading)) {
                return true;
            }
        }
        return false;
    }

    /** Without the digits, signs and quotes around it, which may stand for letters or for nothing. */
    private static String inner(String letters) {
        return letters.replaceAll("^[0-9@$!|€*']+|[0-9@$!|€*']+$", "");
    }

    /** Whether an asterisk, standing for one letter, makes it an unsafe word. */
    private boolean matchesAny(String reading) {
        String letters = reading.replaceAll("^\\*+|\\*+$", "");
        return letters.length() >= 3 && letters.contains("*")
                && words.stream().anyMatch(word -> word.length() == letters.length() && fits(letters, word));
    }

    private static boolean fits(String reading, String word) {
        for (int i = 0; i < word.length(); i++) {
            if (reading.charAt(i) != '*' && reading.charAt(i) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** An unsafe word with an order word before or after it, without a space. */
    private boolean isGlued(String token) {
        return spellings(token).stream().anyMatch(letters -> isGluedReading(read(letters, 'i')));
    }

    private boolean isGluedReading(String letters) {
        for (int cut = 3; cut <= letters.length() - 3; cut++) {
            String left = letters.substring(0, cut);
            String right = letters.substring(cut);
            if (words.contains(left) && (isOrderWord(right) || words.contains(right))
                    || words.contains(right) && isOrderWord(left)) {
                return !lexicon.knows(letters);
            }
        }
        return false;
    }

    private boolean isOrderWord(String word) {
        return word.length() >= 3
                && lexicon.meanings(word).stream().anyMatch(meaning -> meaning.kind() != CakeWord.Kind.IGNORE);
    }

    private static String bare(String token) {
        String marked = PromptText.plainLetters(Normalizer.normalize(token, Normalizer.Form.NFD));
        StringBuilder out = new StringBuilder();
        for (char c : marked.toCharArray()) {
            int lookalike = LOOKALIKES.indexOf(c);
            if (lookalike >= 0 && lookalike % 2 == 0) {
                out.append(LOOKALIKES.charAt(lookalike + 1));
            } else if (Character.getType(c) != Character.NON_SPACING_MARK) {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static String read(String token, char one) {
        StringBuilder out = new StringBuilder();
        for (char c : token.toCharArray()) {
            int sign = SIGNS.indexOf(c);
            if (sign >= 0 && sign % 2 == 0) {
                out.append(SIGNS.charAt(sign + 1));
            } else {
                out.append(c == '1' || c == '!' || c == '|' ? one : c);
            }
        }
        return out.toString();
    }

    /** Runs of letters, digits and the signs that stand for letters; punctuation at the end of a word is none of it. */
    private static List<Token> tokens(String text) {
        List<Token> tokens = new ArrayList<>();
        String folded = PromptText.folded(text);
        int at = 0;
        while (at < folded.length()) {
            if (!isTokenCharacter(folded.charAt(at))) {
                at++;
                continue;
            }
            int end = at;
            while (end < folded.length() && isTokenCharacter(folded.charAt(end))) {
                end++;
            }
            int last = end;
            while (last > at && "!|*'".indexOf(folded.charAt(last - 1)) >= 0) {
                last--;
            }
            if (last > at && folded.substring(at, last).chars().anyMatch(c -> PromptText.isAlphabetic((char) c))) {
                String token = folded.substring(at, last);
                tokens.add(new Token(at, last, token.endsWith("'s") ? token.substring(0, token.length() - 2) : token));
            }
            at = end;
        }
        return tokens;
    }

    private static boolean isTokenCharacter(char c) {
        return PromptText.isAlphabetic(c) || LEET.indexOf(c) >= 0 || c == '\'';
    }
}
