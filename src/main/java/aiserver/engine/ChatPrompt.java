package aiserver.engine;

import bindings.guard.guard_h;
import bindings.llama.llama_chat_message;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Turns a conversation into the tokens of a prompt. The model's chat template is rendered around placeholders, so that
 * only the template's own text can name control tokens; what messages hold is plain text between. Made on the
 * engine's thread.
 *
 * @param tokens of the whole prompt
 * @param fixed  how many of the first are the same for every conversation with this system message; 0 without one
 */
record ChatPrompt(int[] tokens, int fixed) {
    // No template trims or changes these, and they stand for nothing in any of them.
    private static final String PLACEHOLDER = "@content-%d@";
    private static final String CHAT_ML = "chatml";

    /** @throws EngineException MODEL_NOT_AVAILABLE for a model whose chat template the engine does not know */
    static ChatPrompt of(LlamaModel model, List<ChatMessage> messages) {
        String rendered = rendered(model, messages);
        IntList tokens = new IntList();
        int at = 0;
        int fixed = 0;
        for (int i = 0; i < messages.size(); i++) {
            String placeholder = PLACEHOLDER.formatted(i);
            int found = rendered.indexOf(placeholder, at);
            if (found < 0) {
                throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE,
                        "the model's chat template leaves out message " + (i + 1) + " of " + messages.size());
            }
            tokens.addAll(model.tokenize(rendered.substring(at, found), true));
            tokens.addAll(model.tokenize(messages.get(i).content(), false));
            at = found + placeholder.length();
            if (i == 0 && messages.size() > 1 && messages.getFirst().role() == ChatMessage.Role.SYSTEM) {
                fixed = tokens.size();
            }
        }
        tokens.addAll(model.tokenize(rendered.substring(at), true));
        return new ChatPrompt(tokens.toArray(), fixed);
    }

    private static String rendered(LlamaModel model, List<ChatMessage> messages) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chat = llama_chat_message.allocateArray(messages.size(), arena);
            long bytes = 0;
            for (int i = 0; i < messages.size(); i++) {
                MemorySegment message = llama_chat_message.asSlice(chat, i);
                llama_chat_message.role(message, arena.allocateFrom(messages.get(i).role().templateName()));
                llama_chat_message.content(message, arena.allocateFrom(PLACEHOLDER.formatted(i)));
                bytes += 256;
            }
            MemorySegment template = arena.allocateFrom(model.chatTemplate() == null ? CHAT_ML : model.chatTemplate());
            int capacity = (int) bytes + 1024;
            MemorySegment buffer = arena.allocate(capacity);
            int length = Guard.check(guard_h.ag_llama_apply_template(template, chat, messages.size(), true, buffer, capacity),
                    "the model's chat template failed");
            if (length < 0 || length > capacity) {
                throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, "the model's chat template is of an unknown kind");
            }
            byte[] utf8 = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            return new String(utf8, StandardCharsets.UTF_8);
        }
    }
}
