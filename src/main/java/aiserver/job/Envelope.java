package aiserver.job;

import java.util.Objects;

/**
 * A queue message whose outside was read and whose payload was not: enough to claim the job, to answer it, and to tell
 * how old it is, even where the rest cannot be understood. {@link JobCodec#open} makes one, {@link JobCodec#read} turns it
 * into a {@link Job}. A value; any thread.
 *
 * @param kind       the queue that it came from
 * @param message    the bytes as they were queued; not copied, never changed
 * @param requestId  null where none can be read: then nobody can be answered
 * @param createdAt  epoch milliseconds, or null
 * @param deadlineAt epoch milliseconds, or null
 * @param defect     what is wrong with the outside, or null
 */
public record Envelope(TaskType kind, byte[] message, String requestId, Long createdAt, Long deadlineAt,
                       JobException defect) {
    public Envelope {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(message, "message");
        if (requestId == null) {
            Objects.requireNonNull(defect, "a message without request_id has a defect");
        }
    }

    public boolean answerable() {
        return requestId != null;
    }
}
