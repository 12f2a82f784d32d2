package aiserver.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class WeightTypeTest {
    private static final int COUNT = 256;

    /** Reads back as ggml does: a block's value is its scale times the whole number that its bits say. */
    private static float[] values(WeightType type, ByteBuffer in) {
        float[] values = new float[COUNT];
        for (int from = 0; from < COUNT; from += type.block()) {
            float scale = type.block() == 1 ? 1 : Float.float16ToFloat(in.getShort());
            int fifth = type == WeightType.Q5_0 ? in.getInt() : 0;
            byte[] bits = new byte[(int) type.bytes(type.block()) - (type.block() == 1 ? 0 : 2) - (type == WeightType.Q5_0 ? 4 : 0)];
            in.get(bits);
            ByteBuffer number = ByteBuffer.wrap(bits).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < type.block(); i++) {
                int four = bits[i % bits.length] >> (i < 16 ? 0 : 4) & 15;
                values[from + i] = switch (type) {
                    case F32 -> number.getFloat();
                    case F16 -> Float.float16ToFloat(number.getShort());
                    case BF16 -> Float.intBitsToFloat(number.getShort() << 16);
                    case Q4_0 -> scale * (four - 8);
                    case Q5_0 -> scale * ((four | (fifth >> i & 1) << 4) - 16);
                    case Q8_0 -> scale * bits[i];
                    case Q1_0 -> (bits[i / 8] >> i % 8 & 1) == 1 ? scale : -scale;
                };
            }
        }
        return values;
    }

    private static float[] written(WeightType type, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(COUNT)).order(ByteOrder.LITTLE_ENDIAN);
        type.put(values, COUNT, bytes);
        assertThat(bytes.remaining()).as("bytes left of what the type says").isZero();
        return values(type, bytes.flip());
    }

    @ParameterizedTest
    @CsvSource({"F32, 0", "F16, 0.0005", "BF16, 0.004", "Q8_0, 0.0045", "Q5_0, 0.035", "Q4_0, 0.126"})
    void aWeightComesBackWithinHalfAStep(WeightType type, float most) {
        SplittableRandom random = new SplittableRandom(3);
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        float[] back = written(type, values);
        for (int i = 0; i < COUNT; i++) {
            assertThat(back[i]).as("weight %d, %s", i, values[i]).isCloseTo(values[i], within(most));
        }
    }

    @ParameterizedTest
    @EnumSource
    void noughtsComeBackAsNoughts(WeightType type) {
        for (float value : written(type, new float[COUNT])) {
            assertThat(Math.abs(value)).isZero(); // of either sign
        }
    }

    @Test
    void aSignComesBackWithTheMeanSize() {
        float[] values = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            values[i] = i % 3 == 0 ? -1.5f : 0.5f;
        }
        float[] back = written(WeightType.Q1_0, values);
        for (int i = 0; i < COUNT; i++) {
            assertThat(back[i] < 0).isEqualTo(values[i] < 0);
            assertThat(Math.abs(back[i])).isCloseTo(0.836f, within(0.004f)); // 43 of 128 are -1.5 in the first block, 42 in the second
        }
    }

    @Test
    void bfloat16IsRoundedToTheNearestAndTiesToEven() {
        float[] values = new float[COUNT];
        values[0] = 1 + 1 / 256f;      // between 1 and 1 + 1/128
        values[1] = 1 + 3 / 256f;      // between 1 + 1/128 and 1 + 2/128
        values[2] = 1 + 1.01f / 256;
        assertThat(written(WeightType.BF16, values)).startsWith(1, 1 + 2 / 128f, 1 + 1 / 128f);
    }
}
