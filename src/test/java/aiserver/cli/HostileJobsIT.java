package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import aiserver.job.Schemas;
import aiserver.job.TaskType;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.service.audio.Sound;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jobs that mean no good, seeded, through the program with its real engines: odd text, numbers and shapes in every field,
 * damaged recordings, prompts full of template words, control and half characters. Each is answered in the contract's form, with
 * a code that blames the job or with a result, and the process that began is the one that ends.
 * {@code -Daiserver.fuzz.jobs=5000} is the long version, {@code -Daiserver.fuzz.seed} another one.
 */
class HostileJobsIT {
    private static final Logger LOG = LoggerFactory.getLogger(HostileJobsIT.class);
    private static final int JOBS = Integer.getInteger("aiserver.fuzz.jobs", 100);
    private static final long SEED = Long.getLong("aiserver.fuzz.seed", 20251122L);
    private static final int PICTURE_EVERY = 10;
    private static final List<String> CODES = List.of("INVALID_JSON", "INVALID_PAYLOAD", "INVALID_AUDIO", "AUDIO_TOO_LONG",
            "UNSAFE_PROMPT", "CONTEXT_TOO_LONG");
    private static final List<String> WORDS = List.of("케이크", "\u0001", "\u001b[2J", "🎂", "‮", "<|im_end|>",
            "<|im_start|>system\n", "<|endoftext|>", "<|startoftranscript|>", "\"}]}", "\\\"", "${jndi:ldap://x}", "%s%n%x", "(((((((",
            "[1.5:cake]", "\n\n\n", "ﷺ", "é".repeat(40), "👩‍👩‍👧‍👦", "\ufeff", "root ::= root", "../../etc/passwd", " ", "null");

    private final Random random = new Random(SEED);

    @TempDir
    Path folder;

    @Test
    void everyOneIsAnsweredByTheSameProcess() throws Exception {
        List<String> options = new ArrayList<>(RunningProgram.smallModels(folder));
        options.addAll(List.of("--no-watch", "--llm-concurrency=4"));
        try (EmbeddedRedis server = EmbeddedRedis.start();
                RedisClient redis = new LettuceRedisClient(server.uri(), Duration.ofSeconds(10));
                RunningProgram program = RunningProgram.start(server.uri(), folder, options)) {
            Map<String, Integer> outcomes = new TreeMap<>();
            for (int i = 0; i < JOBS; i++) {
                TaskType kind = i % PICTURE_EVERY == 0 ? TaskType.IMAGE : i % 4 == 1 ? TaskType.LLM : TaskType.STT;
                redis.lpush(kind.queue(), message(kind, "fuzz-" + i));
            }
            for (int i = 0; i < JOBS; i++) {
                String key = "ai:result:fuzz-" + i;
                program.await(key, () -> redis.get(key) != null);
                var answer = Schemas.assertFits("result", redis.get(key));
                String outcome = answer.get("status").asText().equals("success") ? "success" : answer.get("error").get("code").asText();
                if (!outcome.equals("success")) {
                    assertThat(outcome).as("%s: %s", key, answer).isIn(CODES);
                }
                assertThat(answer.get("attempt").asInt()).as(key).isEqualTo(1);
                outcomes.merge(outcome, 1, Integer::sum);
            }
            LOG.info("{} hostile jobs: {}", JOBS, outcomes);
            assertThat(outcomes).containsKeys("success", "INVALID_PAYLOAD", "INVALID_AUDIO");
            assertThat(program.process().isAlive()).isTrue();
            assertThat(program.stop()).isZero();
            assertThat(Files.readString(program.log())).as("no payload and no control character in the log")
                    .doesNotContain("jndi", "케이크", "\u001b", "\u0000");
        }
    }

    // The request_id stays whole, so that every message can be answered; those without are the codec's own fuzz test's.
    private byte[] message(TaskType kind, String id) {
        Map<String, Object> payload = new LinkedHashMap<>(switch (kind) {
            case STT -> Map.of("audio_bytes", Base64.getEncoder().encodeToString(recording()), "language", mostly("ko", words()),
                    "filename", words(), "mime_type", pick("audio/wav", "video/mp4", "application/octet-stream"));
            case LLM -> Map.of("transcript", words(), "operation", mostly(pick("analyze_voice_order",
                    "generate_personalized_recommendation"), words()), "context", context(), "user_history",
                    List.of(Map.of("menu", words(), "price", mostly(38_000, number()), "ordered_at", words(), "options", List.of(words()))),
                    "events", List.of(Map.of("name", words(), "discount_percent", mostly(10, number()), "ends_at", mostly("2026-12-31", words()))));
            case IMAGE -> Map.of("prompt", words(), "negative_prompt", words(), "seed", mostly(7, number()));
        });
        if (random.nextInt(5) == 0) {
            String field = List.copyOf(payload.keySet()).get(random.nextInt(payload.size()));
            payload.put(field, pick(null, List.of(), Map.of(), number(), true, words().repeat(300), List.of(List.of(List.of()))));
        }
        return JsonObjects.write(Map.of("request_id", id, "task_type", kind.wireName(), "payload", payload))
                .getBytes(StandardCharsets.UTF_8);
    }

    private Map<String, Object> context() {
        return Map.of("user", Map.of("name", words()), "menu", List.of(Map.of("name", words(), "price", mostly(1, number()), "styles", List.of(words(), words()),
                "options", List.of(words()))), "dialogue", List.of(Map.of("role", mostly(pick("user", "assistant"), "system"), "content", words())),
                "order_state", Map.of(words(), words(), "menu", this.<Object>pick(words(), 5, List.of(words()))),
                "state", mostly(pick("greeting", "confirmation", "menu_selection"), words()));
    }

    private byte[] recording() {
        byte[] wav = Sound.wav(Sound.chirp(8_000, 1), 8_000);
        for (int i = random.nextInt(3); i > 0; i--) {
            int at = random.nextInt(random.nextBoolean() ? 48 : wav.length);
            switch (random.nextInt(4)) {
                case 0 -> wav = Arrays.copyOf(wav, Math.max(1, at));
                case 1 -> wav[at % wav.length] ^= (byte) (1 << random.nextInt(8));
                case 2 -> Arrays.fill(wav, at % wav.length, Math.min(wav.length, at % wav.length + 8), (byte) random.nextInt(256));
                default -> {
                    byte[] noise = new byte[64 + random.nextInt(4_000)];
                    random.nextBytes(noise);
                    System.arraycopy(pick("OggS", "fLaC", "ID3\4", "\u001aE\u00df\u00a3", "RIFF").getBytes(StandardCharsets.ISO_8859_1), 0, noise, 0, 4);
                    wav = noise;
                }
            }
        }
        return wav;
    }

    private String words() {
        StringBuilder text = new StringBuilder();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            text.append(random.nextInt(4) == 0 ? new String(Character.toChars(1 + random.nextInt(0x2fff))) : pick(WORDS.toArray(String[]::new)));
        }
        // Neither has an answer but a refusal, so they are rare.
        return text.append(random.nextInt(60) > 0 ? "" : pick("\u0000", "\ud83c", "\udf82")).toString();
    }

    private Object mostly(Object usual, Object odd) {
        return random.nextInt(12) == 0 ? odd : usual;
    }

    private Object number() {
        return pick(0, -1, 1, 38_000, 1e308, -0.5, Long.MAX_VALUE, Integer.MIN_VALUE, 99.9);
    }

    @SafeVarargs
    private <T> T pick(T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
