package aiserver.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Damages good messages in seeded random ways: whatever comes of it is read, or refused with a code that blames the
 * message, and a refusal that has a request_id can be answered. {@code -Daiserver.fuzz.rounds} makes it longer.
 */
class JobCodecFuzzTest {
    private static final int ROUNDS = Integer.getInteger("aiserver.fuzz.rounds", 20_000);
    private static final List<String> GRAINS = List.of("{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "1e999", "0.1",
            "\"\\ud800\"", "\\u0000", "\"request_id\":", "\"payload\":", "99999999999999999999", "\"audio_bytes\":\"=\"", "[[[[[[[[",
            "\u0000", "\u00ff", "{\"a\":{}}", "\"name\":5", "\"context\":7,", "\"seed\":1.0,");

    private final JobCodec codec = new JobCodec(JobCodec.Limits.DEFAULT);

    private static String sample(TaskType kind) {
        return switch (kind) {
            case STT -> """
                    {"request_id":"r","task_type":"stt","created_at":1,"payload":{"audio_bytes":"AAECAwQF","filename":"a","language":"ko"}}""";
            case LLM -> """
                    {"request_id":"r","task_type":"llm","payload":{"transcript":"케이크 🎂","context":{"user":{"name":"a"},"menu":[{"name":"b",
                    "price":3,"styles":["x"],"options":[]}],"dialogue":[{"role":"user","content":"c"}],"order_state":{"k":[1,2.5,null]},
                    "state":"greeting"},"user_history":[{"menu":"d","price":1}],"events":[{"name":"e","discount_percent":5}]}}""";
            case IMAGE -> """
                    {"request_id":"r","task_type":"image","deadline_at":9,"payload":{"prompt":"케이크","negative_prompt":"n","seed":1}}""";
        };
    }

    @ParameterizedTest
    @EnumSource(TaskType.class)
    void noMessageDoesAnythingButBeReadOrRefused(TaskType kind) {
        Random random = new Random(20251122 + kind.ordinal());
        int read = 0;
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] message = damage(sample(kind).getBytes(StandardCharsets.UTF_8), random);
            Envelope envelope = codec.open(kind, message);
            try {
                Job job = codec.read(envelope);
                assertThat(job.header().requestId()).isEqualTo(envelope.requestId());
                read++;
            } catch (JobException e) {
                assertThat(e.code()).as("%s", new String(message, StandardCharsets.UTF_8)).isIn(ErrorCode.INVALID_JSON,
                        ErrorCode.INVALID_PAYLOAD, ErrorCode.UNKNOWN_TASK, ErrorCode.INVALID_AUDIO);
                if (envelope.answerable()) {
                    assertThat(codec.write(new Reply(envelope.requestId(), kind, "w", 1, 0, 0, null, e))).isNotEmpty();
                }
                refused++;
            }
        }
        assertThat(read).as("messages that survived").isPositive();
        assertThat(refused).as("messages that did not").isGreaterThan(ROUNDS / 2);
    }

    private static byte[] damage(byte[] message, Random random) {
        byte[] out = message;
        for (int i = random.nextInt(4); i >= 0 && out.length > 0; i--) {
            int at = random.nextInt(out.length);
            out = switch (random.nextInt(5)) {
                case 0 -> flip(out, at, random);
                case 1 -> Arrays.copyOf(out, at);
                case 2 -> splice(out, at, Math.min(out.length, at + random.nextInt(20)), new byte[0]);
                case 3 -> splice(out, at, at, GRAINS.get(random.nextInt(GRAINS.size())).getBytes(StandardCharsets.ISO_8859_1));
                default -> splice(out, at, at, Arrays.copyOfRange(out, at, Math.min(out.length, at + random.nextInt(60))));
            };
        }
        return out;
    }

    private static byte[] flip(byte[] bytes, int at, Random random) {
        byte[] out = bytes.clone();
        out[at] ^= (byte) (1 << random.nextInt(8));
        return out;
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] put) {
        byte[] out = new byte[bytes.length - (to - from) + put.length];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(put, 0, out, from, put.length);
        System.arraycopy(bytes, to, out, from + put.length, bytes.length - to);
        return out;
    }
}
