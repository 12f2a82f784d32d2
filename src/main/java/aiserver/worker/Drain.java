package aiserver.worker;

import aiserver.redis.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How jobs in hand end when the worker stops: finished in the time they have, else broken off and given back, and what an
 * engine does not let go of given back all the same. Run once, on a thread of its own; {@link #hurry} comes from any.
 *
 * @param giveBack gives one job back to its queue
 */
record Drain(Collection<Lane> lanes, Patience patience, CountDownLatch cut, Consumer<JobRun> giveBack) {
    private static final Logger LOG = LoggerFactory.getLogger(Drain.class);
    /** How long an engine gets to notice that its job is given back. */
    private static final Duration BREAK_OFF = Duration.ofSeconds(3);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    Drain(Collection<Lane> lanes, Patience patience, Consumer<JobRun> giveBack) {
        this(lanes, patience, new CountDownLatch(1), giveBack);
    }

    /** Gives the jobs no more time. */
    void hurry() {
        cut.countDown();
    }

    Stream<JobRun> running() {
        return lanes.stream().flatMap(lane -> lane.running().stream());
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

    /** Answers the jobs whose engines hang and gives all others back, each with one try, before the process ends. */
    void abandon(List<JobRun> stuck, Consumer<JobRun> answer) {
        hurry();
        patience.giveUp();
        for (JobRun run : running().filter(JobRun::settle).toList()) {
            if (stuck.contains(run)) {
                attempt(run, answer);
            } else {
                orLeave(run);
            }
        }
    }

    private void orLeave(JobRun run) {
        attempt(run, giveBack);
    }

    private static void attempt(JobRun run, Consumer<JobRun> what) {
        try {
            what.accept(run);
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
