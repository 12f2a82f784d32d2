package aiserver.worker;

import aiserver.redis.Delivery;
import aiserver.redis.Keys;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/**
 * The cancels of jobs: those that were SET are looked for, those that are published are heard, and commands with them. A job in
 * hand is told to end; for one that is not, the cancel is kept in Redis and the lanes look for it in their queues. Owned by the
 * {@link Supervisor}, whose thread calls it; what is published comes on a thread of the Redis client's.
 */
final class Cancels {
    private static final Logger LOG = LoggerFactory.getLogger(Cancels.class);
    private static final Duration LISTEN_AGAIN = Duration.ofSeconds(2);
    /** Cancels for jobs not in hand that are remembered between two turns; more than that is noise. */
    private static final int KEPT = 10_000;
    /** Each is a call of Redis, and the heartbeat waits for the turn to end. */
    private static final int A_TURN = 200;

    private final String workerId;
    private final RedisClient redis;
    private final Delivery delivery;
    private final Collection<Lane> lanes;
    private final Consumer<String> command;
    private final Queue<String> waiting = new ConcurrentLinkedQueue<>();
    private RedisClient.Subscription subscription;
    private long nextListen = System.nanoTime();

    /** @param command takes the word that somebody published for this worker or for all */
    Cancels(String workerId, RedisClient redis, Delivery delivery, Collection<Lane> lanes, Consumer<String> command) {
        this.workerId = workerId;
        this.redis = redis;
        this.delivery = delivery;
        this.lanes = lanes;
        this.command = command;
    }

    /** Ends the jobs in hand that were cancelled, and has some of the others looked for. */
    void look() {
        int left = A_TURN;
        for (String requestId = waiting.peek(); requestId != null && left > 0; requestId = waiting.peek(), left--) {
            if (delivery.noteCancel(requestId)) {
                for (Lane lane : lanes) {
                    lane.cancelled(requestId);
                }
            }
            waiting.remove();
        }
        List<JobRun> runs = Lane.running(lanes).toList();
        List<Boolean> cancelled = redis.exist(runs.stream().map(run -> Keys.cancel(run.claim().requestId())).toList());
        for (int i = 0; i < runs.size(); i++) {
            if (cancelled.get(i)) {
                runs.get(i).stop(JobRun.Stop.CANCELLED);
            }
        }
    }

    /**
     * Sees that it listens. Without the right to listen everything else still goes on, cancels by SET included; so a failure is
     * only put off.
     */
    void listen() {
        long now = System.nanoTime();
        if (now - nextListen < 0 || subscription != null && subscription.open()) {
            return;
        }
        close();
        try {
            subscription = redis.subscribe(List.of(Keys.cancelPattern(), Keys.controlPattern()), this::heard);
        } catch (RedisException e) {
            nextListen = now + LISTEN_AGAIN.toNanos();
            LOG.debug("cancels and commands cannot be heard: {}", e.getMessage());
        }
    }

    /** Listens anew in the next turn: the connection may hang on a server that is gone without a word. */
    void listenAnew() {
        if (subscription != null) {
            close();
            nextListen = System.nanoTime();
        }
    }

    void close() {
        if (subscription != null) {
            subscription.close();
            subscription = null;
        }
    }

    private void heard(RedisClient.Heard heard) {
        String requestId = Keys.cancelled(heard.channel());
        if (requestId == null) {
            if (heard.channel().equals(Keys.control(workerId)) || heard.channel().equals(Keys.control("all"))) {
                command.accept(new String(heard.message(), StandardCharsets.UTF_8).trim());
            }
        } else if (Lane.running(lanes).filter(run -> run.claim().requestId().equals(requestId))
                .peek(run -> run.stop(JobRun.Stop.CANCELLED)).findAny().isEmpty() && waiting.size() < KEPT) {
            waiting.add(requestId);
        }
    }
}
