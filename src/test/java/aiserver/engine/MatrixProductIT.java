package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import bindings.guard.guard_h;
import bindings.llama.llama_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Products of weights and columns by the CPU backend, native/guard/q8_matmul.h, q8_rows.h, k_matmul.h, k_rows.h,
 * turned_weights.hpp and f16_rows.h where the processor has what they need, held against double precision. Columns are such that the backend
 * rounds none of them: whole numbers up to 127, which each block reaches, times a power of two of its own. So one
 * number, row or block in the wrong place is far outside of {@link #CLOSE}.
 */
class MatrixProductIT {
    /** Of the square root of the summed squares of what is added up: rounding of single precision. */
    private static final double CLOSE = 1e-5;
    /** The same where the processor adds up in half precision. */
    private static final double HALF_CLOSE = 1e-2;

    /** The same of a vocabulary's rows without the lower two of six bits: eight times what is usual. */
    private static final double ROUGHLY = 0.5;

    private static final int VOCABULARY_ROWS = (1 << 15) + 5;
    private static final QuantizedMatrix VOCABULARY;

    static {
        NativeLibraries.load();
        VOCABULARY = QuantizedMatrix.of(QuantizedMatrix.Type.Q6_K, weights(new Random(41), VOCABULARY_ROWS * 256), VOCABULARY_ROWS, 256);
    }

    /** @param apart whether columns lie apart, as a part of wider ones does */
    record Shape(QuantizedMatrix.Type type, int columns, int rows, int length, int threads, boolean apart) {
    }

    /** Columns pass in sixes, 192 or 384 at a time, and one by itself, two blocks at a time; rows are taken by 32. */
    static Stream<Shape> shapes() {
        Stream.Builder<Shape> shapes = Stream.builder();
        for (QuantizedMatrix.Type type : QuantizedMatrix.Type.values()) {
            shapes.add(new Shape(type, 1, 33, 256, 1, false)).add(new Shape(type, 1, 100, 3072, 3, false))
                    .add(new Shape(type, 2, 31, 512, 2, false)).add(new Shape(type, 3, 100, 256, 3, true))
                    .add(new Shape(type, 4, 33, 512, 1, false)).add(new Shape(type, 5, 33, 3072, 2, false))
                    .add(new Shape(type, 6, 1, 256, 3, false)).add(new Shape(type, 7, 100, 512, 3, false))
                    .add(new Shape(type, 16, 64, 512, 2, true)).add(new Shape(type, 37, 31, 3072, 3, false))
                    .add(new Shape(type, 194, 33, 512, 2, false)).add(new Shape(type, 385, 100, 256, 2, false))
                    .add(new Shape(type, 385, 33, 3072, 1, false));
            if (type.block == 32) {
                shapes.add(new Shape(type, 7, 33, 32, 2, false)).add(new Shape(type, 13, 45, 96, 3, false))
                        .add(new Shape(type, 1, 33, 32, 2, false)).add(new Shape(type, 1, 45, 96, 3, false));
            }
        }
        return shapes.build();
    }

    @BeforeAll
    static void load() {
        NativeLibraries.load();
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void multipliesWithQuantizedWeights(Shape shape) {
        multiplies(shape, (graph, blocks) -> graph.tensor(shape.type().number, blocks, shape.length(), shape.rows()));
    }

    /** @param place makes a tensor of the weights' blocks */
    private static void multiplies(Shape shape, BiFunction<CpuGraph, MemorySegment, MemorySegment> place) {
        Random random = new Random(31L * shape.length() + shape.columns());
        int length = shape.length();
        QuantizedMatrix weights = QuantizedMatrix.of(shape.type(), weights(random, shape.rows() * length), shape.rows(), length);
        float[] columns = columns(random, shape.columns() * length, shape.type().block);
        float[] result;
        try (CpuGraph graph = new CpuGraph()) {
            result = graph.product(place.apply(graph, MemorySegment.ofArray(weights.blocks())),
                    shape.apart() ? apart(graph, columns, length) : graph.floats(columns, length, shape.columns()), shape.threads());
        }
        assertThat(result).hasSize(shape.columns() * shape.rows());
        for (int column = 0; column < shape.columns(); column++) {
            for (int row = 0; row < shape.rows(); row++) {
                assertClose(result[column * shape.rows() + row], weights.values(), row * length, columns, column * length, length, CLOSE,
                        "row " + row + " of column " + column);
            }
        }
    }

    /** Columns pass in twelves, by super-blocks as many as a cache holds; rows are taken by 16. */
    static Stream<Shape> turnedShapes() {
        return shapes().filter(shape -> shape.type().block == 256 && shape.rows() > 1).mapMulti((shape, more) -> {
            more.accept(shape);
            if (shape.columns() == 37) {
                more.accept(new Shape(shape.type(), 8, 48, 1024, 2, false));
                more.accept(new Shape(shape.type(), 9, 17, 1024, 4, true));
            }
        });
    }

    @ParameterizedTest
    @MethodSource("turnedShapes")
    void multipliesWithWeightsThatAreLaidOutAnew(Shape shape) {
        assumeTrue(CpuGraph.turnsWeights(), "this processor's backend does not lay weights out anew");
        multiplies(shape, (graph, blocks) -> graph.turned(shape.type().number, blocks, shape.length(), shape.rows()));
    }

    @Test
    void laysWeightsOutAnewWhereTheProcessorMultipliesBytes() {
        assertThat(CpuGraph.turnsWeights()).isEqualTo(CpuFeatures.has("AVX512") && CpuFeatures.has("AVX512_VNNI"));
    }

    /**
     * A vocabulary's matrix: the likeliest rows, and those that are asked for, are as exact as ever; others are as far off as
     * numbers of four bits are; and where nothing is likely enough to be asked for they are impossible.
     */
    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 8, 2", "8, 20, 1", "9, 64, 3", "2, 0, 2", "65, 8, 2", "3, -1, 2", "1, 100, 2"})
    void multipliesAVocabularyAsFarAsItIsLookedAt(int columnCount, int likeliest, int threads) {
        assumeTrue(CpuGraph.turnsWeights(), "this processor's backend does not lay weights out anew");
        int length = VOCABULARY.values().length / VOCABULARY_ROWS;
        float[] columns = columns(new Random(likeliest), columnCount * length, 256);
        for (int c = 0; c < columnCount; c++) {
            for (int i = 0; i < length && columns[c * length] == 0; i++) { // a column of zeros has no likeliest rows
                columns[c * length + length - 1 - i] = i % 255 - 127;
            }
        }
        int[] asked = {VOCABULARY_ROWS - 1, 16, 3, 17, 20_000};
        float[] result;
        try (CpuGraph graph = new CpuGraph(); Arena arena = Arena.ofConfined()) {
            MemorySegment matrix = graph.turned(VOCABULARY.type().number, MemorySegment.ofArray(VOCABULARY.blocks()), length, VOCABULARY_ROWS);
            guard_h.ag_llama_want(likeliest, arena.allocateFrom(ValueLayout.JAVA_INT, asked), asked.length);
            result = graph.product(matrix, graph.floats(columns, length, columnCount), threads);
        } finally {
            guard_h.ag_llama_want(-1, MemorySegment.NULL, 0);
        }
        boolean whole = likeliest < 0 || likeliest > 64 || columnCount > 64;
        int rough = 0;
        for (int column = 0; column < columnCount; column++) {
            double[] exact = new double[VOCABULARY_ROWS];
            double[] lengths = new double[VOCABULARY_ROWS];
            for (int row = 0; row < VOCABULARY_ROWS; row++) {
                double squares = 0;
                for (int i = 0; i < length; i++) {
                    double product = (double) VOCABULARY.values()[row * length + i] * columns[column * length + i];
                    exact[row] += product;
                    squares += product * product;
                }
                lengths[row] = Math.sqrt(squares);
            }
            double least = likeliest <= 0 ? Double.POSITIVE_INFINITY : Arrays.stream(exact).sorted().skip(VOCABULARY_ROWS - Math.min(likeliest, VOCABULARY_ROWS))
                    .findFirst().orElseThrow();
            for (int row = 0; row < VOCABULARY_ROWS; row++) {
                float found = result[column * VOCABULARY_ROWS + row];
                int at = row;
                boolean close = Math.abs(found - exact[row]) <= CLOSE * lengths[row];
                if (whole || exact[row] >= least || Arrays.stream(asked).anyMatch(one -> one == at)) {
                    if (!close) {
                        assertThat(found).as("row " + row + " of column " + column).isEqualTo(exact[row]);
                    }
                } else if (likeliest == 0) {
                    assertThat(found).isEqualTo(Float.NEGATIVE_INFINITY);
                } else {
                    rough += close ? 0 : 1;
                    if (!(Math.abs(found - exact[row]) <= ROUGHLY * lengths[row])) {
                        assertThat(found).as("row " + row + " of column " + column).isCloseTo((float) exact[row], within((float) (ROUGHLY * lengths[row])));
                    }
                }
            }
        }
        assertThat(rough).isGreaterThanOrEqualTo(whole || likeliest == 0 ? 0 : columnCount * VOCABULARY_ROWS / 2);
    }

    /**
     * A column a head, as while a token is written, or a few, of answers at once: heads share rows, rows of values lie apart
     * by the cache's length, and those of keys have the heads' beside each other. Nine columns are a product of
     * blocks, in the backend's own way.
     */
    @ParameterizedTest
    @CsvSource({"64, 1, 1, 1, 1, 0, 1, false", "64, 33, 1, 6, 6, 0, 2, true", "128, 70, 1, 16, 8, 0, 3, true", "64, 5, 1, 3, 1, 0, 1, false",
            "7, 64, 1, 4, 2, 25, 2, false", "65, 64, 1, 6, 2, 31, 3, false", "513, 66, 1, 4, 4, 511, 1, false", "128, 70, 8, 16, 8, 0, 2, true",
            "513, 66, 3, 4, 4, 511, 3, false", "64, 33, 7, 3, 1, 0, 1, false", "128, 34, 2, 6, 3, 0, 2, true", "128, 3, 1, 4, 2, 0, 3, true",
            "128, 34, 9, 4, 2, 0, 2, true"})
    void multipliesFewColumnsWithRowsOfHalfPrecision(int length, int rows, int columns, int heads, int rowHeads, int gap, int threads,
            boolean beside) {
        Random random = new Random(length);
        int width = length + gap;
        float[] wide = new float[width * rows * rowHeads];
        float[] all = new float[length * columns * heads];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = i % width < length ? Float.float16ToFloat(Float.floatToFloat16(random.nextFloat() - 0.5f)) : Float.NaN;
        }
        for (int i = 0; i < all.length; i++) {
            all[i] = (random.nextInt(255) - 127) / 32f;
        }
        float[] result;
        try (CpuGraph graph = new CpuGraph()) {
            MemorySegment cache = graph.numbers(CpuGraph.F16, wide, width, beside ? rowHeads : rows, beside ? rows : rowHeads);
            long[] strides = beside ? new long[] {2L * width * rowHeads, 2L * width, 2L * wide.length}
                    : new long[] {2L * width, 2L * width * rows, 2L * wide.length};
            MemorySegment some = graph.view(cache, new long[] {length, rows, rowHeads}, strides, 0);
            result = graph.product(some, graph.floats(all, length, columns, heads), threads);
        }
        boolean half = llama_h.llama_print_system_info().getString(0).contains("FP16_VA = 1");
        assertThat(result).hasSize(rows * columns * heads);
        for (int column = 0; column < columns * heads; column++) {
            int rowHead = column / columns / (heads / rowHeads);
            for (int row = 0; row < rows; row++) {
                int at = beside ? row * rowHeads + rowHead : rowHead * rows + row;
                assertClose(result[column * rows + row], wide, at * width, all, column * length, length,
                        half ? HALF_CLOSE : CLOSE, "row " + row + " of column " + column % columns + " of head " + column / columns);
            }
        }
    }

    private static void assertClose(double found, float[] weights, int row, float[] columns, int column, int length, double close, String what) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < length; i++) {
            double product = (double) weights[row + i] * columns[column + i];
            sum += product;
            squares += product * product;
        }
        if (!(Math.abs(found - sum) <= close * Math.sqrt(squares))) { // AssertJ at every number would take longer than the product
            assertThat(found).as(what).isEqualTo(sum);
        }
    }

    private static float[] weights(Random random, int count) {
        float[] weights = new float[count];
        for (int i = 0; i < count; i += 32) {
            float size = 0.25f + random.nextFloat();
            float middle = size * (random.nextFloat() - 0.5f);
            for (int j = i; j < i + 32; j++) {
                weights[j] = middle + size * (random.nextFloat() - 0.5f);
            }
        }
        return weights;
    }

    private static float[] columns(Random random, int count, int block) {
        float[] columns = new float[count];
        for (int i = 0; i < count; i += block) {
            float size = (float) Math.scalb(1.0, random.nextInt(5) - 2);
            if (random.nextInt(16) == 0) {
                continue; // a block of zeros has no scale
            }
            for (int j = i; j < i + block; j++) {
                columns[j] = size * (random.nextInt(255) - 127);
            }
            columns[i + random.nextInt(block)] = random.nextBoolean() ? 127 * size : -127 * size;
        }
        return columns;
    }

    private static MemorySegment apart(CpuGraph graph, float[] columns, int length) {
        int width = length + 64;
        float[] wide = new float[columns.length / length * width];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = i % width < length ? columns[i / width * length + i % width] : Float.NaN;
        }
        return graph.view(graph.floats(wide, width, columns.length / length), new long[] {length, columns.length / length},
                new long[] {4L * width, 4L * wide.length, 4L * wide.length}, 0);
    }
}
