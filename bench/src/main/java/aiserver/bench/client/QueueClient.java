package aiserver.bench.client;

import aiserver.job.JsonObjects;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The backend's side of the contract over a redis-server of its own, the same for every worker that is measured: LPUSH
 * a job, hear its result on its channel. Any thread.
 */
public final class QueueClient implements AutoCloseable {
    private static final Duration COMMAND = Duration.ofSeconds(10);

    private final EmbeddedRedis server = EmbeddedRedis.start();
    private final RedisClient redis = new LettuceRedisClient(server.uri(), COMMAND);
    private final Map<String, CompletableFuture<Answer>> open = new ConcurrentHashMap<>();
    private final RedisClient.Subscription subscription;

    /**
     * What came back.
     *
     * @param seconds from before the LPUSH to the result's arrival
     */
    public record Answer(Map<String, Object> reply, double seconds) {
        /** @throws IllegalStateException with the error of the reply where it is one */
        @SuppressWarnings("unchecked")
        public Map<String, Object> result() {
            if (!(reply.get("result") instanceof Map<?, ?> result)) {
                throw new IllegalStateException("the worker answered " + reply.get("error"));
            }
            return (Map<String, Object>) result;
        }
    }

    public QueueClient() {
        subscription = redis.subscribe(List.of("ai:result:*"), heard -> {
            long now = System.nanoTime();
            Map<String, Object> reply = JsonObjects.read(new String(heard.message(), StandardCharsets.UTF_8));
            Pending pending = (Pending) open.remove(String.valueOf(reply.get("request_id")));
            if (pending != null) {
                pending.complete(new Answer(reply, (now - pending.began) * 1e-9));
            }
        });
    }

    private static final class Pending extends CompletableFuture<Answer> {
        private final long began = System.nanoTime();
        private final String id;

        private Pending(String id) {
            this.id = id;
        }
    }

    /** The address for a worker. */
    public String uri() {
        return server.uri();
    }

    /** Sends a job; the future is completed by its result. */
    public CompletableFuture<Answer> send(String kind, Map<String, Object> payload) {
        String id = "bench-" + UUID.randomUUID();
        Pending pending = new Pending(id);
        open.put(id, pending);
        redis.lpush("ai:queue:" + kind, Orders.job(id, kind, payload));
        return pending;
    }

    /**
     * Sends a job and waits.
     *
     * @throws IllegalStateException where no result comes within the time or it is an error
     */
    public Answer ask(String kind, Map<String, Object> payload, Duration most) {
        return await(send(kind, payload), most);
    }

    /** Ends a job that was sent and waits until the worker has; false where it had its result before. */
    public boolean cancelled(CompletableFuture<Answer> sent, Duration most) {
        redis.publish("ai:cancel:" + ((Pending) sent).id, new byte[0]);
        return !(reply(sent, most, "a cancelled job did not end within ").reply().get("result") instanceof Map<?, ?>);
    }

    /** Waits for a job that was sent. */
    public static Answer await(CompletableFuture<Answer> sent, Duration most) {
        Answer answer = reply(sent, most, "no result within ");
        answer.result();
        return answer;
    }

    // What came back, an error as well.
    private static Answer reply(CompletableFuture<Answer> sent, Duration most, String tooLong) {
        try {
            return sent.get(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(tooLong + most, e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        subscription.close();
        redis.close();
        server.close();
    }
}
