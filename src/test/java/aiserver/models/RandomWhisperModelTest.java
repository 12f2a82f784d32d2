package aiserver.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random speech models whose matrices are written in blocks: the numbers are those of the same seed in half precision. */
class RandomWhisperModelTest {
    private static final RandomWhisperModel.Shape SHAPE = new RandomWhisperModel.Shape(51866, 128, 64, 4, 2, 1);
    private static final String MATRIX = "encoder.blocks.0.mlp.0.weight";
    private static final int BLOCK = 32;

    @TempDir
    Path folder;

    @Test
    void eightBitsAreTheSameNumbersToHalfAStep() throws IOException {
        holdToHalfPrecision(RandomWhisperModel.Precision.Q8_0, (data, values) -> {
            float scale = half(data);
            for (int i = 0; i < BLOCK; i++) {
                values[i] = scale * data.get();
            }
            return scale;
        });
    }

    @Test
    void fiveBitsAreTheSameNumbersToHalfAStep() throws IOException {
        holdToHalfPrecision(RandomWhisperModel.Precision.Q5_0, (data, values) -> {
            float scale = half(data);
            int fifth = data.getInt();
            for (int i = 0; i < BLOCK / 2; i++) {
                int pair = data.get() & 0xff;
                values[i] = scale * ((pair & 15 | (fifth >> i & 1) << 4) - 16);
                values[i + BLOCK / 2] = scale * ((pair >> 4 | (fifth >> i + BLOCK / 2 & 1) << 4) - 16);
            }
            return scale;
        });
    }

    private interface BlockReader {
        /** @return the step between two numbers of the block */
        float read(ByteBuffer data, float[] values);
    }

    private void holdToHalfPrecision(RandomWhisperModel.Precision precision, BlockReader reader) throws IOException {
        ByteBuffer exact = matrix(RandomWhisperModel.Precision.F16);
        ByteBuffer blocks = matrix(precision);
        float[] values = new float[BLOCK];
        for (int block = 0; block < 64 * 256 / BLOCK; block++) {
            float step = reader.read(blocks, values);
            assertThat(step).isPositive();
            // Half a step, and what rounding the scale to half precision does to the largest.
            for (int i = 0; i < BLOCK; i++) {
                assertThat(values[i]).as("number %d of block %d", i, block).isCloseTo(half(exact), within(0.56f * step));
            }
        }
    }

    private ByteBuffer matrix(RandomWhisperModel.Precision precision) throws IOException {
        Path file = folder.resolve(precision + ".bin");
        RandomWhisperModel.write(file, SHAPE, precision, 3);
        byte[] bytes = Files.readAllBytes(file);
        int name = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(MATRIX);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(name + MATRIX.length());
    }

    private static float half(ByteBuffer data) {
        return Float.float16ToFloat(data.getShort());
    }
}
