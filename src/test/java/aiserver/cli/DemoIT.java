package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first command of the README, with the project's own models and a Redis of its own; the picture in fewer steps. */
class DemoIT {
    @TempDir
    Path folder;

    @Test
    void aSpokenOrderBecomesTextAnOrderAndAPicture() throws Exception {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run(Map.of(), "demo", "--out=" + folder, "--image-steps=2", "--stt-time-limit=30m", "--llm-time-limit=30m"))
                    .as(said.toString(StandardCharsets.UTF_8)).isZero();
        } finally {
            System.setOut(out);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        assertThat(text).doesNotContain("noise: this model has random weights");
        assertThat(text).containsPattern("Heard +초콜릿 케이크 하나 주문할게요\\. 딸기를 올려 주세요\\. +\\(ko, ")
                .contains("intent: \"order\"").contains("초콜릿 케이크").contains(folder.resolve("cake.png").toString());
        BufferedImage picture = ImageIO.read(folder.resolve("cake.png").toFile());
        assertThat(picture.getWidth()).isEqualTo(picture.getHeight()).isGreaterThanOrEqualTo(64);
    }
}
