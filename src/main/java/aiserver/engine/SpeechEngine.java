package aiserver.engine;

import java.util.List;

/** Speech to text: one model, several runs at a time where the engine was made with several states. */
public interface SpeechEngine extends Engine {
    /** Samples a second of all sound that engines and voice detectors hear. */
    int RATE = 16_000;

    /**
     * Writes down what is said.
     *
     * @param samples mono, {@link #RATE}, -1 to 1, finite
     * @throws EngineException INVALID_INPUT for samples that are not finite or a language that the model has not,
     *                         MODEL_NOT_AVAILABLE for more audio context than the model has, CANCELLED, OUT_OF_MEMORY, ENGINE_FAILED; loads the model first where it is not loaded
     */
    Transcript transcribe(float[] samples, SpeechRequest request, RunControl control);

    /** ISO 639-1 codes that can be forced. */
    List<String> languages();
}
