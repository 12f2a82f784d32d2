package aiserver.worker;

import aiserver.job.Envelope;
import aiserver.job.Job;
import aiserver.job.JobCodec;
import aiserver.job.JobException;
import aiserver.job.JobResult;
import aiserver.job.Reply;
import aiserver.job.TaskType;
import aiserver.redis.Claim;
import aiserver.redis.Delivery;
import aiserver.redis.Keys;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Clock;
import java.time.Duration;

/**
 * Takes one message from being popped to being let go: claims it, has the job done, and sees that it ends in an answer, back
 * in its queue, or among the dead letters. Owned by {@link AIWorker}; {@link #work} runs on the job threads of every lane, and
 * on a lane's monitor thread for what is refused.
 */
final class Processor {
    private static final Logger LOG = LoggerFactory.getLogger(Processor.class);
    private static final Duration LONGEST_ALONE = Duration.ofSeconds(10);
    /** What goes wrong in here would go wrong again at once; a pause as after so many failures of Redis keeps it from spinning. */
    private static final int FAILURES_OF_ITS_OWN = 6;

    private final AIWorker worker;
    private final WorkerSettings settings;
    private final RedisClient redis;
    private final JobCodec codec;
    private final Delivery delivery;
    private final Patience patience;
    private final VoiceFirst voiceFirst;
    private final Admission admission;
    private final WorkerMetrics metrics;
    private final Clock clock;
    private final Quarantine quarantine = new Quarantine(LONGEST_ALONE);

    Processor(AIWorker worker, WorkerSettings settings, RedisClient redis, JobCodec codec, Delivery delivery, Patience patience,
              VoiceFirst voiceFirst, Admission admission, WorkerMetrics metrics, Clock clock) {
        this.worker = worker;
        this.settings = settings;
        this.redis = redis;
        this.codec = codec;
        this.delivery = delivery;
        this.patience = patience;
        this.voiceFirst = voiceFirst;
        this.admission = admission;
        this.metrics = metrics;
        this.clock = clock;
    }

    /**
     * Brings one popped message to its end.
     *
     * @param refusal its answer where it was taken out of the queue to be refused, or null
     */
    void work(Lane lane, Envelope envelope, JobException refusal) {
        long receivedAt = clock.millis();
        String token = delivery.newToken();
        try {
            if (!envelope.answerable()) {
                bury(envelope, token);
                return;
            }
            if (refusal != null) {
                claim(lane, envelope, token, refusal, receivedAt);
                return;
            }
            boolean suspect = patience.until(() -> delivery.suspect(envelope));
            boolean turn = quarantine.enter(lane.kind(), suspect, worker::open);
            try {
                if (turn) {
                    claim(lane, envelope, token, null, receivedAt);
                } else {
                    release(envelope);
                }
            } finally {
                quarantine.leave(lane.kind(), suspect);
            }
        } catch (RedisException e) {
            LOG.atError().addKeyValue("request_id", envelope.requestId()).addKeyValue("task_type", lane.kind().wireName())
                    .log("job {}: {}", e.passing() ? "left to recovery" : "cannot be answered", e.getMessage());
            if (!e.passing()) {
                bury(envelope, token);
            }
        } catch (OutOfMemoryError e) {
            // Outside the service: the message stays on our list, where the next start finds it.
            worker.giveUp(e);
        } catch (RuntimeException | Error e) {
            LOG.atError().addKeyValue("request_id", envelope.requestId()).addKeyValue("task_type", lane.kind().wireName())
                    .log("job given back to its queue after {}", Failure.where(e));
            patience.pause(FAILURES_OF_ITS_OWN);
            putBack(envelope, token);
        }
    }

    // By the token, since the claim may have been made all the same.
    private void putBack(Envelope envelope, String token) {
        try {
            patience.until(() -> delivery.putBack(new Claim(envelope, token, Claim.Verdict.RUN, 0, "")));
        } catch (RedisException e) {
            LOG.atError().addKeyValue("request_id", envelope.requestId()).log("job left to recovery: {}", e.getMessage());
        }
    }

    /** Gives back a message that was never claimed. */
    void release(Envelope envelope) {
        patience.until(() -> {
            delivery.release(envelope);
            return true;
        });
    }

