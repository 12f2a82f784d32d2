package aiserver.service.picture;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.Picture;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PngWriterTest {
    @Test
    void everyPixelAndTheTextsAreInTheFile() throws IOException {
        Picture picture = new Picture(5, 3, new byte[45]);
        new Random(1).nextBytes(picture.rgb());

        byte[] png = PngWriter.write(picture, Map.of("parameters", "a cake\nSteps: 50"));

        assertThat(png).startsWith(0x89, 'P', 'N', 'G');
        BufferedImage read = ImageIO.read(new ByteArrayInputStream(png));
        for (int y = 0; y < 3; y++) {
            for (int x = 0; x < 5; x++) {
                int at = 3 * (y * 5 + x);
                int rgb = (picture.rgb()[at] & 255) << 16 | (picture.rgb()[at + 1] & 255) << 8 | picture.rgb()[at + 2] & 255;
                assertThat(read.getRGB(x, y) & 0xffffff).isEqualTo(rgb);
            }
        }
        assertThat(new String(png, StandardCharsets.ISO_8859_1)).contains("tEXtparameters\0a cake\nSteps: 50");
    }
}
