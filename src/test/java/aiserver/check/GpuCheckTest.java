package aiserver.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the check compares answers, and how its script gives up. */
class GpuCheckTest {
    @TempDir
    Path folder;

    @Test
    void tokensAreComparedFromTheBeginningOn() {
        assertThat(AgreementPart.sameShare(List.of(1, 2, 3, 4), List.of(1, 2, 3, 4))).isEqualTo(1);
        assertThat(AgreementPart.sameShare(List.of(1, 2, 3, 4), List.of(1, 2, 9, 4))).isEqualTo(0.5);
        assertThat(AgreementPart.sameShare(List.of(1, 2), List.of(1, 2, 3, 4))).isEqualTo(0.5);
        assertThat(AgreementPart.sameShare(List.of(7), List.of(1))).isZero();
        assertThat(AgreementPart.sameShare(List.of(), List.of())).isEqualTo(1);
    }

    @Test
    void picturesAreComparedByTheirNoise() {
        byte[] grey = {100, 100, 100, (byte) 200};
        assertThat(AgreementPart.decibels(grey, grey.clone())).isEqualTo(99);
        // one level off everywhere: 20 log10(255)
        assertThat(AgreementPart.decibels(grey, new byte[] {101, 99, 101, (byte) 199})).isBetween(48.1, 48.2);
        assertThat(AgreementPart.decibels(new byte[] {0}, new byte[] {(byte) 255})).isZero();
    }

    @Test
    void theClipIsASoundFile() {
        byte[] wav = Clip.wav(1);
        assertThat(wav).hasSize(44 + 2 * 16_000);
        assertThat(new String(wav, 0, 16, StandardCharsets.ISO_8859_1)).startsWith("RIFF").endsWith("WAVEfmt ");
    }

    @Test
    void wrongUseIsRefused() throws Exception {
        assertThat(script()).contains("usage: scripts/gpu-check.sh").endsWith("gpu-check: say bundle or run\n");
        assertThat(script("run", "--fast")).contains("usage: ").endsWith("gpu-check: unknown option --fast\n");
        assertThat(script("bundle")).isEqualTo("gpu-check: bundle needs the name of a file\n");
        assertThatThrownBy(() -> CheckReport.requireRows(List.of(), folder)).isInstanceOf(IOException.class)
                .hasMessageContaining("no part has measured anything");
    }

    private static String script(String... arguments) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Stream.concat(Stream.of("bash", "scripts/gpu-check.sh"), Stream.of(arguments)).toList())
                .redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isEqualTo(1);
        return output;
    }
}
