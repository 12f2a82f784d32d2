package aiserver.redis;

import aiserver.job.Envelope;

import java.util.Objects;

/**
 * What came of taking a popped message in hand. The token is the fence: whoever finishes or gives back a job shows it, and
 * a worker that lost the job in the meantime is turned away.
 *
 * @param attempt how often the job was started, this start included
 * @param epoch   what Redis remembered when the job was taken; another one later means that it lost its data
 */
public record Claim(Envelope envelope, String token, Verdict verdict, int attempt, String epoch) {

    /** What to do with the message. */
    public enum Verdict {
        /** Do the job. */
        RUN,
        /** Somebody cancelled it while it waited: answer that. */
        CANCELLED,
        /** The process died with it too often: answer that and keep it as a dead letter. */
        EXHAUSTED,
        /** The same request is in other hands; this message was dropped. */
        RUNNING,
        /** The same request had a success already, which was published again; this message was dropped. */
        ANSWERED,
        /** Recovery gave the message to somebody else. */
        LOST;

        /** Whether the message is still in our hand and waits for an answer. */
        public boolean held() {
            return this == RUN || this == CANCELLED || this == EXHAUSTED;
        }
    }

    public Claim {
        Objects.requireNonNull(envelope, "envelope");
        Objects.requireNonNull(token, "token");
        Objects.requireNonNull(verdict, "verdict");
        Objects.requireNonNull(epoch, "epoch");
    }

    public String requestId() {
        return envelope.requestId();
    }
}
