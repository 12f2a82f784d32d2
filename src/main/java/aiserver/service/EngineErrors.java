package aiserver.service;

import aiserver.engine.EngineException;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where an engine's failure becomes a job's: the one place for the three services. Stateless; any thread.
 */
public final class EngineErrors {
    private static final Logger LOG = LoggerFactory.getLogger(EngineErrors.class);

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
            throw JobException.ofEngine(codeOf(e.kind()), e.getMessage(), e);
        }
    }

    /** As {@link #translated(Supplier)}, for work without a result. */
    public static void translated(Runnable work) {
        translated(() -> {
            work.run();
            return null;
        });
    }

    /**
     * Runs engine work, and once more where the engine failed: it has then dropped its model and loads it afresh.
     *
     * @throws JobException as {@link #translated(Supplier)}, for the second failure with the first one suppressed in it
     */
    public static <T> T retriedOnce(Supplier<T> work) {
        return translated(() -> {
            try {
                return work.get();
            } catch (EngineException first) {
                if (first.kind() != EngineException.Kind.ENGINE_FAILED) {
                    throw first;
                }
                LOG.warn("engine failed, trying once more: {}", first.getMessage());
                try {
                    return work.get();
                } catch (EngineException second) {
                    if (second != first) {
                        second.addSuppressed(first);
                    }
                    throw second;
                }
            }
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
