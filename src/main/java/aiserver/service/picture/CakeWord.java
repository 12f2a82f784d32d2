package aiserver.service.picture;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * One meaning of an order word: what part of the prompt it belongs to and how it is said there.
 *
 * @param caption English, plain ASCII; digits for a number; empty for words that only steer the reading,
 *                but of one to ignore what a negative prompt says
 */
record CakeWord(Kind kind, String caption) {
    /** The kinds that {@code cake-words.tsv} explains. */
    enum Kind {
        FLAVOUR, TOPPING, LOOK, SIZE, SHAPE, TIER, COLOUR, OCCASION, DETAIL, CANDLE, NUMBER, CAKE, IGNORE,
        TOPPING_AFTER, TOPPING_BEFORE, WITHOUT_AFTER, WITHOUT_BEFORE, WRITING, PARTICLE, ENDING, PROMPT_START, PROMPT_END;

        /** @throws IllegalArgumentException for a word that is no kind */
        static Kind of(String word) {
            return Arrays.stream(values()).filter(kind -> kind.word().equals(word)).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("kind '" + word + "' is none of "
                            + Arrays.stream(values()).map(Kind::word).collect(Collectors.joining(", "))));
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    CakeWord {
        Objects.requireNonNull(kind, "kind");
        if (!caption.equals(PromptText.ascii(caption))) {
            throw new IllegalArgumentException("\"" + caption + "\" is not plain English");
        }
        if (kind == Kind.NUMBER && !caption.matches("[0-9]{1,4}")) {
            throw new IllegalArgumentException("\"" + caption + "\" is not a number of one to four digits");
        }
    }
}
