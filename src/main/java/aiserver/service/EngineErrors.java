package aiserver.service;

import aiserver.engine.EngineException;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.util.function.Supplier;

/**
 * Where an engine's failure becomes a job's: the one place for the three services. Stateless; any thread.
 */
public final class EngineErrors {
    private EngineErrors() {
    }

    /**
     * Runs engine work and gives its result.
     *
     * @throws JobException with the contract's code and the engine's sentence, the {@link EngineException} as its cause
     */
    public static <T> T translated(Supplier<T> work) {
        try {
            return work.get();
        } catch (EngineException e) {
            throw new JobException(codeOf(e.kind()), e.getMessage(), e);
        }
    }

    /** As {@link #translated(Supplier)}, for work without a result. */
    public static void translated(Runnable work) {
        translated(() -> {
            work.run();
            return null;
        });
    }

    /** The contract's code for a kind of engine failure. */
    public static ErrorCode codeOf(EngineException.Kind kind) {
        return switch (kind) {
            case MODEL_NOT_AVAILABLE -> ErrorCode.MODEL_NOT_AVAILABLE;
            case INVALID_INPUT -> ErrorCode.INVALID_PAYLOAD;
            case CONTEXT_TOO_LONG -> ErrorCode.CONTEXT_TOO_LONG;
            case OUT_OF_MEMORY -> ErrorCode.OUT_OF_MEMORY;
            case CANCELLED -> ErrorCode.CANCELLED;
            case ENGINE_FAILED -> ErrorCode.ENGINE_FAILED;
        };
    }
}
