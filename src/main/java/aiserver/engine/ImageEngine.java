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
}
