package aiserver.service.order;

import aiserver.engine.Sampling;
import aiserver.service.ShopLanguage;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.Objects;

/**
 * How the language service works.
 *
 * @param profile         how much the model is told
 * @param language        of the prompts, or null: that of the transcript by its script, Korean where it does not tell
 * @param promptDirectory the shop's own prompt files, or null: the program's
 * @param maxAnswerTokens {@value #LEAST_ANSWER} to 8192; the answer closes itself within it
 * @param sampling        of the answer's free texts; choices always take the likeliest
 * @param zone            in which a day ends, for promotions
 * @param maxDialogue     latest lines of dialogue that are told to the model, 0 or more
 * @param maxHistory      latest past orders that are told to the model, 0 or more
 */
public record LanguageSettings(PromptTexts.Profile profile, ShopLanguage language, Path promptDirectory,
                               int maxAnswerTokens, Sampling sampling, ZoneId zone, int maxDialogue, int maxHistory) {
    /** Holds an answer's form, up to 134 tokens of the demo model with a short name in it, and short texts. */
    static final int LEAST_ANSWER = 192;

    /** Sampling as Qwen3-4B-Instruct-2507's model card gives it, with a fixed seed: the same job, the same answer. */
    public static final LanguageSettings DEFAULT = new LanguageSettings(PromptTexts.Profile.FULL, null, null, 768,
            Sampling.qwen(0), ZoneId.of("Asia/Seoul"), 40, 20);

    public LanguageSettings {
        Objects.requireNonNull(profile, "profile");
        Objects.requireNonNull(sampling, "sampling");
        Objects.requireNonNull(zone, "zone");
        require(maxAnswerTokens >= LEAST_ANSWER && maxAnswerTokens <= 8192, "maxAnswerTokens", maxAnswerTokens);
        require(maxDialogue >= 0, "maxDialogue", maxDialogue);
        require(maxHistory >= 0, "maxHistory", maxHistory);
    }

    public LanguageSettings withProfile(PromptTexts.Profile value) {
        return new LanguageSettings(value, language, promptDirectory, maxAnswerTokens, sampling, zone, maxDialogue, maxHistory);
    }

    public LanguageSettings withLanguage(ShopLanguage value) {
        return new LanguageSettings(profile, value, promptDirectory, maxAnswerTokens, sampling, zone, maxDialogue, maxHistory);
    }

    public LanguageSettings withMaxAnswerTokens(int value) {
        return new LanguageSettings(profile, language, promptDirectory, value, sampling, zone, maxDialogue, maxHistory);
    }

    public LanguageSettings withSampling(Sampling value) {
        return new LanguageSettings(profile, language, promptDirectory, maxAnswerTokens, value, zone, maxDialogue, maxHistory);
    }

    private static void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw new IllegalArgumentException("language " + field + " cannot be " + value);
        }
    }
}
