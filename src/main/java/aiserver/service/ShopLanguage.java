package aiserver.service;

import java.util.Arrays;
import java.util.Optional;

/** The languages that prompts, wordlists and rules are kept in. */
public enum ShopLanguage {
    KOREAN("ko"),
    ENGLISH("en"),
    JAPANESE("ja");

    private final String code;

    ShopLanguage(String code) {
        this.code = code;
    }

    /** ISO 639-1. */
    public String code() {
        return code;
    }

    /** By its ISO 639-1 code; empty for a language that the shop has not. */
    public static Optional<ShopLanguage> ofCode(String code) {
        return Arrays.stream(values()).filter(language -> language.code.equals(code)).findFirst();
    }

    /**
     * The language that a text is written in, by its script: any Hangul makes it Korean, else any kana Japanese, else
     * Latin letters without Han English. Empty where the script does not tell (digits, Han alone).
     */
    public static Optional<ShopLanguage> ofScript(String text) {
        boolean hangul = false;
        boolean kana = false;
        boolean latin = false;
        boolean han = false;
        for (int codePoint : text.codePoints().toArray()) {
            switch (Character.UnicodeScript.of(codePoint)) {
                case HANGUL -> hangul = true;
                case HIRAGANA, KATAKANA -> kana = true;
                case LATIN -> latin = true;
                case HAN -> han = true;
                default -> { }
            }
        }
        if (hangul) {
            return Optional.of(KOREAN);
        }
        if (kana) {
            return Optional.of(JAPANESE);
        }
        return latin && !han ? Optional.of(ENGLISH) : Optional.empty();
    }
}
