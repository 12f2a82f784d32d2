package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.CakeImage;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.OrderAnalysis;
import aiserver.job.OrderStage;
import aiserver.job.SpeechResult;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.Keys;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The whole worker on a real redis-server, with services that need no engine: jobs in by LPUSH, results out by channel and key. */
class AIWorkerIT {
    static final Handlers HANDLERS = new Handlers(
            (job, scope) -> {
                if (job.audio().length == 1) {
                    throw new JobException(ErrorCode.INVALID_AUDIO, "payload.audio_bytes is no audio");
                }
                scope.progress("decode", 0.5);
                return new SpeechResult("안녕 🎂", "ko", 1, 1.5, List.of(new SpeechResult.Segment(0, 1.5, "안녕 🎂")));
            },
            (job, scope) -> new OrderAnalysis("order", 0.9, "네", "주문", null, List.of(), List.of(), Map.of(), OrderStage.GREETING,
                    new OrderAnalysis.Transition(OrderStage.GREETING, OrderStage.GREETING, false, "-"), List.of()),
            (job, scope) -> new CakeImage(new byte[] {1, 2, 3}, 512, 512, job.prompt(), "", 7, 50, 7.5, List.of(), false));

    @Test
    void answersJobsOfAllKindsByChannelAndKey() throws Exception {
        try (EmbeddedRedis server = EmbeddedRedis.start();
             RedisClient redis = new LettuceRedisClient(server.uri(), Duration.ofSeconds(5));
             RedisClient backend = new LettuceRedisClient(server.uri(), Duration.ofSeconds(5))) {
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            backend.subscribe(List.of("ai:result:*", "ai:progress:*"), h -> heard.add(text(h.message())));
            AIWorker worker = new AIWorker(WorkerSettings.defaults(), redis, HANDLERS, new SimpleMeterRegistry(), code -> { });
            worker.start();
            backend.lpush("ai:queue:stt", bytes("{\"request_id\":\"s-1\",\"task_type\":\"stt\",\"payload\":{\"audio_bytes\":\"AAAA\"}}"));
            assertThat(heard.poll(60, TimeUnit.SECONDS)).contains("\"stage\":\"decode\"");
            String published = heard.poll(60, TimeUnit.SECONDS);
            assertThat(published).contains("안녕 🎂").isEqualTo(text(backend.get(Keys.result("s-1"))));
            backend.lpush("ai:queue:llm", bytes("{\"request_id\":\"l-1\",\"task_type\":\"llm\",\"payload\":{\"transcript\":\"x\"}}"));
            assertThat(heard.poll(60, TimeUnit.SECONDS)).contains("\"recommended_menu\":null");
            backend.lpush("ai:queue:image", bytes("{\"request_id\":\"i-1\",\"task_type\":\"image\",\"payload\":{\"prompt\":\"x\"}}"));
            assertThat(heard.poll(60, TimeUnit.SECONDS)).contains("\"image_base64\":\"AQID\"");
            backend.lpush("ai:queue:stt", bytes("{\"request_id\":\"s-2\",\"task_type\":\"stt\",\"payload\":{\"audio_bytes\":\"AA==\"}}"));
            assertThat(heard.poll(60, TimeUnit.SECONDS)).contains("INVALID_AUDIO");
            worker.stop();
            assertThat(worker.status().phase()).isEqualTo(WorkerStatus.Phase.STOPPED);
            assertThat(backend.members("ai:workers")).isEmpty();
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
