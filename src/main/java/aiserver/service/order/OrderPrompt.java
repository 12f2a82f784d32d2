package aiserver.service.order;

import aiserver.engine.ChatMessage;
import java.util.List;

/**
 * What the model is told for one job.
 *
 * @param messages a system message and a user message
 * @param notes    what was left out so that it fits; may be empty
 */
public record OrderPrompt(List<ChatMessage> messages, List<String> notes) {
    public OrderPrompt {
        messages = List.copyOf(messages);
        notes = List.copyOf(notes);
    }
}
