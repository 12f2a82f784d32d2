package aiserver.job;

import java.util.Objects;

/**
 * The one answer to a job, as it is stored and published: a result or an error, never both.
 *
 * @param attempt  how often the job was started, 1 or more; 0 where it was refused before any start
 * @param queuedMs from {@code created_at} to the start of the work; without {@code created_at} what this worker saw of it
 * @param runMs    from the start of the work to its end
 * @param result   null for an error
 * @param error    null for a success
 */
public record Reply(String requestId, TaskType kind, String workerId, int attempt, long queuedMs, long runMs,
                    JobResult result, JobException error) {
    public Reply {
        Objects.requireNonNull(requestId, "requestId");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(workerId, "workerId");
        if ((result == null) == (error == null)) {
            throw new IllegalArgumentException("a reply has a result or an error, not both and not neither");
        }
        // Clocks of producer and worker may differ; a negative wait would only confuse.
        queuedMs = Math.max(0, queuedMs);
        runMs = Math.max(0, runMs);
    }

    public boolean success() {
        return result != null;
    }
}
