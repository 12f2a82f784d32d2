package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisServers;
import aiserver.service.audio.Sound;
import aiserver.worker.Held;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Many small jobs through the program with its real engines: after all of them it holds no more than after the first tenth,
 * and when it has stopped, Redis holds results alone and the disk nothing. {@code -Daiserver.soak.jobs=10000} is the long version.
 */
class EngineSoakIT {
    private static final Logger LOG = LoggerFactory.getLogger(EngineSoakIT.class);
    private static final int JOBS = Integer.getInteger("aiserver.soak.jobs", 100);
    private static final double GROWTH = 1.05;
    /** The lanes' job threads, which come and go with their work. */
    private static final int HANDS = 4;
    /** One job of so many is a picture, which takes as long as all the others. */
    private static final int PICTURE_EVERY = 20;

    @TempDir
    Path folder;

    @Test
    void nothingGrowsAndNothingIsLeft() throws Exception {
        List<String> options = new ArrayList<>(RunningProgram.smallModels(folder));
        options.addAll(List.of("--no-watch", "--llm-concurrency=2"));
        try (EmbeddedRedis server = EmbeddedRedis.start();
                RedisClient redis = new LettuceRedisClient(server.uri(), Duration.ofSeconds(10));
                RunningProgram program = RunningProgram.start(server.uri(), folder, options)) {
            push(redis, program, 0, JOBS / 10);
            Held early = Held.by(program.process());
            push(redis, program, JOBS / 10, JOBS);
            Held late = Held.by(program.process());
            LOG.info("after {} jobs {}, after {} jobs {}", JOBS / 10, early, JOBS, late);
            assertThat(late.residentKb()).isLessThan((long) (early.residentKb() * GROWTH) + slack());
            assertThat(late.threads()).isLessThanOrEqualTo(early.threads() + HANDS);
            assertThat(late.files()).isLessThanOrEqualTo(early.files() + 2);
            assertThat(program.stop()).as(Files.readString(program.log())).isZero();
            RedisServers.command(server.uri(), connection -> assertThat(connection.sync().keys("*"))
                    .as("results and the epoch").allMatch(key -> key.startsWith("ai:result:") || key.equals("ai:epoch"))
                    .hasSize(JOBS + 1));
            try (Stream<Path> left = Files.walk(folder.resolve("tmp"))) {
                assertThat(left.filter(Files::isRegularFile)).as("temporary files").isEmpty();
            }
        }
    }

    // In a short run the first tenth has not met everything yet: code, buffers of the longest answer, malloc's arenas.
    private static long slack() {
        return JOBS < 10_000 ? 48 << 10 : 0;
    }

    private static void push(RedisClient redis, RunningProgram program, int from, int to) throws IOException {
        byte[] wav = Sound.wav(Sound.chirp(16_000, 1), 16_000);
        for (int i = from; i < to; i++) {
            String task = i % PICTURE_EVERY == 0 ? "image" : i % 4 == 1 ? "llm" : "stt";
            Map<String, Object> payload = switch (task) {
                case "stt" -> Map.of("audio_bytes", Base64.getEncoder().encodeToString(wav), "language", "ko");
                case "llm" -> Map.of("transcript", "초콜릿 케이크 " + i % 7 + "개 주세요");
                default -> Map.of("prompt", "딸기 케이크 " + i, "seed", i);
            };
            redis.lpush("ai:queue:" + task, JsonObjects.write(Map.of("request_id", "soak-" + i, "task_type", task,
                    "payload", payload)).getBytes(StandardCharsets.UTF_8));
        }
        for (int i = from; i < to; i++) {
            String key = "ai:result:soak-" + i;
            program.await(key, () -> redis.get(key) != null);
            assertThat(new String(redis.get(key), StandardCharsets.UTF_8)).contains("\"status\":\"success\"");
        }
    }
}
