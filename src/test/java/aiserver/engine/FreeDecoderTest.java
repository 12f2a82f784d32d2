package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FreeDecoderTest {
    @Test
    void aCharacterIsNeverCut() {
        byte[] bytes = "케🎂e\u00e9".getBytes(StandardCharsets.UTF_8);
        StringBuilder seen = new StringBuilder();
        for (int length = 0; length <= bytes.length; length++) {
            String text = FreeDecoder.wholeCharacters(Arrays.copyOf(bytes, length));
            assertThat("케🎂e\u00e9").startsWith(text);
            seen.append(text.codePointCount(0, text.length()));
        }
        assertThat(seen).hasToString("00011112334");
    }

    @Test
    void whatIsNoCharacterWithinIsReplaced() {
        assertThat(FreeDecoder.wholeCharacters(new byte[] {'a', (byte) 0xFF, 'b', (byte) 0xEC})).isEqualTo("a\uFFFDb");
    }
}
