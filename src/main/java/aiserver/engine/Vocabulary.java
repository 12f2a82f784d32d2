package aiserver.engine;

/**
 * A model's tokens, as far as choosing among them needs. Implementations may be asked from the engine's thread alone.
 */
interface Vocabulary {
    int size();

    /** Ids of a plain text: nothing in it is taken for a control token, nothing is added before or after it. */
    int[] tokenize(String text);

    /** What a token stands for in a text, UTF-8, possibly a part of a character; empty for control tokens. */
    byte[] bytes(int token);

    /** Whether a token ends the model's turn. */
    boolean endsTurn(int token);
}
