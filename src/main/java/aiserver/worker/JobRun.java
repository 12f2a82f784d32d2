package aiserver.worker;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.TaskType;
import aiserver.redis.Claim;

import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A claimed job from its start to its answer, as its engine and the supervisor see it: whether it should stop and why, how
 * far it is, since when. Made by the {@link Processor} for one job; read and written from any thread, native ones included.
 */
final class JobRun implements JobScope {
    private static final long PROGRESS_EVERY_NANOS = Duration.ofMillis(100).toNanos();
    /** A model of many gigabytes from a slow disk takes minutes; what takes longer than this hangs. */
    private static final Duration LONGEST_LOAD = Duration.ofMinutes(15);

    /** Why a job has to end before it is done. */
    enum Stop {
        CANCELLED, EXPIRED, OVERTIME, DRAINED
    }

    // One with the other, so that nobody sees the reason with another time.
    private record Told(Stop reason, long nanos) {
    }

    /** Who is told how far a job is. */
    interface Listener {
        void progress(JobRun run, String stage, double fraction);
    }

    private final Claim claim;
    private final Clock clock;
    private final Duration timeLimit;
    private final Duration giveWayMost;
    private final VoiceFirst voiceFirst;
    private final Listener listener;
    private final long startedNanos = System.nanoTime();
    private final AtomicReference<Told> told = new AtomicReference<>();
    private volatile boolean settled;
    /** When the model was last seen being loaded, after the job was told to end; 0: never. */
    private volatile long loadingNanos;
    private String lastStage;
    private long lastToldNanos;
    private Duration gaveWay = Duration.ZERO;

    JobRun(Claim claim, Clock clock, Duration timeLimit, Duration giveWayMost, VoiceFirst voiceFirst, Listener listener) {
        this.claim = claim;
        this.clock = clock;
        this.timeLimit = timeLimit;
        this.giveWayMost = giveWayMost;
        this.voiceFirst = voiceFirst;
        this.listener = listener;
    }

    Claim claim() {
        return claim;
    }

    TaskType kind() {
        return claim.envelope().kind();
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    @Override
    public boolean cancelled() {
        if (told.get() == null) {
            Long deadline = claim.envelope().deadlineAt();
            if (deadline != null && clock.millis() >= deadline) {
                stop(Stop.EXPIRED);
            } else if (System.nanoTime() - startedNanos >= timeLimit.toNanos()) {
                stop(Stop.OVERTIME);
            }
        }
        return told.get() != null;
    }

    /** Asks the job to end; the first reason counts. */
    void stop(Stop reason) {
        told.compareAndSet(null, new Told(reason, System.nanoTime()));
    }

    Stop stopped() {
        Told now = told.get();
        return now == null ? null : now.reason();
    }

    /**
     * Whether the job goes on although it was told to end so long ago. Most engines listen only before and after they load a
     * model, so the time counts from the end of that: else a slow load would be broken off for every job anew and never end.
     *
     * @param loading whether the model is not in memory yet
     */
    boolean stuck(boolean loading, Duration after) {
        if (!cancelled() || settled) {
            return false;
        }
        long now = System.nanoTime();
        if (loading) {
            loadingNanos = now | 1;
            return now - told.get().nanos() >= LONGEST_LOAD.toNanos();
        }
        return now - (loadingNanos == 0 ? told.get().nanos() : loadingNanos) >= after.toNanos();
    }

    /** One thread may answer or give back a job: true for the first that asks. */
    synchronized boolean settle() {
        boolean first = !settled;
        settled = true;
        return first;
    }

    @Override
    public void progress(String stage, double fraction) {
        if (due(stage, fraction)) {
            listener.progress(this, stage, fraction);
        }
        if (kind() == TaskType.IMAGE) {
            gaveWay = gaveWay.plus(voiceFirst.giveWay(giveWayMost.minus(gaveWay).isNegative() ? Duration.ZERO
                    : giveWayMost.minus(gaveWay), this::cancelled));
        }
    }

    // A new stage and the end are always told, steps in between at most ten times a second.
    private synchronized boolean due(String stage, double fraction) {
        long now = System.nanoTime();
        boolean due = !Objects.equals(stage, lastStage) || fraction >= 1 || now - lastToldNanos >= PROGRESS_EVERY_NANOS;
        if (due) {
            lastStage = stage;
            lastToldNanos = now;
        }
        return due;
    }

    /** What the contract says of a job that ended for this reason. */
    JobException why() {
        return switch (stopped()) {
            case CANCELLED -> new JobException(ErrorCode.CANCELLED, "the job was cancelled after " + elapsed().toMillis() + " ms");
            case EXPIRED -> new JobException(ErrorCode.EXPIRED,
                    "deadline_at " + claim.envelope().deadlineAt() + " passed while the job ran");
            case OVERTIME -> new JobException(ErrorCode.EXPIRED,
                    "the job ran longer than the " + timeLimit.toMillis() + " ms that one of its kind may take here");
            case DRAINED -> throw new IllegalStateException("a job that is given back has no answer");
        };
    }
}
