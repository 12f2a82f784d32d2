package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.models.WeightType;
import aiserver.models.RandomDiffusionModel;
import aiserver.models.RandomQwenModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Estimates of memory, held against sums done by hand. */
class MemoryNeedTest {
    private static final long MB = 1L << 20;

    @TempDir
    Path folder;

    @Test
    void aLanguageModelIsTheSumOfItsTensorsItsCacheAndRoomToCompute() throws IOException {
        Path file = folder.resolve("model.gguf");
        new RandomQwenModel(3, 64, 4, 2, 32, 128, 1024, WeightType.F32, 1000, 1).write(file);
        LlamaSettings settings = LlamaSettings.of(file).withContext(512, 2);
        MemoryNeed need = MemoryNeed.language(settings, TensorIndex.read(file, "language model"), 1000);
        long norms = 4 * (64 + 32 + 32 + 64);
        long matrices = 4 * (64 * 128 + 2 * 64 * 64 + 128 * 64 + 3 * 64 * 128);
        assertThat(need.layers()).isEqualTo(3);
        // keys and values of two heads of 32, two bytes each
        assertThat(need.layer()).isEqualTo(norms + matrices + 1000 * 2 * 64 * 2);
        // the embedding is the output's matrix, too
        assertThat(need.weights()).isEqualTo(4 * (1000 * 64 + 64));
        assertThat(need.buffers()).isEqualTo(4 * 512 * (1000 + 4 * 128 + 8 * 64) + 128 * MB);
        assertThat(MemoryNeed.language(settings.withFlashAttention(false), TensorIndex.read(file, "language model"), 1000).buffers() - need.buffers())
                .isEqualTo(4L * 512 * 1000 * 4);
    }

    @Test
    void aSpeechModelGrowsWithItsStates() throws IOException {
        Path file = Files.write(folder.resolve("whisper.bin"), new byte[1000]);
        WhisperFile largeV3 = new WhisperFile(51866, 1500, 1280, 32, 448, 32, 128);
        long one = MemoryNeed.speech(new WhisperSettings(file, "cpu", 1, 1, true), largeV3).total(1);
        long three = MemoryNeed.speech(new WhisperSettings(file, "cpu", 3, 1, true), largeV3).total(1);
        // keys and values across: 2 * 32 layers * 1280 * 1500 * 2 bytes
        assertThat(one).isBetween(245_760_000L + 1000, 2000 * MB);
        assertThat((three - one) % 2).isZero();
        assertThat((three - one) / 2).isGreaterThan(245_760_000L);
    }

    @Test
    void aPictureModelIsItsFilesAndOnlyItsEncodersCanStayBehind() throws IOException {
        DiffusionSettings.Part model = part("model", 1000);
        DiffusionSettings.Part clip = part("clip", 200);
        DiffusionSettings.Part t5 = part("t5", 4000);
        DiffusionSettings.Part vae = part("vae", 30);
        DiffusionSettings settings = new DiffusionSettings(model, clip, null, t5, vae, null, "auto", 1, false, false, false,
                DiffusionSettings.StepCache.NONE, true);
        MemoryNeed need = MemoryNeed.picture(settings);
        assertThat(need.weights()).isEqualTo(5230);
        assertThat(need.movable()).isEqualTo(4200);
        DiffusionSettings tiled = new DiffusionSettings(model, clip, null, t5, vae, null, "auto", 1, true, true, false,
                DiffusionSettings.StepCache.NONE, true);
        assertThat(MemoryNeed.picture(tiled).buffers()).isLessThan(need.buffers());
    }

    @Test
    void aLargerPictureTakesMoreToDecodeAndToAttend() throws IOException {
        DiffusionSettings.Part model = part("model", 1000);
        long usual = buffers(model, null, false, true, 512);
        assertThat(buffers(model, null, false, true, 256)).isEqualTo(usual);
        assertThat(buffers(model, null, false, true, 1024)).isEqualTo(4 * usual);
        assertThat(buffers(model, null, true, true, 1024)).as("in tiles").isEqualTo(512 * MB);
        assertThat(buffers(model, part("taesd", 10), false, true, 1024)).isEqualTo(2048 * MB);
        assertThat(buffers(model, null, false, false, 1024) - 4 * usual).isEqualTo(16 * (buffers(model, null, false, false, 1) - usual));
    }

    private static long buffers(DiffusionSettings.Part model, DiffusionSettings.Part taesd, boolean tiled, boolean flash, int side) {
        return MemoryNeed.picture(new DiffusionSettings(model, null, null, null, model, taesd, "auto", 1, flash, tiled, false,
                DiffusionSettings.StepCache.NONE, true, side, side)).buffers();
    }

    @Test
    void aPartThatIsConvertedCountsAsWhatItBecomes() throws IOException {
        Path file = folder.resolve("model.safetensors");
        RandomDiffusionModel.writeDiffusionModel(file, 96, 8, 1);
        long halves = need(new DiffusionSettings.Part(file, "f16")).weights();
        assertThat(need(DiffusionSettings.Part.of(file)).weights()).isCloseTo(halves, Percentage.withPercentage(5));
        assertThat((double) need(new DiffusionSettings.Part(file, "q4_0")).weights() / halves).isBetween(0.28, 0.31);
        assertThat((double) need(new DiffusionSettings.Part(file, "f32")).weights() / halves).isBetween(1.9, 2.0);
    }

    private static MemoryNeed need(DiffusionSettings.Part model) {
        return MemoryNeed.picture(new DiffusionSettings(model, null, null, null, null, null, "auto", 1, false, false, false,
                DiffusionSettings.StepCache.NONE, true));
    }

    private DiffusionSettings.Part part(String name, int bytes) throws IOException {
        return DiffusionSettings.Part.of(Files.write(folder.resolve(name), new byte[bytes]));
    }
}
