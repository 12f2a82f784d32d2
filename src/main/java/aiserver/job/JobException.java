package aiserver.job;

import java.util.Objects;

/** A job that cannot be done, with the contract's code and a sentence for the caller that names the field and the value. */
public final class JobException extends RuntimeException {
    private final ErrorCode code;

    public JobException(ErrorCode code, String message) {
        this(code, message, null);
    }

    public JobException(ErrorCode code, String message, Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
        this.code = Objects.requireNonNull(code, "code");
    }

    public ErrorCode code() {
        return code;
    }
}
