package aiserver.worker;

import aiserver.redis.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How jobs in hand end when the worker stops: finished in the time they have, else broken off and given back, and what an
 * engine does not let go of given back all the same. A job that was told to end before is answered, since the next worker
 * may know nothing of its cancel. Run once, on a thread of its own; {@link #hurry} comes from any.
 *
 * @param giveBack gives one job back to its queue
 * @param answer   answers one job with the reason for which it was told to end
 */
record Drain(Collection<Lane> lanes, Patience patience, CountDownLatch cut, Consumer<JobRun> giveBack, Consumer<JobRun> answer) {
    private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
    /** How long an engine gets to notice that its job is given back. */
    private static final Duration BREAK_OFF = Duration.ofSeconds(3);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    Drain(Collection<Lane> lanes, Patience patience, Consumer<JobRun> giveBack, Consumer<JobRun> answer) {
        this(lanes, patience, new CountDownLatch(1), giveBack, answer);
    }

    /** Gives the jobs no more time. */
    void hurry() {
        cut.countDown();
    }

    Stream<JobRun> running() {
        return Lane.running(lanes);
    }

    /** Ends all jobs; true where every engine has let go. */
    boolean run(Duration time) {
        boolean idle = awaitIdle(time, cut);
        if (!idle) {
            running().forEach(run -> run.stop(JobRun.Stop.DRAINED));
            idle = awaitIdle(BREAK_OFF, new CountDownLatch(1));
        }
        patience.giveUp();
        running().filter(JobRun::settle).toList().forEach(this::orLeave);
        return idle;
    }

    /** Ends all jobs now, before the process ends. */
    void abandon() {
        hurry();
        patience.giveUp();
        running().filter(JobRun::settle).toList().forEach(this::orLeave);
    }

    // With one try.
    private void orLeave(JobRun run) {
        boolean told = run.stopped() != null && run.stopped() != JobRun.Stop.DRAINED;
        try {
            (told ? answer : giveBack).accept(run);
        } catch (RedisException e) {
            LOG.atWarn().addKeyValue("request_id", run.claim().requestId()).log("job left to recovery: {}", e.getMessage());
        }
    }

    // The monitors may still hand over what they were just popping, so hands count, not only runs.
    private boolean awaitIdle(Duration most, CountDownLatch cut) {
        long end = System.nanoTime() + most.toNanos();
        try {
            while (lanes.stream().anyMatch(lane -> lane.inHand() > 0)) {
                long left = end - System.nanoTime();
                if (left <= 0 || cut.await(Math.min(left, LOOK_NANOS), TimeUnit.NANOSECONDS)) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
