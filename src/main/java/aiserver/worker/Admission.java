package aiserver.worker;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.redis.Claim;
import aiserver.redis.Delivery;

import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;

/**
 * Which jobs are not begun, and why: those that nobody waits for any more, those that killed their workers, and those that
 * are too many. Owned by {@link AIWorker}.
 *
 * @param tooOld how many jobs of a lane are to be refused for the queue's age, at most
 * @param taking whether the worker takes jobs at all
 */
record Admission(Delivery delivery, Clock clock, ToLongFunction<Lane> tooOld, BooleanSupplier taking) {

    /** Takes what is too much out of a lane's queue and hands it on with the reason; on the monitor's own thread, since the
     *  lane's hands are full when it matters. */
    void relieve(Lane lane, BiConsumer<byte[], String> refused) {
        LaneSettings limits = lane.settings();
        long most = limits.maxQueue();
        while (most > 0 && taking.getAsBoolean()) {
            Optional<byte[]> message = delivery.shed(lane.kind(), most, limits.giveWay());
            if (message.isEmpty()) {
                break;
            }
            refused.accept(message.get(), "more than " + most + " jobs wait for " + lane.kind().wireName());
        }
        for (long over = tooOld.applyAsLong(lane); over > 0 && taking.getAsBoolean(); over--) {
            if (limits.giveWay() == Delivery.Side.OLDEST
                    && delivery.depth(lane.kind()).ageMs(clock.millis()) <= limits.maxAge().toMillis()) {
                break;
            }
            Optional<byte[]> message = delivery.shed(lane.kind(), 0, limits.giveWay());
            if (message.isEmpty()) {
                break;
            }
            refused.accept(message.get(), "jobs for " + lane.kind().wireName() + " wait longer than "
                    + limits.maxAge().toMillis() + " ms");
        }
    }

    /**
     * Lets a claimed job pass or throws its answer.
     *
     * @param refusal why it was taken out of the queue to be refused, or null
     */
    void check(Lane lane, Claim claim, String refusal, long queuedMs) {
        if (claim.verdict() == Claim.Verdict.CANCELLED) {
            throw new JobException(ErrorCode.CANCELLED, "the job was cancelled while it waited");
        }
        if (claim.verdict() == Claim.Verdict.EXHAUSTED) {
            throw new JobException(ErrorCode.ENGINE_CRASHED, "the worker process died while it did this job, "
                    + claim.attempt() + " times; it is not tried again");
        }
        Long deadline = claim.envelope().deadlineAt();
        if (deadline != null && clock.millis() >= deadline) {
            throw new JobException(ErrorCode.EXPIRED, "deadline_at " + deadline + " had passed before the job was started");
        }
        if (refusal != null) {
            throw new JobException(ErrorCode.OVERLOADED, refusal);
        }
        Duration maxAge = lane.settings().maxAge();
        if (maxAge != null && lane.settings().giveWay() == Delivery.Side.OLDEST && queuedMs > maxAge.toMillis()) {
            throw new JobException(ErrorCode.OVERLOADED, "the job waited longer than " + maxAge.toMillis() + " ms");
        }
    }
}
