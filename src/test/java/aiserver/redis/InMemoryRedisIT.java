package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** The model in memory against the real thing: seeded random scripts on a few keys, every answer and every list the same. */
class InMemoryRedisIT {
    private static final int STEPS = 400;
    private static final List<String> MESSAGES = List.of("m1", "{\"a\":1,\"request_id\":\"r\"}", "{\"created_at\":5}");
    private static final List<String> TOKENS = List.of("w1 a", "w1 b", "w2 c");
    private static final String LONG = "600000";

    @RepeatedTest(5)
    void theyAgree(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        InMemoryRedis model = new InMemoryRedis();
        try (RedisClient real = new LettuceRedisClient(RedisServers.empty().uri(), Duration.ofSeconds(5))) {
            List<String> history = new ArrayList<>();
            for (int step = 0; step < STEPS; step++) {
                Script script = Script.values()[random.nextInt(Script.values().length)];
                String message = MESSAGES.get(random.nextInt(MESSAGES.size()));
                String processing = "p" + random.nextInt(2);
                if (random.nextInt(3) == 0) {
                    model.lpush("q", bytes(message));
                    real.lpush("q", bytes(message));
                    model.blmove("q", processing, Duration.ofMillis(1));
                    real.blmove("q", processing, Duration.ofMillis(1));
                }
                List<String> keys = keys(script, processing);
                List<byte[]> arguments = arguments(script, message, random).map(InMemoryRedisIT::bytes).toList();
                history.add(script + " " + keys + " " + arguments.stream().map(InMemoryRedisIT::text).toList());
                assertThat(texts(real.eval(script, keys, arguments))).as("%s", history).isEqualTo(texts(model.eval(script, keys, arguments)));
                for (String list : List.of("q", "p0", "p1", "dead")) {
                    assertThat(texts(real.range(list))).as("%s after %s", list, history).isEqualTo(texts(model.range(list)));
                }
                for (String key : List.of("lease", "result", "attempts", "cancel", "epoch", "beat")) {
                    assertThat(text(real.get(key))).as("%s after %s", key, history).isEqualTo(text(model.get(key)));
                }
            }
        }
    }

    private static List<String> keys(Script script, String processing) {
        return switch (script) {
            case CLAIM -> List.of(processing, "lease", "result", "attempts", "cancel", "epoch");
            case FINISH -> List.of(processing, "lease", "result", "attempts", "cancel", "dead", "epoch");
            case BURY -> List.of(processing, "dead");
            case DROP -> List.of(processing);
            case PUT_BACK -> List.of(processing, "q", "lease", "attempts");
            case RECOVER -> List.of("beat", processing, "q", "lease");
            case HEARTBEAT -> List.of("beat", "workers", "epoch");
            case FORGET -> List.of("beat", "workers", "p0", "p1");
            case DEPTH -> List.of("q");
            case SHED -> List.of("q", processing);
            case NOTE_CANCEL -> List.of("cancel", "result");
            case PULL -> List.of("q", processing, "cancel");
        };
    }

    private static Stream<String> arguments(Script script, String message, Random random) {
        String token = TOKENS.get(random.nextInt(TOKENS.size()));
        String reliable = random.nextInt(4) > 0 ? "1" : "0";
        return switch (script) {
            case CLAIM -> Stream.of(message, token, random.nextInt(4) == 0 ? TOKENS.get(0) : "", "channel", "2", LONG, "e1", reliable);
            case FINISH -> Stream.of(message, token, "{\"status\":\"" + (random.nextBoolean() ? "success" : "error") + "\"}", LONG,
                    "channel", random.nextInt(4) == 0 ? "e2" : "e1", random.nextBoolean() ? "1" : "0", "2", reliable);
            case BURY -> Stream.of(message, "2", reliable);
            case DROP -> Stream.of(message, Integer.toString(1 + random.nextInt(3)));
            case PUT_BACK -> Stream.of(message, random.nextInt(3) == 0 ? "" : token, reliable, Integer.toString(1 + random.nextInt(3)));
            case RECOVER -> Stream.of(message, "w1");
            case HEARTBEAT -> Stream.of("w1", LONG, "info", "e1");
            case FORGET -> Stream.of("w1", "0", random.nextBoolean() ? "1" : "0");
            case DEPTH -> Stream.of("1000");
            case SHED -> Stream.of(Integer.toString(random.nextInt(3)), random.nextBoolean() ? "LEFT" : "RIGHT", reliable);
            case NOTE_CANCEL -> Stream.of(LONG);
            case PULL -> Stream.of("r", Integer.toString(random.nextInt(4)), "60", reliable, LONG);
        };
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private static List<String> texts(List<byte[]> elements) {
        return elements.stream().map(InMemoryRedisIT::text).toList();
    }
}
