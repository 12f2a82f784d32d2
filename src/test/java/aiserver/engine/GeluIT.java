package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * GELU by the CPU backend, native/guard/gelu.h where the processor has AVX512 and ggml's table of half precision where it
 * has not, held against its definition in double precision.
 */
class GeluIT {
    private static final double CLOSE = 2e-6;
    private static final double TABLE_CLOSE = 1e-2;
    /** Far below what is next to any number that GELU is added to; there only its size is right. */
    private static final double NOTHING = 1e-10;

    @BeforeAll
    static void load() {
        NativeLibraries.load();
    }

    /** The same numbers in rows of any length: what is behind a row's last vector is a case of its own. */
    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 1000})
    void isWhatItIsDefinedAs(int length) {
        float[] numbers = numbers(length);
        float[] result;
        try (CpuGraph graph = new CpuGraph()) {
            result = graph.gelu(graph.floats(numbers, length, numbers.length / length), 2);
        }
        assertThat(result).hasSameSizeAs(numbers);
        for (int i = 0; i < numbers.length; i++) {
            double wanted = gelu(numbers[i]);
            double bound = CpuFeatures.has("AVX512") ? CLOSE * Math.abs(wanted) + NOTHING : TABLE_CLOSE;
            if (!(Math.abs(result[i] - wanted) <= bound)) { // what is left is the same infinity or, boxed, not a number
                assertThat(Double.valueOf(result[i])).as("of %s", numbers[i]).isEqualTo(Double.valueOf(wanted));
            }
        }
    }

    /** From -20 to 20 in steps of a hundredth, what is no number of this kind, and zeros that fill the last row. */
    private static float[] numbers(int length) {
        float[] numbers = new float[4004];
        for (int i = 0; i <= 4000; i++) {
            numbers[i] = (i - 2000) / 100f;
        }
        numbers[4001] = Float.POSITIVE_INFINITY;
        numbers[4002] = Float.NEGATIVE_INFINITY;
        numbers[4003] = Float.NaN;
        return Arrays.copyOf(numbers, (numbers.length + length - 1) / length * length);
    }

    private static double gelu(double x) {
        if (x == Double.NEGATIVE_INFINITY) {
            return 0;
        }
        return x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }
}
