package aiserver.bench.weights;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.models.RandomWhisperModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportsTest {
    @TempDir
    private Path folder;

    @Test
    void theStampIsThatOfModelFilesOptionsAndScripts() throws IOException {
        Path script = Files.createDirectories(folder.resolve("training/torchscript")).resolve("export.py");
        Path model = folder.resolve("model.gguf");
        Path taesd = folder.resolve("taesd.gguf");
        Files.writeString(script, "1");
        Files.writeString(model, "1");
        Files.writeString(taesd, "1");
        WorkFolder work = new WorkFolder();
        work.home = folder;
        Exports exports = new Exports(work);
        String stamp = exports.stamp(model, "--taesd=" + taesd);
        assertThat(exports.stamp(model, "--taesd=" + taesd)).isEqualTo(stamp);
        assertThat(exports.stamp(model, "--taesd=" + model)).isNotEqualTo(stamp);
        for (Path file : new Path[] {script, model, taesd}) {
            Files.writeString(file, "2");
            assertThat(exports.stamp(model, "--taesd=" + taesd)).as(file.toString()).isNotEqualTo(stamp);
            Files.writeString(file, "1");
        }
    }

    @Test
    void modelFilesHaveTheWritersVersionInTheirNames() {
        assertThat(RealShape.QWEN_600M_Q4_K_M.fileName()).matches("qwen3-0\\.6b-q4_k_m-v\\d+\\.gguf");
    }

    /** The closing tokens are one number of their embeddings and nothing else. */
    @Test
    void aModelWithoutClosingTokensIsTheSameButForThem() throws IOException {
        RandomWhisperModel.Shape shape = new RandomWhisperModel.Shape(51865, 80, 32, 1, 1, 1);
        Path with = folder.resolve("with.bin");
        Path without = folder.resolve("without.bin");
        RandomWhisperModel.write(with, shape, RandomWhisperModel.Precision.F16, 7);
        RandomWhisperModel.write(without, shape, RandomWhisperModel.Precision.F16, false, 7);
        byte[] one = Files.readAllBytes(with);
        byte[] other = Files.readAllBytes(without);
        int different = 0;
        for (int at = Arrays.mismatch(one, other); at >= 0 && at < one.length; at++) {
            different += one[at] != other[at] ? 1 : 0;
        }
        assertThat(other).hasSameSizeAs(one);
        assertThat(different).isEqualTo((50257 + 15) / 16); // 3 as F16 is 0x4200: one byte that is not zero
    }
}
