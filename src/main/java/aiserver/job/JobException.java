package aiserver.job;

import java.util.Objects;

/** A job that cannot be done, with the contract's code and a sentence for the caller that names the field and the value. */
public final class JobException extends RuntimeException {
    private final ErrorCode code;
    private final boolean ofEngine;

    public JobException(ErrorCode code, String message) {
        this(code, message, null);
    }

    public JobException(ErrorCode code, String message, Throwable cause) {
        this(code, message, cause, false);
    }

    private JobException(ErrorCode code, String message, Throwable cause, boolean ofEngine) {
        super(Objects.requireNonNull(message, "message"), cause);
        this.code = Objects.requireNonNull(code, "code");
        this.ofEngine = ofEngine;
    }

    /** A failure of the engine itself, and so of the next job, too. */
    public static JobException ofEngine(ErrorCode code, String message, Throwable cause) {
        return new JobException(code, message, cause, true);
    }

    public ErrorCode code() {
        return code;
    }

    /** Whether the engine failed, and not something beside it that only some jobs need. */
    public boolean ofEngine() {
        return ofEngine;
    }
}
