package aiserver.job;

import java.util.Arrays;
import java.util.Optional;

/** The three kinds of work; each has a queue of its own, a lane of its own and a word on the wire. */
public enum TaskType {
    STT("stt"),
    LLM("llm"),
    IMAGE("image");

    private final String wireName;

    TaskType(String wireName) {
        this.wireName = wireName;
    }

    /** The word of the wire contract: {@code stt}, {@code llm} or {@code image}. */
    public String wireName() {
        return wireName;
    }

    /** The list that producers LPUSH to. */
    public String queue() {
        return "ai:queue:" + wireName;
    }

    public static Optional<TaskType> ofWireName(String name) {
        return Arrays.stream(values()).filter(type -> type.wireName.equals(name)).findFirst();
    }
}
