package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program as a backend meets it: {@code ai-server run} in processes of its own, a real redis-server, the three real
 * engines with small models, and a client that knows only the wire contract.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EndToEndIT {
    @TempDir
    Path folder;
    private EmbeddedRedis server;
    private RedisClient redis;
    private RunningProgram program;

    @BeforeAll
    void startRedis() {
        server = EmbeddedRedis.start();
        redis = new LettuceRedisClient(server.uri(), Duration.ofSeconds(10));
    }

    @BeforeEach
    void startProgram() throws IOException {
        program = RunningProgram.start(server.uri(), folder, List.of("--image-steps=2", "--image-width=128", "--image-height=128"));
    }

    @AfterEach
    void endProgram() throws InterruptedException {
        try (RunningProgram ending = program) {
            ending.stop();
        }
    }

    @Test
    void threeJobsOfTheContractHaveThreeResults() throws IOException {
        push("stt", "e2e-stt", Map.of("audio_bytes", Base64.getEncoder().encodeToString(DemoCommand.recorded()),
                "filename", "order.wav", "mime_type", "audio/wav", "language", "ko"));
        push("llm", "e2e-llm", Map.of("transcript", "초콜릿 케이크 하나 주세요",
                "context", Map.of("menu", List.of(Map.of("name", "초콜릿 케이크", "price", 38000)), "state", "greeting")));
        push("image", "e2e-image", Map.of("prompt", "초콜릿 케이크", "seed", 7));

        Map<String, Object> heard = success("e2e-stt");
        assertThat(heard).containsKeys("text", "language", "language_probability", "duration_seconds", "segments");
        assertThat(heard.get("language")).isEqualTo("ko");
        assertThat(((Number) heard.get("duration_seconds")).doubleValue()).isBetween(4.5, 4.7);

        Map<String, Object> order = success("e2e-llm");
        assertThat(order).containsKeys("intent", "confidence", "response", "analysis", "recommended_menu", "alternatives",
                "additional_questions", "order_state", "state", "transition");
        assertThat(order.get("intent")).isIn("order", "inquiry", "recommendation", "change", "cancel", "other");
        assertThat(((Number) order.get("confidence")).doubleValue()).isBetween(0.0, 1.0);

        Map<String, Object> picture = success("e2e-image");
        assertThat(picture).containsEntry("mime_type", "image/png").containsEntry("width", 128).containsEntry("steps", 2)
                .containsEntry("seed", 7).containsEntry("prompt", "A beautiful chocolate cake with elegant decoration, "
                        + "professional food photography, high quality, 4k");
        byte[] png = Base64.getDecoder().decode((String) picture.get("image_base64"));
        assertThat(ImageIO.read(new ByteArrayInputStream(png)).getHeight()).isEqualTo(128);

        push("image", "e2e-bad", Map.of("prompt", " "));
        Map<String, Object> refused = reply("e2e-bad");
        assertThat(refused).containsEntry("status", "error");
        assertThat(refused.get("error")).asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
                .containsEntry("code", "INVALID_PAYLOAD").containsEntry("retryable", false);
        assertThat(Files.readString(program.log())).as("nothing but log lines").doesNotContain("s/it");
    }

    @Test
    void aJobInHandIsFinishedAfterSigterm() throws Exception {
        push("llm", "term-warm", Map.of("transcript", "안녕하세요"));
        success("term-warm");
        push("llm", "term-1", Map.of("transcript", "케이크 추천해 주세요"));
        program.await("the job is started", () -> redis.length("ai:queue:llm") == 0);
        assertThat(program.stop()).as(Files.readString(program.log())).isZero();
        assertThat(success("term-1")).containsKey("intent");
    }

    @Test
    void aWorkerThatIsKilledComesBackAndDoesItsJob() throws Exception {
        push("llm", "kill-warm", Map.of("transcript", "안녕하세요"));
        success("kill-warm");
        ProcessHandle worker = program.process().children().findFirst().orElseThrow();
        // More than can be finished before the kill.
        for (int i = 1; i <= 5; i++) {
            push("image", "kill-" + i, Map.of("prompt", "딸기 케이크", "seed", i));
        }
        program.await("the first is started", () -> redis.length("ai:queue:image") < 5);
        worker.destroyForcibly();
        for (int i = 1; i <= 5; i++) {
            assertThat(success("kill-" + i)).containsEntry("seed", i);
        }
        assertThat(reply("kill-5").get("worker_id")).isNotEqualTo(reply("kill-warm").get("worker_id"));
        assertThat(Files.readString(program.log())).contains("died").contains("SIGKILL");
    }

    private void push(String task, String id, Map<String, Object> payload) {
        redis.lpush("ai:queue:" + task, JsonObjects.write(Map.of("request_id", id, "task_type", task, "payload", payload,
                "created_at", System.currentTimeMillis())).getBytes(StandardCharsets.UTF_8));
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> success(String id) throws IOException {
        Map<String, Object> reply = reply(id);
        assertThat(reply).as("%s", reply).containsEntry("status", "success").containsKeys("worker_id", "attempt", "timing");
        return (Map<String, Object>) reply.get("result");
    }

    private Map<String, Object> reply(String id) throws IOException {
        program.await("a result of " + id, () -> redis.get("ai:result:" + id) != null);
        return JsonObjects.read(new String(redis.get("ai:result:" + id), StandardCharsets.UTF_8));
    }

    @AfterAll
    void endRedis() {
        redis.close();
        server.close();
    }
}
