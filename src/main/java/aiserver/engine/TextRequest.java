package aiserver.engine;

import java.util.List;
import java.util.Objects;

/**
 * What to write and how.
 *
 * @param answer    the form that the answer must have
 * @param maxTokens 1 or more; an {@link AnswerForm.Template} closes itself properly within it
 */
public record TextRequest(List<ChatMessage> messages, AnswerForm answer, int maxTokens, Sampling sampling) {
    public TextRequest {
        messages = List.copyOf(messages);
        Objects.requireNonNull(answer, "answer");
        Objects.requireNonNull(sampling, "sampling");
        if (messages.isEmpty()) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "messages is empty");
        }
        if (maxTokens < 1) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "maxTokens must be 1 or more but is " + maxTokens);
        }
    }
}
