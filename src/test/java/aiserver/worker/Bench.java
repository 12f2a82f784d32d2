package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.CakeImage;
import aiserver.job.ImageJob;
import aiserver.job.JobCodec;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.LanguageJob;
import aiserver.job.ErrorCode;
import aiserver.job.Recommendation;
import aiserver.job.Schemas;
import aiserver.job.SpeechJob;
import aiserver.job.SpeechResult;
import aiserver.job.TaskType;
import aiserver.redis.Delivery;
import aiserver.redis.DeliverySettings;
import aiserver.redis.InMemoryRedis;
import aiserver.redis.Keys;
import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;

/** A worker on a Redis in memory, with services that a test tells what to do, and ways to look at what came of it. */
final class Bench implements AutoCloseable {
    static final long PATIENCE_MS = 60_000;

    final InMemoryRedis redis = new InMemoryRedis();
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final BlockingQueue<Integer> fatal = new LinkedBlockingQueue<>();
    final Map<TaskType, LaneSettings> lanes = new EnumMap<>(TaskType.class);
    Duration drainTimeout = Duration.ofSeconds(10);
    Duration stuckAfter = Duration.ofSeconds(10);
    Duration giveWayMost = Duration.ofSeconds(10);
    JobHandler<SpeechJob> speech = (job, scope) -> speech("heard");
    JobHandler<LanguageJob> language = (job, scope) -> new Recommendation(null, List.of(), "r",
            new Recommendation.Profile(List.of(), null, null), List.of(), List.of());
    JobHandler<ImageJob> image = (job, scope) -> new CakeImage(new byte[] {1}, 8, 8, "p", "", 1, 1, 1, List.of(), false);
    AIWorker worker;

    Bench() {
        for (TaskType kind : TaskType.values()) {
            lanes.put(kind, LaneSettings.of(1, Duration.ofSeconds(60)));
        }
    }

    static SpeechResult speech(String text) {
        return new SpeechResult(text, "ko", 1, 1, List.of());
    }

    /** Works as an engine does: until it is told to stop, and says so. */
    static SpeechResult untilCancelled(JobScope scope) {
        await(scope::cancelled);
        throw new JobException(ErrorCode.CANCELLED, "the engine was told to stop");
    }

    Bench start() {
        make().start();
        return this;
    }

    AIWorker make() {
        WorkerSettings settings = new WorkerSettings("w", lanes, new DeliverySettings(true, 2, Duration.ofMinutes(1),
                Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofMillis(50), 10), JobCodec.Limits.DEFAULT, drainTimeout,
                stuckAfter, giveWayMost, List.of(), 0);
        worker = new AIWorker(settings, redis, new Handlers(speech, language, image), registry, fatal::add);
        return worker;
    }

    static String job(TaskType kind, String id, String more) {
        String payload = switch (kind) {
            case STT -> "{\"audio_bytes\":\"AAAA\"}";
            case LLM -> "{\"transcript\":\"x\"}";
            case IMAGE -> "{\"prompt\":\"x\"}";
        };
        return "{\"request_id\":\"" + id + "\",\"task_type\":\"" + kind.wireName() + "\",\"payload\":" + payload + more + "}";
    }

    void push(TaskType kind, String id) {
        push(kind, id, "");
    }

    void push(TaskType kind, String id, String more) {
        redis.lpush(kind.queue(), job(kind, id, more).getBytes(StandardCharsets.UTF_8));
    }

    /** The answer, once it is there; it fits its schema and was published exactly once. */
    JsonNode answer(String id) {
        await(() -> redis.get(Keys.result(id)) != null);
        byte[] stored = redis.get(Keys.result(id));
        JsonNode answer = Schemas.assertFits("result", stored);
        assertThat(published(id)).hasSize(1);
        return answer;
    }

    String code(String id) {
        JsonNode answer = answer(id);
        return answer.get("status").asText().equals("success") ? "success" : answer.get("error").get("code").asText();
    }

    List<String> published(String id) {
        return redis.published().stream().filter(p -> p.startsWith(Keys.result(id) + " ")).toList();
    }

    double count(String name, String tag, String value) {
        return registry.find(name).tag(tag, value).counters().stream().mapToDouble(c -> c.count()).sum();
    }

    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofMillis(PATIENCE_MS).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("patience is over").isLessThan(end);
            try {
                Thread.sleep(2);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Override
    public void close() {
        worker.requestStop();
        worker.requestStop();
        worker.awaitStop();
    }

    static LaneSettings lane(int concurrency, Duration timeLimit, long maxQueue, Duration maxAge, Delivery.Side giveWay) {
        return new LaneSettings(concurrency, timeLimit, maxQueue, maxAge, giveWay, false, null, false);
    }
}
