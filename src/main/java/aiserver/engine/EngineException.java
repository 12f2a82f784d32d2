package aiserver.engine;

import java.util.Objects;

/** What went wrong in an engine, in a plain sentence that ends with the engine's own last words where it had any. */
public final class EngineException extends RuntimeException {
    /** The kinds that callers tell apart. */
    public enum Kind {
        /** A file is missing, damaged, of the wrong kind, a library cannot be loaded, or the engine is closed. */
        MODEL_NOT_AVAILABLE,
        /** The call's own arguments are wrong. */
        INVALID_INPUT,
        /** The prompt alone does not fit. */
        CONTEXT_TOO_LONG,
        OUT_OF_MEMORY,
        CANCELLED,
        /** The engine failed; the model was unloaded where its state is not to be trusted any more. */
        ENGINE_FAILED
    }

    private final Kind kind;

    public EngineException(Kind kind, String message) {
        this(kind, message, null);
    }

    public EngineException(Kind kind, String message, Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
        this.kind = Objects.requireNonNull(kind, "kind");
    }

    /** What a call to an engine, or to a thread of one, gets once it is closed. */
    static EngineException closed(String what) {
        return new EngineException(Kind.MODEL_NOT_AVAILABLE, what + " is closed");
    }

    public Kind kind() {
        return kind;
    }
}
