package aiserver.worker;

import aiserver.job.TaskType;
import aiserver.redis.Delivery;
import aiserver.redis.Keys;
import aiserver.redis.Membership;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What goes on beside the lanes, on one thread in short turns: the heartbeat, the recovery of dead workers' jobs, cancels
 * and commands, a look at the queues, the watch for engines that do not let go of a job, and the memory that is given back
 * when all is quiet. Owned by {@link AIWorker}. A turn that fails for want of Redis is simply followed by the next.
 */
final class Supervisor {
    /** The exit status of a process that was given up because an engine, or the supervisor itself, failed it: EX_SOFTWARE of sysexits.h. */
    static final int EXIT_STUCK = 70;

    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    private static final Duration TURN = Duration.ofMillis(200);
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration REST = Duration.ofSeconds(1);

    private final AIWorker worker;
    private final WorkerSettings settings;
    private final Membership membership;
    private final Delivery delivery;
    private final Collection<Lane> lanes;
    private final WorkerMetrics metrics;
    private final VoiceFirst voiceFirst;
    private final Admission admission;
    private final Clock clock;
    private final Cancels cancels;
    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "supervisor");
    private final Map<TaskType, Long> lastDepth = new EnumMap<>(TaskType.class);
    private final List<String> predecessors;
    private volatile boolean redisAnswers;
    private volatile boolean alive = true;
    private boolean refused; // told once: what Redis refuses for good, it refuses in every turn
    private long nextBeat;
    private long nextRecovery;
    private long nextLook;
    private Long restedAfter; // the end of the job after which memory was given back last
    private long troubleAt = System.nanoTime();

    Supervisor(AIWorker worker, WorkerSettings settings, RedisClient redis, Membership membership, Delivery delivery,
               Collection<Lane> lanes, WorkerMetrics metrics, VoiceFirst voiceFirst, Admission admission, Clock clock) {
        this.worker = worker;
        this.settings = settings;
        this.membership = membership;
        this.delivery = delivery;
        this.lanes = lanes;
        this.metrics = metrics;
        this.voiceFirst = voiceFirst;
        this.admission = admission;
        this.clock = clock;
        this.cancels = new Cancels(settings.workerId(), redis, delivery, lanes, this::command);
        this.predecessors = new ArrayList<>(settings.predecessors());
    }

    void start() {
        long now = System.nanoTime();
        nextBeat = now;
        nextLook = now;
        nextRecovery = now;
        thread.setDaemon(true);
        thread.start();
    }

    /** Ends the turns and signs off. */
    void stop() {
        end.countDown();
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    boolean redisAnswers() {
        return redisAnswers;
    }

    boolean alive() {
        return alive;
    }

    private void run() {
        boolean ended = false;
        try {
            while (!ended) {
                turn();
                ended = end.await(TURN.toMillis(), TimeUnit.MILLISECONDS);
            }
            leave();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (!ended) {
                // Without a heartbeat others would take the jobs, and nobody would see an engine that hangs.
                worker.giveUp(EXIT_STUCK);
            }
        }
    }

    private void turn() {
        attempt(() -> {
            try {
                lookAfterRedis();
            } catch (RedisException e) {
                lost(e);
            }
        });
        attempt(() -> {
            watch();
            rest();
        });
    }

    // What fails in one part is no reason to leave out the other, or the next turn.
    private static void attempt(Runnable part) {
        try {
            part.run();
        } catch (RuntimeException | Error e) {
            LOG.error("the supervisor goes on after {}", e.toString());
        }
    }

    private void lost(RedisException e) {
        if (!e.passing() && !refused) {
            refused = true;
            LOG.error("worker {} cannot say that it lives or look after its jobs{}: {}", settings.workerId(),
                    membership.enrolled() ? "" : ", and takes none until it can", e.getMessage());
        }
        redisAnswers = false;
        troubleAt = System.nanoTime();
        if (e.passing()) {
            cancels.listenAnew();
        }
    }

    private void leave() {
        try {
            membership.leave();
        } catch (RedisException e) {
            LOG.debug("signing off failed; the heartbeat runs out by itself: {}", e.getMessage());
        }
        cancels.close();
    }

    private void lookAfterRedis() {
        long now = System.nanoTime();
        if (now - nextBeat >= 0) {
            nextBeat = now + settings.delivery().heartbeat().toNanos();
            boolean known = membership.enrolled();
            boolean stillKnown = membership.beat("{\"lanes\":" + lanes.size() + "}");
            if (known && !stillKnown) {
                LOG.warn("worker {} was taken for dead after {} without a heartbeat; its jobs may be done twice, but are"
                        + " answered once", settings.workerId(), settings.delivery().deadAfter());
            }
            redisAnswers = true;
        }
        cancels.look();
        recover(now);
        if (now - nextLook >= 0) {
            nextLook = now + LOOK.toNanos();
            look();
        }
        cancels.listen();
    }

    private void command(String word) {
        switch (word) {
            case "quiet" -> worker.quiet();
            case "resume" -> worker.resume();
            case "stop" -> worker.requestStop();
            default -> LOG.warn("a command on {} is none of quiet, resume, stop", Keys.control(settings.workerId()));
        }
    }

    // After an outage everybody's heartbeat may have run out, so the living get time to show themselves first.
    private void recover(long now) {
        if (!settings.delivery().reliable()) {
            return;
        }
        int recovered = 0;
        while (!predecessors.isEmpty()) {
            recovered += membership.recoverPredecessor(predecessors.getFirst());
            predecessors.removeFirst();
        }
        long patient = settings.delivery().deadAfter().toNanos();
        if (now - nextRecovery >= 0 && now - troubleAt >= patient) {
            nextRecovery = now + patient / 3;
            recovered += membership.recoverOrphans();
        }
        if (recovered > 0) {
            metrics.recovered(recovered);
            LOG.info("{} jobs of dead workers were given back to their queues", recovered);
        }
    }

    private void look() {
        for (Lane lane : lanes) {
            try {
                look(lane);
            } catch (RedisException e) {
                if (e.passing()) {
                    throw e;
                }
                LOG.debug("the queue of lane {} cannot be looked at: {}", lane.kind().wireName(), e.getMessage());
            }
        }
    }

    private void look(Lane lane) {
        TaskType kind = lane.kind();
        Delivery.Depth depth = delivery.depth(kind);
        long age = depth.ageMs(clock.millis());
        metrics.queue(kind, depth.length(), age);
        voiceFirst.waiting(kind, depth.length() > 0 && lane.model().trouble() == null);
        Duration maxAge = lane.settings().maxAge();
        if (maxAge != null && age > maxAge.toMillis()) {
            // All may be too old; of the newest, those that came since the last look.
            long arrived = depth.length() - lastDepth.getOrDefault(kind, depth.length());
            admission.tooOld(kind, lane.settings().giveWay() == Delivery.Side.OLDEST ? depth.length() : Math.max(0, arrived));
        }
        lastDepth.put(kind, depth.length());
    }

    // An engine that ignores its cancel cannot be freed within this process. Its job is answered, the others' are given
    // back, and the process ends to be started again.
    private void watch() {
        List<JobRun> stuck = lanes.stream().flatMap(lane -> lane.running().stream()
                .filter(run -> run.stuck(!lane.model().loaded(), settings.stuckAfter()) && run.stopped() != JobRun.Stop.DRAINED))
                .toList();
        if (stuck.isEmpty() || !alive) {
            return;
        }
        alive = false;
        for (JobRun run : stuck) {
            LOG.atError().addKeyValue("request_id", run.claim().requestId()).addKeyValue("task_type", run.kind().wireName())
                    .log("the engine did not let go of its job {} s and more after it was told to; the process is given up",
                            settings.stuckAfter().toSeconds());
        }
        worker.giveUp(EXIT_STUCK);
    }

    // What start, jobs and unloading leave behind would stay resident until the next job, which may be far: garbage in Java's
    // heap, freed memory in the engines', code that was needed once. All comes back at a touch, in a few milliseconds.
    private void rest() {
        long last = lanes.stream().map(Lane::lastWorkNanos).reduce((a, b) -> a - b > 0 ? a : b).orElseThrow();
        if (Long.valueOf(last).equals(restedAfter) || System.nanoTime() - last < REST.toNanos() || Lane.running(lanes).findAny().isPresent()) {
            return;
        }
        restedAfter = last;
        System.gc();
        lanes.iterator().next().model().rest();
    }
}
