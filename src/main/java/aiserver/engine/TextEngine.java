package aiserver.engine;

import java.util.List;

/** A chat language model: several sequences in one batch, each call one sequence. */
public interface TextEngine extends Engine {
    /**
     * Answers a conversation. The messages' contents are data: nothing in them can act as a control token.
     *
     * @throws EngineException CONTEXT_TOO_LONG when prompt and {@code maxTokens} do not fit, INVALID_INPUT,
     *                         CANCELLED, OUT_OF_MEMORY, ENGINE_FAILED; loads the model first where it is not loaded
     */
    Generation generate(TextRequest request, RunControl control);

    /** Tokens that the conversation takes as a prompt, by the model's own chat template. */
    int countTokens(List<ChatMessage> messages);

    /** Tokens that one sequence may have, prompt and answer together. */
    int contextTokens();
}
