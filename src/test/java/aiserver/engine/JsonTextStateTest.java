package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTextStateTest {
    private static long read(byte[] bytes, long max) {
        long state = JsonTextState.START;
        for (byte b : bytes) {
            state = JsonTextState.next(state, b, max);
            if (state < 0) {
                return state;
            }
        }
        return state;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "딸기 케이크", "🎂", "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\u0080\u07FF\u0800\uFFFF", "\uD7FF\uE000", "\uDBFF\uDFFF"})
    void whatAJsonStringMayHoldIsRead(String text) {
        long state = read(text.getBytes(StandardCharsets.UTF_8), 1000);
        assertThat(JsonTextState.betweenCharacters(state)).isTrue();
        assertThat(JsonTextState.next(state, (byte) '"', 1000)).isEqualTo(JsonTextState.CLOSED);
    }

    @Test
    void everyByteSequenceIsJudgedAsTheDecoderOfTheJdkDoes() {
        byte[] interesting = {0x00, 0x1F, 0x20, 0x7E, 0x7F, (byte) 0x80, (byte) 0x8F, (byte) 0x90, (byte) 0x9F, (byte) 0xA0, (byte) 0xBF,
            (byte) 0xC0, (byte) 0xC1, (byte) 0xC2, (byte) 0xDF, (byte) 0xE0, (byte) 0xE1, (byte) 0xED, (byte) 0xEE, (byte) 0xEF, (byte) 0xF0,
            (byte) 0xF1, (byte) 0xF3, (byte) 0xF4, (byte) 0xF5, (byte) 0xFF};
        int n = interesting.length;
        int whole = 0;
        for (int code = 0; code < n * n * n * n; code++) {
            byte[] bytes = {interesting[code % n], interesting[code / n % n], interesting[code / n / n % n], interesting[code / n / n / n]};
            long state = read(bytes, 1000);
            boolean accepted = state >= 0 && JsonTextState.betweenCharacters(state);
            assertThat(accepted).as("%s", java.util.HexFormat.of().formatHex(bytes)).isEqualTo(decodes(bytes));
            whole += accepted ? 1 : 0;
        }
        assertThat(whole).isPositive();
    }

    private static boolean decodes(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).chars().noneMatch(c -> c < 0x20 || c == 0x7F);
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\n", "\u0000", "\u007F", "\\u0041", "\\x", "\\ "})
    void whatItMayNotHoldIsRefused(String text) {
        assertThat(read(text.getBytes(StandardCharsets.UTF_8), 1000)).isEqualTo(JsonTextState.REFUSED);
    }

    @Test
    void theLimitCountsCharactersAndEscapes() {
        assertThat(JsonTextState.characters(read("가\\n🎂a".getBytes(StandardCharsets.UTF_8), 4))).isEqualTo(4);
        assertThat(read("가\\n🎂ab".getBytes(StandardCharsets.UTF_8), 4)).isEqualTo(JsonTextState.REFUSED);
        assertThat(read("가가\"".getBytes(StandardCharsets.UTF_8), 2)).isEqualTo(JsonTextState.CLOSED);
    }
}
