package aiserver.worker;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.TaskType;
import aiserver.redis.Claim;
import aiserver.redis.Delivery;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/**
 * Which jobs are not begun, and why: those that nobody waits for any more, those that killed their workers, and those that
 * are too many. Owned by {@link AIWorker}.
 */
final class Admission {
    /** Each takes several calls of Redis, during which the lane's free hands get nothing. */
    private static final long MOST_A_TURN = 50;

    private final Delivery delivery;
    private final Clock clock;
    private final BooleanSupplier taking;
    /** How many jobs of a kind are still to be refused for the queue's age, at most. */
    private final Map<TaskType, Long> excess = new ConcurrentHashMap<>();

    /** @param taking whether the worker takes jobs at all */
    Admission(Delivery delivery, Clock clock, BooleanSupplier taking) {
        this.delivery = delivery;
        this.clock = clock;
        this.taking = taking;
    }

    /** The queue of a kind was just seen to be too old, by so many jobs at most. */
    void tooOld(TaskType kind, long jobs) {
        excess.put(kind, jobs);
    }

    /**
     * Takes what is too much out of a lane's queue and hands it on with its answer, as far as one turn goes; on the monitor's
     * own thread, since the lane's hands are full when it matters.
     *
     * @return whether there may be more of it
     */
    boolean relieve(Lane lane, BiConsumer<byte[], JobException> refused) {
        LaneSettings limits = lane.settings();
        TaskType kind = lane.kind();
        long most = limits.maxQueue();
        long left = MOST_A_TURN;
        for (; most > 0 && left > 0 && taking.getAsBoolean(); left--) {
            Optional<byte[]> message = delivery.shed(kind, most, limits.giveWay());
            if (message.isEmpty()) {
                break;
            }
            refused.accept(message.get(), overloaded("more than " + most + " jobs wait for " + kind.wireName()));
        }
        Long old = excess.remove(kind);
        long over = old == null ? 0 : old;
        for (; over > 0 && left > 0 && taking.getAsBoolean(); over--, left--) {
            if (limits.giveWay() == Delivery.Side.OLDEST && delivery.depth(kind).ageMs(clock.millis()) <= limits.maxAge().toMillis()) {
                return false;
            }
            Optional<byte[]> message = delivery.shed(kind, 0, limits.giveWay());
            if (message.isEmpty()) {
                return false;
            }
            refused.accept(message.get(), overloaded("jobs for " + kind.wireName() + " wait longer than "
                    + limits.maxAge().toMillis() + " ms"));
        }
        if (over > 0) {
            excess.putIfAbsent(kind, over); // unless it was seen anew meanwhile
        }
        return left == 0;
    }

    private static JobException overloaded(String why) {
        return new JobException(ErrorCode.OVERLOADED, why);
    }

    /** The answer of a job that was cancelled before it was begun. */
    static JobException cancelled() {
        return new JobException(ErrorCode.CANCELLED, "the job was cancelled while it waited");
    }

    /**
     * Lets a claimed job pass or throws its answer.
     *
     * @param refusal its answer where it was taken out of the queue to be refused, or null
     */
    void check(Lane lane, Claim claim, JobException refusal, long queuedMs) {
        if (claim.verdict() == Claim.Verdict.CANCELLED) {
            throw cancelled();
        }
        if (refusal != null && refusal.code() == ErrorCode.CANCELLED) {
            throw refusal; // also where the cancel itself is no longer in Redis
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
            throw refusal;
        }
        Duration maxAge = lane.settings().maxAge();
        if (maxAge != null && lane.settings().giveWay() == Delivery.Side.OLDEST && queuedMs > maxAge.toMillis()) {
            throw overloaded("the job waited longer than " + maxAge.toMillis() + " ms");
        }
    }
}
