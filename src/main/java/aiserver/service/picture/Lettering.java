package aiserver.service.picture;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is to be written on the cake, taken out of an order. Latin letters stay as they are, for the model can draw
 * them; other lettering cannot be drawn and never reaches the encoder, but what it says (a birthday) still counts as
 * an order word.
 *
 * @param words Latin lettering, in order, each at most 40 characters of plain ASCII
 * @param rest  the order without it; lettering in other scripts keeps only the words that the lexicon knows
 */
record Lettering(List<String> words, String rest) {
    private static final int LONGEST = 40;
    private static final String SAYING = "(?:\\s*(?:이라고|라고|란|이란))";
    private static final Pattern QUOTED = Pattern.compile("\"([^\"]{1,80})\"|(?<![\\p{L}])'([^']{1,80})'(?![\\p{L}])");
    private static final Pattern WRITING = Pattern.compile(
            "라고|문구|레터링|글씨|글자|써|적어|새겨|쓰여|says|saying|letter|writ|text|message|words|書|文字|メッセージ",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern LATIN_BEFORE_SAYING = Pattern.compile(
            "([\\p{IsLatin}0-9][\\p{IsLatin}0-9 '!&.,-]*?)" + SAYING + "(?=$|[\\s,.!?써적새쓰])");
    private static final Pattern LATIN_AFTER_MARK = Pattern.compile(
            "(?:문구는|문구|레터링은|레터링|글씨는|글씨)\\s*:?\\s*([\\p{IsLatin}][\\p{IsLatin}0-9 '!&-]*)|"
                    + "(?<!\\b(?:no|any|without) )"
                    + "\\b(?:that says|saying|says|with the (?:text|words?|message)|(?:text|message|lettering):?)\\s+"
                    + "([\\p{IsLatin}][\\p{IsLatin}0-9 '!&-]*?)(?=$|[,.;]|\\s+(?:with|on|in|and|written)\\b)",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern OTHER_BEFORE_SAYING = Pattern.compile("([^,.!?\"]{1,60}?)(?:이라고|라고)(?=$|[\\s,.!?써적새쓰])");

    Lettering {
        words = List.copyOf(words);
    }

    /** @param scanner tells which words of lettering in other scripts are order words */
    static Lettering takenFrom(String text, PromptScanner scanner) {
        List<String> words = new ArrayList<>();
        String rest = text;
        if (WRITING.matcher(text).find()) {
            rest = taken(QUOTED, rest, words, scanner);
        }
        rest = taken(LATIN_BEFORE_SAYING, rest, words, scanner);
        rest = taken(LATIN_AFTER_MARK, rest, words, scanner);
        rest = taken(OTHER_BEFORE_SAYING, rest, words, scanner);
        return new Lettering(words, rest);
    }

    private static String taken(Pattern pattern, String text, List<String> words, PromptScanner scanner) {
        Matcher matcher = pattern.matcher(text);
        StringBuilder rest = new StringBuilder();
        while (matcher.find()) {
            String written = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
            String latin = PromptText.ascii(written.replace('"', ' '));
            boolean drawable = written.chars().noneMatch(c -> PromptText.isUnspaced((char) c))
                    && latin.chars().anyMatch(Character::isLetterOrDigit);
            if (drawable) {
                words.add(cut(latin));
                matcher.appendReplacement(rest, " , ");
            } else {
                matcher.appendReplacement(rest, Matcher.quoteReplacement(" , " + knownOf(written, scanner) + " , "));
            }
        }
        return matcher.appendTail(rest).toString();
    }

    private static String knownOf(String written, PromptScanner scanner) {
        StringBuilder known = new StringBuilder();
        for (PromptScanner.Item item : scanner.scan(written)) {
            if (item.known()) {
                known.append(item.text()).append(' ');
            }
        }
        return known.toString().strip();
    }

    private static String cut(String words) {
        if (words.length() <= LONGEST) {
            return words.strip();
        }
        int space = words.lastIndexOf(' ', LONGEST);
        return words.substring(0, space > 0 ? space : LONGEST).strip();
    }
}
