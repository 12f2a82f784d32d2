package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TokenTextTest {
    private final TokenText text = new TokenText();

    @Test
    void joinsHalvesOfACharacter() {
        byte[] cake = "케이크🎂".getBytes(StandardCharsets.UTF_8);
        for (byte b : cake) {
            text.add(new byte[] {b});
        }
        assertThat(text.take()).isEqualTo("케이크🎂");
    }

    @Test
    void keepsAHalfForTheNextSegment() {
        byte[] cake = "케이크".getBytes(StandardCharsets.UTF_8);
        text.add(Arrays.copyOf(cake, 5));
        assertThat(text.take()).isEqualTo("케");
        text.add(Arrays.copyOfRange(cake, 5, cake.length));
        assertThat(text.take()).isEqualTo("이크");
        assertThat(text.take()).isEmpty();
    }

    @Test
    void leavesOutWhatNeverBecomesACharacter() {
        text.add(new byte[] {(byte) 0xEC, (byte) 0xBC});
        text.add("a".getBytes(StandardCharsets.UTF_8));
        text.add(new byte[] {(byte) 0xFF, (byte) 0x80});
        text.add("b".getBytes(StandardCharsets.UTF_8));
        assertThat(text.take()).isEqualTo("ab");
    }
}
