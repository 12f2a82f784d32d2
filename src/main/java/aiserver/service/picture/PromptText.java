package aiserver.service.picture;

import java.text.Normalizer;
import java.util.Locale;

/**
 * The spelling of prompts: one form in which words are looked for, and the plain ASCII that the text encoder gets.
 * Stateless; any thread.
 */
final class PromptText {
    private PromptText() {
    }

    /**
     * What a customer wrote, in one spelling: NFKC (full width and half width become plain, loose jamo become
     * syllables), without invisible characters, stray marks and control characters, with plain quotes and single
     * spaces.
     */
    static String normalised(String text) {
        String composed = Normalizer.normalize(text, Normalizer.Form.NFKC);
        StringBuilder out = new StringBuilder(composed.length());
        composed.codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                case Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                        Character.NON_SPACING_MARK, Character.ENCLOSING_MARK -> {
                    // invisible, half a character or a mark that belongs to no letter: nothing to read
                }
                default -> {
                    if (isFiller(c)) {
                        return;
                    }
                    if (Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)) {
                        if (!out.isEmpty() && out.charAt(out.length() - 1) != ' ') {
                            out.append(' ');
                        }
                    } else {
                        out.appendCodePoint(plainQuote(c));
                    }
                }
            }
        });
        return out.toString().strip();
    }

    /** Letters without marks, digits and the punctuation that means nothing to the engine; all else is left out. */
    static String ascii(String text) {
        String bare = plainLetters(Normalizer.normalize(text, Normalizer.Form.NFKD));
        StringBuilder out = new StringBuilder(bare.length());
        for (int i = 0; i < bare.length(); i++) {
            char c = bare.charAt(i);
            if (Character.getType(c) == Character.NON_SPACING_MARK) {
                continue;
            }
            out.append(c < 128 && (Character.isLetterOrDigit(c) || " ,.'\"!&-".indexOf(c) >= 0) ? c : ' ');
        }
        return out.toString().replaceAll(" +", " ").strip();
    }

    /** Latin letters that are no letter with a mark, as the plain ones that stand for them. */
    static String plainLetters(String text) {
        return text.replace("ß", "ss").replace("æ", "ae").replace("Æ", "AE").replace("œ", "oe").replace("Œ", "OE")
                .replace("ø", "o").replace("Ø", "O").replace("ł", "l").replace("Ł", "L").replace("đ", "d")
                .replace("Đ", "D").replace("ı", "i");
    }

    /** For comparing: lower case, hiragana as katakana; as long as {@code text}, position by position. */
    static String folded(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 'ぁ' && c <= 'ゖ') {
                c += 'ァ' - 'ぁ';
            } else {
                String lower = String.valueOf(c).toLowerCase(Locale.ROOT);
                c = lower.length() == 1 ? lower.charAt(0) : c;
            }
            out.append(c);
        }
        return out.toString();
    }

    /** Hangul (syllables and jamo), kana or an ideograph: scripts whose words are not set apart by spaces. */
    static boolean isUnspaced(char c) {
        return isHangul(c) || isKana(c) || Character.isIdeographic(c) || c == '々';
    }

    static boolean isHangul(char c) {
        return c >= '가' && c <= '힣' || c >= 'ᄀ' && c <= 'ᇿ' || c >= 'ㄱ' && c <= 'ㆎ';
    }

    static boolean isKana(char c) {
        return c >= 'ぁ' && c <= 'ヿ' && c != '・';
    }

    /** A letter of an alphabet, with or without marks. */
    static boolean isAlphabetic(char c) {
        return Character.isLetter(c) && !isUnspaced(c);
    }

    private static boolean isFiller(int c) {
        return c == 0x115F || c == 0x1160 || c == 0x3164 || c == 0xFFFC || c == 0xFFFD;
    }

    private static int plainQuote(int c) {
        return switch (c) {
            case '“', '”', '„', '«', '»', '「', '」', '『', '』', '《', '》', '″' -> '"';
            case '‘', '’', '‚', '`', '´', '′' -> '\'';
            case '‐', '‑', '‒', '–', '—' -> '-';
            case '、' -> ',';
            case '。' -> '.';
            default -> c;
        };
    }
}
