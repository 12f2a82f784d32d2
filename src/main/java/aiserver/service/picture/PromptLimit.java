package aiserver.service.picture;

import aiserver.engine.ImageEngine;
import java.util.Arrays;

/**
 * Keeps a prompt within what the text encoder reads. The words of the order give way, from their end, so that what the
 * lexicon puts behind every prompt stays. Counts with the engine's own tokenizer; stateless; any thread.
 */
final class PromptLimit {
    private final ImageEngine engine;

    PromptLimit(ImageEngine engine) {
        this.engine = engine;
    }

    /** A text that fits, and whether it had to be cut. */
    record Fitted(String text, boolean truncated) {
    }

    /**
     * @param order cut at a space where both together are too long
     * @param end   kept; may be empty
     */
    Fitted fit(String order, String end) {
        String whole = joined(order, end);
        if (engine.countTokens(whole) <= ImageEngine.PROMPT_TOKENS) {
            return new Fitted(whole, false);
        }
        String[] words = order.split(" ");
        int fits = 0;
        int tooMany = words.length;
        while (fits + 1 < tooMany) {
            int middle = (fits + tooMany) >>> 1;
            if (engine.countTokens(joined(firstWords(words, middle), end)) <= ImageEngine.PROMPT_TOKENS) {
                fits = middle;
            } else {
                tooMany = middle;
            }
        }
        return new Fitted(joined(firstWords(words, fits), end), true);
    }

    private static String firstWords(String[] words, int count) {
        String first = String.join(" ", Arrays.copyOf(words, count));
        // A quotation that lost its end, or a comma or "and" with nothing behind it, would only confuse.
        if (first.chars().filter(c -> c == '"').count() % 2 == 1) {
            first = first.substring(0, first.lastIndexOf('"'));
        }
        return first.replaceAll("([ ,]|\\b(and|with))+$", "");
    }

    private static String joined(String order, String end) {
        return end.isEmpty() ? order : order + " " + end;
    }
}
