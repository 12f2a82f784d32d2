package aiserver.redis;

import aiserver.job.Envelope;
import aiserver.job.TaskType;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Takes messages off the queues and gives their answers, so that each ends in exactly one. A message is moved to this
 * worker's processing list, claimed (lease, attempt), and finished in one atomic step; being on that list is what makes it
 * ours. In plain mode there is no such list, and what a dying worker held is lost.
 *
 * <p>One per worker. {@link #next}, {@link #shed}, {@link #pull} and {@link #releaseUnclaimed} of one kind belong to one thread, the
 * lane's; the rest is safe from any. Every call may be repeated after a {@link RedisException}: none takes or answers twice.
 */
public final class Delivery {
    private static final byte[] YES = "1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NO = "0".getBytes(StandardCharsets.US_ASCII);
    /** After so long a forgotten lease or count goes by itself; longer than any job may run. */
    private static final Duration GARBAGE = Duration.ofDays(1);

    /** A longer message is not decoded in the server just to learn its age. */
    private static final long LOOKED_INTO = 4 << 20;

    /** So many waiting messages are searched for a cancelled one. */
    private static final long SEARCHED = 1_000;
    private static final long SEARCHED_BYTES = 64 << 20;

    /** Which end of a queue is refused when there is too much in it. */
    public enum Side {
        NEWEST("LEFT"), OLDEST("RIGHT");

        private final String end;

        Side(String end) {
            this.end = end;
        }
    }

    /** How long a queue is and when its oldest job was made, epoch milliseconds, or null. */
    public record Depth(long length, Long oldestCreatedAt) {
        /** How long the oldest has waited; 0 where that is not known. */
        public long ageMs(long nowMs) {
            return oldestCreatedAt == null ? 0 : Math.max(0, nowMs - oldestCreatedAt);
        }
    }

    private final RedisClient redis;
    private final DeliverySettings settings;
    private final String workerId;
    /** What was popped and not yet let go, by identity, so that a reply lost on the wire can be told from work in hand. */
    private final Map<TaskType, List<byte[]>> inHand = new ConcurrentHashMap<>();
    /** Of these, what is just being answered or given back: the list may be without it before it is let go here. */
    private final Set<byte[]> leaving = Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
    private final Map<String, String> tokens = new ConcurrentHashMap<>();

    public Delivery(RedisClient redis, DeliverySettings settings, String workerId) {
        this.redis = redis;
        this.settings = settings;
        this.workerId = workerId;
        for (TaskType kind : TaskType.values()) {
            inHand.put(kind, new ArrayList<>());
        }
    }

    /** The oldest message of a queue, waiting a little for one. */
    public Optional<byte[]> next(TaskType kind) {
        Optional<byte[]> message;
        if (settings.reliable()) {
            message = astray(kind);
            if (message.isEmpty()) {
                message = redis.blmove(kind.queue(), processing(kind), settings.popTimeout());
            }
        } else {
            message = redis.brpop(kind.queue(), settings.popTimeout());
        }
        message.ifPresent(m -> hold(kind, m));
        return message;
    }

    /** One message of a queue that has more than {@code most}, taken from the given end; to be claimed and refused. */
    public Optional<byte[]> shed(TaskType kind, long most, Side side) {
        List<byte[]> answer = redis.eval(Script.SHED, List.of(kind.queue(), processing(kind)),
                List.of(bytes(most), bytes(side.end), reliable()));
        Optional<byte[]> message = answer.stream().findFirst();
        message.ifPresent(m -> hold(kind, m));
        return message;
    }

    public Depth depth(TaskType kind) {
        List<byte[]> answer = redis.eval(Script.DEPTH, List.of(kind.queue()), List.of(bytes(LOOKED_INTO)));
        String created = text(answer.get(1));
        return new Depth(number(answer.get(0)), created.isEmpty() ? null : Long.valueOf(created));
    }

    /** Whether a process died with this job in hand: it was started, and nobody has it. */
    public boolean suspect(Envelope envelope) {
        if (!settings.reliable()) {
            return false;
        }
        List<Boolean> known = redis.exist(List.of(Keys.attempts(envelope.requestId()), Keys.lease(envelope.requestId())));
        return known.get(0) && !known.get(1);
    }

    /** Takes a popped message in hand. Verdicts that are not {@link Claim.Verdict#held} have let it go already. */
    public Claim claim(Envelope envelope, String token) {
        // Before the call: another thread with the same request must not take this lease for a stale one.
        tokens.put(token, envelope.requestId());
        Claim claim = claim(envelope, token, "");
        if (claim.verdict() == Claim.Verdict.RUNNING) {
            String holder = claim.epoch();
            if (isStale(holder, claim.requestId())) {
                claim = claim(envelope, token, holder);
            } else {
                drop(envelope);
            }
        }
        if (!claim.verdict().held()) {
            letGo(claim);
        }
        return claim;
    }

    // Not asked again where the reply is lost: done already, it would take the same bytes that another thread has in hand. Not
    // done, the message is found astray at the next pop.
    private void drop(Envelope envelope) {
        try {
            redis.eval(Script.DROP, List.of(processing(envelope.kind())),
                    List.of(envelope.message(), bytes(hands(envelope.kind(), envelope.message()))));
        } catch (RedisException e) {
            if (!e.passing()) {
                throw e;
            }
        }
    }

    /** A token for one claim; a claim that is sent again keeps its token. */
    public String newToken() {
        return workerId + " " + UUID.randomUUID();
    }

    /**
     * Stores and publishes the answer and lets the job go.
     *
     * @param bury whether the message is kept as a dead letter, too
     * @return whether this answer counts; false where the job had been given to somebody else
     */
    public boolean finish(Claim claim, byte[] reply, boolean bury) {
        String id = claim.requestId();
        TaskType kind = claim.envelope().kind();
        leaving.add(claim.envelope().message());
        List<byte[]> answer = redis.eval(Script.FINISH,
                List.of(processing(kind), Keys.lease(id), Keys.result(id), Keys.attempts(id), Keys.cancel(id), Keys.dead(kind),
                        Keys.EPOCH),
                List.of(claim.envelope().message(), bytes(claim.token()), reply, bytes(settings.resultTtl().toMillis()),
                        bytes(Keys.result(id)), bytes(claim.epoch()), bury ? YES : NO, bytes(settings.deadKept()), reliable()));
        letGo(claim);
        return number(answer.get(0)) == 1;
    }

    /**
     * Keeps a message that nobody can be answered for as a dead letter.
     *
     * @param token of its claim, if it came to one: the lease that this may have left counts as stale from now on
     */
    public void bury(Envelope envelope, String token) {
        redis.eval(Script.BURY, List.of(processing(envelope.kind()), Keys.dead(envelope.kind())),
                List.of(envelope.message(), bytes(settings.deadKept()), reliable()));
        tokens.remove(token);
        letGo(envelope);
    }

    /** Gives a job back to the popping end of its queue as if it had never been started; false where it was no longer ours. */
    public boolean putBack(Claim claim) {
        leaving.add(claim.envelope().message());
        boolean done = putBack(claim.envelope().kind(), claim.envelope().message(), claim.requestId(), claim.token());
        letGo(claim);
        return done;
    }

    /** Gives back what was popped and never claimed, at the end of a lane. */
    public void releaseUnclaimed(TaskType kind) {
        for (Optional<byte[]> m = astray(kind); settings.reliable() && m.isPresent(); m = astray(kind)) {
            putBack(kind, m.get(), "", "");
        }
    }

    /** Gives back a message that came just when the lane had stopped. */
    public void release(Envelope envelope) {
        putBack(envelope.kind(), envelope.message(), "", "");
        letGo(envelope);
    }

    /** Remembers a cancel that was published for a job that may still wait; false where it ended in success already. */
    public boolean noteCancel(String requestId) {
        return number(redis.eval(Script.NOTE_CANCEL, List.of(Keys.cancel(requestId), Keys.result(requestId)),
                List.of(bytes(settings.resultTtl().toMillis()))).get(0)) == 1;
    }

    /** The oldest message of a cancelled request that waits in this queue, to be claimed and answered; its others go. */
    public Optional<byte[]> pull(TaskType kind, String requestId) {
        Optional<byte[]> message = redis.eval(Script.PULL,
                List.of(kind.queue(), processing(kind), Keys.cancel(requestId)),
                List.of(bytes(requestId), bytes(SEARCHED), bytes(SEARCHED_BYTES), reliable(),
                        bytes(settings.resultTtl().toMillis()))).stream().findFirst();
        message.ifPresent(m -> hold(kind, m));
        return message;
    }

    private boolean putBack(TaskType kind, byte[] message, String requestId, String token) {
        List<byte[]> answer = redis.eval(Script.PUT_BACK,
                List.of(processing(kind), kind.queue(), Keys.lease(requestId), Keys.attempts(requestId)),
                List.of(message, bytes(token), reliable(), bytes(hands(kind, message))));
        return number(answer.get(0)) == 1;
    }

    private Claim claim(Envelope envelope, String token, String stale) {
        String id = envelope.requestId();
        List<byte[]> answer = redis.eval(Script.CLAIM,
                List.of(processing(envelope.kind()), Keys.lease(id), Keys.result(id), Keys.attempts(id), Keys.cancel(id),
                        Keys.EPOCH),
                List.of(envelope.message(), bytes(token), bytes(stale), bytes(Keys.result(id)), bytes(settings.maxAttempts()),
                        bytes(GARBAGE.toMillis()), bytes(UUID.randomUUID().toString()), reliable()));
        return new Claim(envelope, token, Claim.Verdict.valueOf(text(answer.get(0))), (int) number(answer.get(1)),
                text(answer.get(2)));
    }

    // A lease of ours that belongs to nothing in hand is left from before Redis went back to an older state. In plain mode
    // nobody recovers a dead worker's jobs, so its lease must not keep a repeated request from running.
    private boolean isStale(String holder, String requestId) {
        int blank = holder.indexOf(' ');
        String worker = blank < 0 ? holder : holder.substring(0, blank);
        if (worker.equals(workerId)) {
            return !requestId.equals(tokens.get(holder));
        }
        return !settings.reliable() && redis.get(Keys.heartbeat(worker)) == null;
    }

    // A message on our list that is not in hand: the reply of an earlier pop was lost on the wire. Only this kind's own
    // thread adds to the list, and what is in hand is read first, so nothing in hand can be taken for astray.
    private Optional<byte[]> astray(TaskType kind) {
        List<byte[]> known = held(kind);
        if (!settings.reliable() || redis.length(processing(kind)) <= known.size()) {
            return Optional.empty();
        }
        for (byte[] message : redis.range(processing(kind))) {
            int at = 0;
            while (at < known.size() && !Arrays.equals(known.get(at), message)) {
                at++;
            }
            if (at == known.size()) {
                return Optional.of(message);
            }
            known.remove(at);
        }
        return Optional.empty();
    }

    private void hold(TaskType kind, byte[] message) {
        List<byte[]> messages = inHand.get(kind);
        synchronized (messages) {
            messages.add(message);
        }
    }

    private List<byte[]> held(TaskType kind) {
        List<byte[]> messages = inHand.get(kind);
        synchronized (messages) {
            return new ArrayList<>(messages);
        }
    }

    // In how many hands these bytes are, this one included. They can be on the list less often: a message that went back to its queue while it
    // was held and not claimed yet (Redis lost the move, or this worker was taken for dead) may be popped a second time.
    private long hands(TaskType kind, byte[] message) {
        return 1 + held(kind).stream().filter(m -> m != message && Arrays.equals(m, message) && !leaving.contains(m)).count();
    }

    private void letGo(Claim claim) {
        tokens.remove(claim.token());
        letGo(claim.envelope());
    }

    private void letGo(Envelope envelope) {
        List<byte[]> messages = inHand.get(envelope.kind());
        synchronized (messages) {
            messages.removeIf(m -> m == envelope.message());
        }
        leaving.remove(envelope.message());
    }

    private String processing(TaskType kind) {
        return Keys.processing(workerId, kind);
    }

    private byte[] reliable() {
        return settings.reliable() ? YES : NO;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(long number) {
        return bytes(Long.toString(number));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static long number(byte[] bytes) {
        return Long.parseLong(text(bytes));
    }
}
