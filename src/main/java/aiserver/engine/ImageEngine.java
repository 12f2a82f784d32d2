package aiserver.engine;

/** Text to picture; one run at a time, others wait for their turn. */
public interface ImageEngine extends Engine {
    /**
     * Draws a picture.
     *
     * @throws EngineException INVALID_INPUT for a size that the model has not, CANCELLED, OUT_OF_MEMORY,
     *                         ENGINE_FAILED; loads the model first where it is not loaded
     */
    Picture generate(ImageRequest request, RunControl control);

    /** How many of its tokens the text encoder reads of a prompt: a window of 77 less its begin and end mark. */
    int PROMPT_TOKENS = 75;

    /**
     * How many tokens the text encoder makes of a text, without begin and end mark; 0 for an empty one. Needs no loaded
     * model.
     */
    int countTokens(String text);
}
