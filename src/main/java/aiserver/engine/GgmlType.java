package aiserver.engine;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How ggml keeps the values of a tensor: the number of the type in files, and how many values lie in a block of how many
 * bytes. A type with a name is one that weights are converted to before they are used. As in ggml.h and ggml-common.h.
 */
enum GgmlType {
    F32(0, 1, 4, "f32"), F16(1, 1, 2, "f16"), BF16(30, 1, 2, "bf16"), F64(28, 1, 8),
    I8(24, 1, 1), I16(25, 1, 2), I32(26, 1, 4), I64(27, 1, 8),
    Q4_0(2, 32, 18, "q4_0"), Q4_1(3, 32, 20, "q4_1"), Q5_0(6, 32, 22, "q5_0"), Q5_1(7, 32, 24, "q5_1"),
    Q8_0(8, 32, 34, "q8_0"), Q8_1(9, 32, 36),
    Q2_K(10, 256, 84, "q2_K"), Q3_K(11, 256, 110, "q3_K"), Q4_K(12, 256, 144, "q4_K"), Q5_K(13, 256, 176, "q5_K"),
    Q6_K(14, 256, 210, "q6_K"), Q8_K(15, 256, 292),
    IQ1_S(19, 256, 50), IQ1_M(29, 256, 56), IQ2_XXS(16, 256, 66), IQ2_XS(17, 256, 74), IQ2_S(22, 256, 82),
    IQ3_XXS(18, 256, 98), IQ3_S(21, 256, 110), IQ4_NL(20, 32, 18), IQ4_XS(23, 256, 136),
    TQ1_0(34, 256, 54), TQ2_0(35, 256, 66), MXFP4(39, 32, 17), NVFP4(40, 64, 36), Q1_0(41, 128, 18);

    private final int number;
    private final int block;
    private final int blockBytes;
    private final String weightName;

    GgmlType(int number, int block, int blockBytes) {
        this(number, block, blockBytes, null);
    }

    GgmlType(int number, int block, int blockBytes, String weightName) {
        this.number = number;
        this.block = block;
        this.blockBytes = blockBytes;
        this.weightName = weightName;
    }

    static Optional<GgmlType> of(int number) {
        return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
    }

    /** The types that weights are converted to. */
    static Stream<GgmlType> ofWeights() {
        return Arrays.stream(values()).filter(type -> type.weightName != null);
    }

    /** The engines' name of a type that weights are converted to; null for others. */
    String weightName() {
        return weightName;
    }

    /** Whether rows of so many values can be kept so. */
    boolean fits(long row) {
        return row % block == 0;
    }

    /**
     * Of rows that fit.
     *
     * @throws ArithmeticException for more than a long holds
     */
    long bytes(long values) {
        return Math.multiplyExact(values / block, blockBytes);
    }
}
