package aiserver.engine;

import java.util.List;
import java.util.Objects;

/**
 * The form of an answer: the grammar that decoding follows. Whatever the model's weights, what comes out has the form.
 */
public sealed interface AnswerForm {
    /** Anything, up to the end token or the limit; never cut inside a character. */
    record Free() implements AnswerForm {
    }

    /** A GBNF grammar in llama.cpp's notation with the start rule {@code root}; made on the server, never by a job. */
    record Gbnf(String grammar) implements AnswerForm {
        public Gbnf {
            Objects.requireNonNull(grammar, "grammar");
        }
    }

    /**
     * A skeleton with holes. Text that is fixed is never sampled: it goes into the model as one batch with the value
     * before it, and the model chooses only the values.
     */
    record Template(List<Part> parts) implements AnswerForm {
        public Template {
            parts = List.copyOf(parts);
        }
    }

    /** A piece of a template. */
    sealed interface Part {
    }

    /** Fixed text. */
    record Literal(String text) implements Part {
        public Literal {
            Objects.requireNonNull(text, "text");
        }
    }

    /**
     * One of several fixed texts. Choices are made token by token among the options alone, so that the product of the
     * probabilities on the way is the probability of the option against the others; see {@link Generation#choices()}.
     *
     * @param name    under which the result is found; repeated in a {@link Repeat} the last one counts
     * @param options at least one, all different, none empty; one may be the beginning of another where what follows
     *                it in the template tells the two apart
     */
    record Choice(String name, List<Option> options) implements Part {
        public Choice {
            Objects.requireNonNull(name, "name");
            options = List.copyOf(options);
            if (options.isEmpty()) {
                throw new EngineException(EngineException.Kind.INVALID_INPUT, "choice " + name + " has no options");
            }
        }
    }

    /** A text to choose, and what follows when it is chosen. */
    record Option(String text, List<Part> then) {
        public Option {
            Objects.requireNonNull(text, "text");
            then = List.copyOf(then);
        }

        public Option(String text) {
            this(text, List.of());
        }
    }

    /**
     * The inside of a JSON string and its closing quote: valid escapes, no control characters, whole characters, at
     * most {@code maxChars} code points; the model ends it by writing the quote, or the limit does. The opening quote
     * belongs to the literal before it.
     */
    record JsonText(String name, int maxChars) implements Part {
        public JsonText {
            Objects.requireNonNull(name, "name");
            if (maxChars < 1) {
                throw new EngineException(EngineException.Kind.INVALID_INPUT, "maxChars must be 1 or more but is " + maxChars);
            }
        }
    }

    /** A JSON array's inside, up to and with its closing bracket: {@code 0} to {@code max} items with commas between. */
    record Repeat(String name, List<Part> item, int max) implements Part {
        public Repeat {
            Objects.requireNonNull(name, "name");
            item = List.copyOf(item);
            if (max < 1) {
                throw new EngineException(EngineException.Kind.INVALID_INPUT, "max must be 1 or more but is " + max);
            }
        }
    }
}
