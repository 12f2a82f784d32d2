package aiserver.redis;

import aiserver.job.Envelope;
import aiserver.job.JobCodec;
import aiserver.job.TaskType;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A worker among others on the same Redis: says that it lives, gives the jobs of dead ones back to their queues, and signs
 * off. Owned by the worker's supervisor, whose thread calls it. What Redis keeps is a heartbeat key that expires by itself
 * and one list of workers, so that recovery never has to search all keys.
 */
public final class Membership {
    /** A dead worker's last pop may still be served until it times out in the server; then nothing can reach it. */
    private static final long SILENT_SECONDS = 600;

    private final RedisClient redis;
    private final DeliverySettings settings;
    private final String workerId;
    private final JobCodec codec;
    private final CountDownLatch enrolled = new CountDownLatch(1);

    public Membership(RedisClient redis, DeliverySettings settings, String workerId, JobCodec codec) {
        this.redis = redis;
        this.settings = settings;
        this.workerId = workerId;
        this.codec = codec;
    }

    /** Says that this worker lives; false where others had to take it for dead, so that its jobs may be in other hands. */
    public boolean beat(String info) {
        List<byte[]> answer = redis.eval(Script.HEARTBEAT, List.of(Keys.heartbeat(workerId), Keys.WORKERS, Keys.EPOCH),
                List.of(Delivery.bytes(workerId), Delivery.bytes(settings.deadAfter().toMillis()), Delivery.bytes(info),
                        Delivery.bytes(UUID.randomUUID().toString())));
        enrolled.countDown();
        return Delivery.number(answer.get(0)) == 1;
    }

    /** Whether recovery would find this worker: it has said once that it lives. Any thread. */
    public boolean enrolled() {
        return enrolled.getCount() == 0;
    }

    /**
     * Whether recovery would find this worker, waiting a little for it. Who takes a job before that and dies takes it along:
     * nobody looks at the list of a worker that was never heard of. Safe from any thread.
     */
    public boolean enrolled(Duration most) throws InterruptedException {
        return enrolled.await(most.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Gives back what workers without a heartbeat hold; the number of jobs. */
    public int recoverOrphans() {
        int recovered = 0;
        for (String worker : redis.members(Keys.WORKERS)) {
            if (!worker.equals(workerId) && redis.get(Keys.heartbeat(worker)) == null) {
                recovered += recover(worker);
                forget(worker, SILENT_SECONDS, false);
            }
        }
        return recovered;
    }

    /**
     * Gives back what a worker holds that is known to be dead, without waiting for its heartbeat to run out. It is entered
     * among the workers where it had no time to do so itself, for the sake of a last pop that is still to be served.
     */
    public int recoverPredecessor(String worker) {
        forget(worker, SILENT_SECONDS, true);
        return recover(worker);
    }

    /** Signs off; what this worker may still hold is left to the others. */
    public void leave() {
        forget(workerId, 0, true);
    }

    private int recover(String worker) {
        int recovered = 0;
        for (TaskType kind : TaskType.values()) {
            try {
                int moved = recover(worker, kind);
                if (moved < 0) {
                    return recovered;
                }
                recovered += moved;
            } catch (RedisException e) {
                // A key of another type keeps the jobs of its own kind alone from their queue.
                if (e.passing()) {
                    throw e;
                }
            }
        }
        return recovered;
    }

    // The number of jobs; less than none where the worker turns out to live.
    private int recover(String worker, TaskType kind) {
        String processing = Keys.processing(worker, kind);
        int recovered = 0;
        // Head first means newest first; the oldest must reach the popping end last, to be popped first.
        for (byte[] message : redis.range(processing)) {
            String requestId = codec.open(kind, message).requestId();
            List<byte[]> answer = redis.eval(Script.RECOVER,
                    List.of(Keys.heartbeat(worker), processing, kind.queue(), Keys.lease(requestId == null ? "" : requestId)),
                    List.of(message, Delivery.bytes(worker)));
            long moved = Delivery.number(answer.get(0));
            if (moved < 0) {
                return -1;
            }
            recovered += (int) moved;
        }
        return recovered;
    }

    private void forget(String worker, long silentSeconds, boolean leave) {
        List<String> keys = new ArrayList<>(List.of(Keys.heartbeat(worker), Keys.WORKERS));
        for (TaskType kind : TaskType.values()) {
            keys.add(Keys.processing(worker, kind));
        }
        redis.eval(Script.FORGET, keys, List.of(Delivery.bytes(worker), Delivery.bytes(silentSeconds),
                Delivery.bytes(leave ? 1 : 0)));
    }
}
