package aiserver.cli;

import aiserver.job.JsonObjects;
import aiserver.redis.RedisClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A backend in small: LPUSHes a job, listens on its channels, and returns the result. One job at a time, on the calling
 * thread; it speaks only the wire contract.
 */
final class DemoClient implements AutoCloseable {
    private static final Duration MOST = Duration.ofMinutes(30);

    private final RedisClient redis;
    private final Consumer<Map<String, Object>> progress;
    private final BlockingQueue<Map<String, Object>> results = new LinkedBlockingQueue<>();
    private final RedisClient.Subscription subscription;

    DemoClient(RedisClient redis, Consumer<Map<String, Object>> progress) {
        this.redis = redis;
        this.progress = progress;
        this.subscription = redis.subscribe(List.of("ai:result:*", "ai:progress:*"), heard -> {
            Map<String, Object> message = JsonObjects.read(new String(heard.message(), StandardCharsets.UTF_8));
            if (heard.channel().startsWith("ai:progress:")) {
                this.progress.accept(message);
            } else {
                results.add(message);
            }
        });
    }

    /**
     * The {@code result} of a job.
     *
     * @throws CommandFailure with the error's code and message, or when no answer came
     */
    @SuppressWarnings("unchecked")
    Map<String, Object> send(String task, Map<String, Object> payload) {
        String id = "demo-" + task + "-" + UUID.randomUUID();
        Map<String, Object> job = new LinkedHashMap<>();
        job.put("request_id", id);
        job.put("task_type", task);
        job.put("payload", payload);
        job.put("created_at", System.currentTimeMillis());
        redis.lpush("ai:queue:" + task, JsonObjects.write(job).getBytes(StandardCharsets.UTF_8));
        try {
            long end = System.nanoTime() + MOST.toNanos();
            while (System.nanoTime() < end) {
                Map<String, Object> result = results.poll(1, TimeUnit.SECONDS);
                if (result == null || !id.equals(result.get("request_id"))) {
                    continue;
                }
                if (result.get("error") instanceof Map<?, ?> error) {
                    throw new CommandFailure("the " + task + " job failed: " + error.get("code") + ": " + error.get("message"));
                }
                return (Map<String, Object>) result.get("result");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new CommandFailure("no answer to the " + task + " job");
    }

    @Override
    public void close() {
        subscription.close();
    }
}
