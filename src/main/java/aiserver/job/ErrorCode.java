package aiserver.job;

/** What can be wrong with a job, as the wire contract names it, and whether the same job may succeed when sent again. */
public enum ErrorCode {
    INVALID_JSON(false),
    INVALID_PAYLOAD(false),
    UNKNOWN_TASK(false),
    INVALID_AUDIO(false),
    AUDIO_TOO_LONG(false),
    UNSAFE_PROMPT(false),
    CONTEXT_TOO_LONG(false),
    MODEL_NOT_AVAILABLE(true),
    OUT_OF_MEMORY(true),
    ENGINE_FAILED(true),
    ENGINE_CRASHED(false),
    EXPIRED(false),
    CANCELLED(false),
    OVERLOADED(true),
    INTERNAL(true);

    private final boolean retryable;

    ErrorCode(boolean retryable) {
        this.retryable = retryable;
    }

    public boolean retryable() {
        return retryable;
    }
}
