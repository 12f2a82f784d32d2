package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job that takes the whole process with it, on the real engines: {@code native/poison} is compiled here and preloaded, and
 * calls abort() where the guard hands the poisonous text to the engine. The job is answered after two tries; those that were in
 * hand beside it are done.
 */
class PoisonIT {
    private static final Logger LOG = LoggerFactory.getLogger(PoisonIT.class);
    private static final List<String> INNOCENT = List.of("beside-1", "beside-2", "beside-3");

    @TempDir
    Path folder;

    @Test
    void isAnsweredAfterTwoTriesAndTheJobsBesideItAreDone() throws Exception {
        List<String> options = new ArrayList<>(RunningProgram.smallModels(folder));
        options.addAll(List.of("--tasks=stt,llm", "--llm-concurrency=4"));
        try (EmbeddedRedis server = EmbeddedRedis.start();
                RedisClient redis = new LettuceRedisClient(server.uri(), Duration.ofSeconds(10))) {
            // All wait when the worker starts, so that it takes them in hand together.
            push(redis, "poison", "poison-apple 케이크 주세요");
            INNOCENT.forEach(id -> push(redis, id, "초콜릿 케이크 주세요"));
            try (RunningProgram program = RunningProgram.start(server.uri(), folder, options,
                    Map.of("LD_PRELOAD", compiledPoison().toString()))) {
                program.await("the answer to the poison", () -> redis.get("ai:result:poison") != null);
                Map<String, Object> answer = read(redis, "poison");
                assertThat(answer).containsEntry("status", "error").containsEntry("attempt", 2);
                assertThat(answer.get("error").toString()).contains("ENGINE_CRASHED");
                assertThat(redis.length("ai:dead:llm")).isEqualTo(1);
                for (String id : INNOCENT) {
                    program.await("the answer to " + id, () -> redis.get("ai:result:" + id) != null);
                    assertThat(read(redis, id)).containsEntry("status", "success");
                }
                String said = Files.readString(program.log());
                assertThat(said).contains("SIGABRT");
                assertThat(said.split("died after")).as("crashes").hasSize(3);
                LOG.info("from the death of the worker to its next start: {}", backAfter(said));
                assertThat(program.stop()).isZero();
            }
        }
    }

    private Path compiledPoison() throws IOException, InterruptedException {
        Path library = folder.resolve("libpoison.so");
        Path source = Path.of(System.getProperty("aiserver.basedir", "."), "native", "poison", "poison.cpp");
        Process compiler = new ProcessBuilder(System.getenv().getOrDefault("CXX", "c++"), "-std=c++17", "-shared", "-fPIC", "-o",
                library.toString(), source.toString(), "-ldl").redirectErrorStream(true).start();
        String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor()).as(said).isZero();
        return library;
    }

    private static List<Duration> backAfter(String log) {
        List<Duration> pauses = new ArrayList<>();
        Instant died = null;
        for (String line : log.lines().filter(l -> l.contains("died after") || l.contains("worker started")).toList()) {
            Instant at = Instant.parse(line.substring(0, line.indexOf(' ')));
            if (line.contains("died after")) {
                died = at;
            } else if (died != null) {
                pauses.add(Duration.between(died, at));
            }
        }
        return pauses;
    }

    private static void push(RedisClient redis, String id, String transcript) {
        redis.lpush("ai:queue:llm", JsonObjects.write(Map.of("request_id", id, "task_type", "llm",
                "payload", Map.of("transcript", transcript))).getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, Object> read(RedisClient redis, String id) {
        return JsonObjects.read(new String(redis.get("ai:result:" + id), StandardCharsets.UTF_8));
    }
}
