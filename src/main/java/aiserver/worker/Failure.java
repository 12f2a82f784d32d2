package aiserver.worker;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.stream.Stream;

/** What a job's end in an exception becomes: the contract's error for the caller, and for the log its place, never its message. */
final class Failure {
    private static final Logger LOG = LoggerFactory.getLogger(Failure.class);
    private static final int FRAMES_SHOWN = 12;

    private Failure() {
    }

    static JobException asJobException(String requestId, Throwable e) {
        return switch (e) {
            case JobException known -> known;
            case OutOfMemoryError memory -> new JobException(ErrorCode.OUT_OF_MEMORY, "the worker has no memory left for this job");
            default -> {
                LOG.atError().addKeyValue("request_id", requestId).log("job failed inside the worker: {}", where(e));
                yield new JobException(ErrorCode.INTERNAL, "the job failed inside the worker (" + e.getClass().getSimpleName() + ")");
            }
        };
    }

    /**
     * Whether the process itself has run out of something: classes or threads, which no end of a job gives back. A heap that
     * was too small for one job is that job's affair.
     */
    static boolean endsProcess(Throwable e) {
        return e instanceof OutOfMemoryError && e.getMessage() != null
                && Stream.of("Metaspace", "class space", "native thread").anyMatch(e.getMessage()::contains);
    }

    /** The place of a failure without its message, which may repeat what a customer said. */
    static String where(Throwable e) {
        StringBuilder text = new StringBuilder(e.getClass().getName());
        Stream.of(e.getStackTrace()).limit(FRAMES_SHOWN).forEach(frame -> text.append(" < ").append(frame));
        return e.getCause() == null || e.getCause() == e ? text.toString() : text + " caused by " + e.getCause().getClass().getName();
    }
}