    private void claim(Lane lane, Envelope envelope, String token, JobException refusal, long receivedAt) {
        Claim claim = patience.until(() -> delivery.claim(envelope, token));
        if (claim.verdict().held()) {
            answer(lane, claim, refusal, receivedAt);
        } else {
            metrics.dropped(lane.kind(), claim.verdict());
            LOG.atInfo().addKeyValue("request_id", claim.requestId()).addKeyValue("task_type", lane.kind().wireName())
                    .log("message dropped: {}", claim.verdict());
        }
    }

    private void bury(Envelope envelope, String token) {
        try {
            patience.until(() -> {
                delivery.bury(envelope, token);
                return true;
            });
        } catch (RedisException e) {
            LOG.error("a message of {} bytes is left to recovery: {}", envelope.message().length, e.getMessage());
            return;
        }
        metrics.buried(envelope.kind());
        LOG.atWarn().addKeyValue("task_type", envelope.kind().wireName()).addKeyValue("bytes", envelope.message().length)
                .log("message kept in {}: {}", Keys.dead(envelope.kind()), envelope.answerable()
                        ? "a key of its request has another type in Redis" : "it has no readable request_id");
    }

    private void answer(Lane lane, Claim claim, JobException refusal, long receivedAt) {
        JobRun run = new JobRun(claim, clock, lane.settings().timeLimit(), settings.giveWayMost(), voiceFirst, this::tell);
        long startedAt = clock.millis();
        Long createdAt = claim.envelope().createdAt();
        long queuedMs = startedAt - (createdAt == null ? receivedAt : createdAt);
        lane.running().add(run);
        voiceFirst.enter(lane.kind());
        JobResult result = null;
        JobException error = null;
        Throwable thrown = null;
        boolean begun = false;
        try {
            LOG.atInfo().addKeyValue("request_id", claim.requestId()).addKeyValue("task_type", lane.kind().wireName())
                    .addKeyValue("attempt", claim.attempt()).addKeyValue("queued_ms", Math.max(0, queuedMs)).log("job started");
            admission.check(lane, claim, refusal, queuedMs);
            Job job = codec.read(claim.envelope());
            begun = true;
            result = worker.dispatchTask(job, run);
        } catch (Throwable e) {
            thrown = e;
            boolean told = begun && run.stopped() != null && run.stopped() != JobRun.Stop.DRAINED;
            error = told ? run.why() : Failure.asJobException(claim.requestId(), e);
        } finally {
            voiceFirst.leave(lane.kind());
        }
        try {
            if (!run.settle()) {
                return; // the supervisor answered or gave it back meanwhile
            }
            if (error != null && run.stopped() == JobRun.Stop.DRAINED) {
                giveBack(run);
            } else {
                publish(run, queuedMs, result, error);
            }
        } catch (RedisException | OutOfMemoryError e) {
            throw e;
        } catch (RuntimeException | Error e) {
            publish(run, queuedMs, null, Failure.asJobException(claim.requestId(), e));
        } finally {
            lane.running().remove(run);
        }
        if (Failure.endsProcess(thrown)) {
            worker.giveUp(thrown);
        } else if (!(thrown instanceof OutOfMemoryError)) {
            // Java's own heap: the model had no part in that, and unloading it would give nothing back.
            lane.model().learn(error);
        }
    }

    /** Answers a job with its result or, where that is null, its error. */
    void publish(JobRun run, long queuedMs, JobResult result, JobException error) {
        worker.publishResult(run.claim(), new Reply(run.claim().requestId(), run.kind(), settings.workerId(), run.claim().attempt(),
                queuedMs, run.elapsed().toMillis(), result, error));
    }

    /** Puts a job back into its queue, uncounted. */
    void giveBack(JobRun run) {
        if (patience.until(() -> delivery.putBack(run.claim()))) {
            TaskType kind = run.kind();
            metrics.putBack(kind);
            LOG.atInfo().addKeyValue("request_id", run.claim().requestId()).addKeyValue("task_type", kind.wireName())
                    .addKeyValue("run_ms", run.elapsed().toMillis()).log("job given back to its queue");
        }
    }

    private void tell(JobRun run, String stage, double fraction) {
        try {
            redis.tell(Keys.progress(run.claim().requestId()),
                    codec.writeProgress(run.claim().requestId(), run.kind(), stage, fraction));
        } catch (RuntimeException e) {
            LOG.debug("progress is not told: {}", e.toString());
        }
    }
}
