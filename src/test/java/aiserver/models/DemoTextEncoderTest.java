package aiserver.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTextEncoderTest {
    @Test
    void theBitsAreThoseOfTheSpecification() {
        DemoTextEncoder.SignStream signs = new DemoTextEncoder.SignStream(1);
        assertThat(signs.word(0)).isEqualTo(0xE220A8397B1DCDAFL);
        assertThat(new int[] {signs.at(0), signs.at(1), signs.at(2), signs.at(3), signs.at(4), signs.at(5), signs.at(6), signs.at(7)})
                .containsExactly(1, 1, 1, 1, -1, 1, -1, 1);
    }

    /** The sum is that of the file which the training's own generator writes. */
    @Test
    void theFileIsTheOneThatTheModelWasTrainedWith(@TempDir Path folder) throws IOException, NoSuchAlgorithmException {
        Path file = folder.resolve("clip_l.gguf");
        DemoTextEncoder.write(file);
        assertThat(Files.size(file)).isEqualTo(DemoTextEncoder.BYTES);
        byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        assertThat(HexFormat.of().formatHex(sum)).isEqualTo(DemoTextEncoder.SHA_256);
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }
}
