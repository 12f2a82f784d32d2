package aiserver.worker;

import aiserver.job.Envelope;
import aiserver.job.ErrorCode;
import aiserver.job.ImageJob;
import aiserver.job.Job;
import aiserver.job.JobCodec;
import aiserver.job.JobException;
import aiserver.job.JobResult;
import aiserver.job.JobScope;
import aiserver.job.LanguageJob;
import aiserver.job.Reply;
import aiserver.job.SpeechJob;
import aiserver.job.TaskType;
import aiserver.redis.Claim;
import aiserver.redis.Delivery;
import aiserver.redis.Membership;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisException;
import io.micrometer.core.instrument.MeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * The worker: pops jobs from the queues, has them done, and publishes each result. {@link #monitorQueue} pops a job on the
 * lane's monitor thread, the {@link Processor} takes it through its life on one of the lane's job threads,
 * {@link #dispatchTask} hands it to its service, {@link #publishResult} answers it. Whatever a job does, it ends in an answer
 * and its lane goes on.
 *
 * <p>Made, started and stopped once, by whoever also owns the Redis client and the services.
 */
public final class AIWorker {
    private static final Logger LOG = LoggerFactory.getLogger(AIWorker.class);
    /** The exit status of a process that was given up because the JVM ran out of something: EX_OSERR of sysexits.h. */
    static final int EXIT_EXHAUSTED = 71;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);

    private final WorkerSettings settings;
    private final Handlers handlers;
    private final JobCodec codec;
    private final Delivery delivery;
    private final Membership membership;
    private final WorkerMetrics metrics;
    private final Patience patience = new Patience();
    private final Map<TaskType, Lane> lanes = new EnumMap<>(TaskType.class);
    private final Supervisor supervisor;
    private final IntConsumer fatal;
    private final AtomicInteger exitStatus = new AtomicInteger();
    private final Admission admission;
    private final Processor processor;
    private final Drain drain;
    private final Lifecycle lifecycle;

    /**
     * @param redis    stays the caller's to close, after the worker has stopped
     * @param handlers one for every lane of the settings
     * @param fatal    called with an exit status when the process can only be given up, such as for an engine that hangs
     */
    public AIWorker(WorkerSettings settings, RedisClient redis, Handlers handlers, MeterRegistry registry, IntConsumer fatal) {
        this(settings, redis, handlers, registry, fatal, Clock.systemUTC());
    }

    AIWorker(WorkerSettings settings, RedisClient redis, Handlers handlers, MeterRegistry registry, IntConsumer fatal,
             Clock clock) {
        this.settings = settings;
        this.fatal = fatal;
        this.handlers = handlers;
        this.codec = new JobCodec(settings.limits());
        this.delivery = new Delivery(redis, settings.delivery(), settings.workerId());
        this.metrics = new WorkerMetrics(registry, settings.restarts());
        settings.lanes().forEach((kind, lane) -> {
            if (handlers.of(kind) == null) {
                throw new IllegalArgumentException("lane " + kind.wireName() + " has nobody to do its jobs");
            }
            lanes.put(kind, new Lane(kind, lane, handlers.of(kind)));
        });
        lanes.values().forEach(metrics::watch);
        VoiceFirst voiceFirst = new VoiceFirst();
        this.membership = new Membership(redis, settings.delivery(), settings.workerId(), codec);
        this.admission = new Admission(delivery, clock, this::taking);
        this.supervisor = new Supervisor(this, settings, redis, membership, delivery, lanes.values(), metrics, voiceFirst, admission,
                clock);
        this.processor = new Processor(this, settings, redis, codec, delivery, patience, voiceFirst, admission, metrics, clock);
        this.drain = new Drain(lanes.values(), patience, processor::giveBack,
                run -> processor.publish(run, 0, null, run.why()));
        this.lifecycle = new Lifecycle(settings, lanes.values(), drain, supervisor);
    }

    /** Starts the lanes and returns; Redis need not be there yet. Does nothing where a stop came first. */
    public void start() {
        if (lifecycle.start(lane -> monitorQueue(lane.kind()))) {
            LOG.atInfo().addKeyValue("worker_id", settings.workerId()).addKeyValue("lanes", lanes.keySet()).log("worker started");
        }
    }

    /** Pops jobs of one kind until the worker stops, as many at a time as the lane has hands. Blocks. */
    public void monitorQueue(TaskType kind) {
        Lane lane = lanes.get(kind);
        JobScope untilStop = JobScope.until(() -> !open());
        int failures = 0;
        while (open()) {
            try {
                if (!taking() || !lane.model().ready(untilStop)) {
                    lane.forgetCancelled();
                    patience.sleep(LOOK_AGAIN);
                    continue;
                }
                if (!membership.enrolled(LOOK_AGAIN)) {
                    continue;
                }
                for (String id = lane.nextCancelled(); id != null; id = lane.nextCancelled()) {
                    delivery.pull(kind, id).ifPresent(
                            message -> processor.work(lane, codec.open(kind, message), Admission.cancelled()));
                }
                boolean more = admission.relieve(lane, (message, why) -> processor.work(lane, codec.open(kind, message), why));
                lane.unloadIfIdle();
                if (lane.acquire(more ? Duration.ZERO : LOOK_AGAIN)) {
                    pop(lane);
                }
                failures = 0;
            } catch (RedisException e) {
                if (!e.passing()) {
                    LOG.error("lane {} cannot read its queue: {}{}", kind.wireName(), e.getMessage(),
                            e.getMessage().contains("unknown command") ? "; a server older than 6.2 needs plain mode" : "");
                }
                patience.pause(++failures);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            } catch (OutOfMemoryError e) {
                // Here, outside any job, a message may be lost on its way: the next start finds it on our list.
                giveUp(e);
                break;
            } catch (RuntimeException | Error e) {
                // Nothing that one message does may end a lane.
                LOG.error("lane {} goes on after {}", kind.wireName(), Failure.where(e));
                patience.pause(++failures);
            }
        }
        try {
            delivery.releaseUnclaimed(kind);
        } catch (RedisException e) {
            LOG.warn("lane {} leaves what it could not give back to other workers: {}", kind.wireName(), e.getMessage());
        }
    }

    private void pop(Lane lane) {
        Optional<byte[]> message = Optional.empty();
        boolean handedOver = false;
        try {
            message = delivery.next(lane.kind());
            if (message.isPresent()) {
                Envelope envelope = codec.open(lane.kind(), message.get());
                if (taking()) {
                    lane.submit(() -> processor.work(lane, envelope, null));
                    handedOver = true;
                } else {
                    processor.release(envelope);
                }
            }
        } finally {
            if (!handedOver) {
                lane.release();
            }
        }
    }

    /** Has a job done by its service, on the calling thread; throws whatever the service throws. */
    public JobResult dispatchTask(Job job, JobScope scope) {
        return switch (job) {
            case SpeechJob speech -> handlers.speech().handle(speech, scope);
            case LanguageJob language -> handlers.language().handle(language, scope);
            case ImageJob image -> handlers.image().handle(image, scope);
        };
    }

    /**
     * Stores and publishes the answer of a job, waiting for Redis as long as that takes.
     *
     * @return whether this answer counts; false where the job had been given to another worker
     * @throws RedisException where Redis refuses for good, or the worker gave up waiting
     */
    public boolean publishResult(Claim claim, Reply reply) {
        Reply written = reply;
        byte[] json;
        try {
            json = codec.write(reply);
        } catch (IllegalStateException e) {
            written = new Reply(reply.requestId(), reply.kind(), reply.workerId(), reply.attempt(), reply.queuedMs(),
                    reply.runMs(), null, new JobException(ErrorCode.INTERNAL, "the result " + e.getMessage()));
            json = codec.write(written);
        }
        byte[] message = json;
        boolean bury = claim.verdict() == Claim.Verdict.EXHAUSTED;
        boolean counted = patience.until(() -> delivery.finish(claim, message, bury));
        if (!counted) {
            metrics.outrun(reply.kind());
        } else {
            metrics.answered(written);
        }
        LOG.atInfo().addKeyValue("request_id", reply.requestId()).addKeyValue("task_type", reply.kind().wireName())
                .addKeyValue("attempt", reply.attempt()).addKeyValue("queued_ms", reply.queuedMs())
                .addKeyValue("run_ms", reply.runMs()).addKeyValue("bytes", message.length)
                .addKeyValue("code", written.success() ? "-" : written.error().code())
                .log(!counted ? "job finished, but it had been given to another worker" : written.success() ? "job done" : "job failed");
        return counted;
    }

    /** Ends the process because the JVM has run out of something that it does not get back; what is in hand is given back. */
    void giveUp(Throwable why) {
        try {
            LOG.error("the JVM has run out of {}; the process is given up", why.getMessage());
        } finally {
            giveUp(EXIT_EXHAUSTED);
        }
    }

    /** Ends the process, such as for engines that hang: jobs that were told to end are answered, all others given back. */
    void giveUp(int status) {
        // First: the stop that follows may be over before Redis has taken all that is in hand.
        exitStatus.compareAndSet(0, status);
        try {
            abandon();
        } finally {
            fatal.accept(status);
        }
    }

    private void abandon() {
        try {
            requestStop();
        } catch (OutOfMemoryError e) {
            LOG.debug("no thread to stop on: {}", e.getMessage()); // what cannot wait is done on this one
        }
        drain.abandon();
    }

    /** What the process should end with once it has stopped: 0, or why it was given up. */
    public int exitStatus() {
        return exitStatus.get();
    }

    /** Takes no new jobs until {@link #resume}; what is in hand goes on. */
    public void quiet() {
        lifecycle.quiet();
    }

    public void resume() {
        lifecycle.resume();
    }

    /** Begins to stop and returns; asked again, it gives back what is in hand at once. {@link #awaitStop} tells the end. */
    public void requestStop() {
        lifecycle.requestStop();
    }

    /** Takes no new job, finishes what is in hand or gives it back at the deadline, and returns when all threads are done. */
    public void stop() {
        requestStop();
        awaitStop();
    }

    /** Waits for the end; false where an engine is still inside a job that was given back, so that closing it would wait for it. */
    public boolean awaitStop() {
        return lifecycle.awaitStop();
    }

    /** Whether it has not been told to stop. */
    boolean open() {
        return lifecycle.open();
    }

    private boolean taking() {
        return lifecycle.taking();
    }

    public WorkerStatus status() {
        Map<TaskType, String> trouble = new EnumMap<>(TaskType.class);
        lanes.forEach((kind, lane) -> trouble.put(kind, Objects.requireNonNullElse(lane.model().trouble(), "")));
        return new WorkerStatus(lifecycle.phase(), supervisor.redisAnswers(), supervisor.alive(), trouble);
    }

    public String workerId() {
        return settings.workerId();
    }
}
