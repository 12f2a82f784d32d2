package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Flash attention by the CPU backend, native/guard/attention.h where the processor has what it needs, held against double
 * precision. Queries, keys and values lie as the engines have them: all heads of a place in one row, beside other things.
 */
class FlashAttentionIT {
    /** Of the largest number of the result: rounding of single precision. */
    private static final double CLOSE = 1e-5;
    /** The same where ggml's own attention rounds queries to half precision, and adds up in it, as keys and values are. */
    private static final double HALF_CLOSE = 2e-2;
    /** The same where weights are rounded to 16 bits. */
    private static final double BYTES_CLOSE = 3e-4;
    /** The same where weights, and queries times their scale, are rounded to bfloat16. */
    private static final double BF16_CLOSE = 4e-3;
    /** What is beside a head in its row. */
    private static final int BESIDE = 32;

    enum Mask {
        NONE,
        /** Half of all keys, none for the first query, none of the second tile of 64 keys for anybody. */
        RANDOM,
        /** The last query sees all keys, the one before all but one. */
        CAUSAL,
        /** A query sees keys about its own place only, so that few see a tile. */
        BAND,
        /** What answers written side by side see: a beginning that all share, then keys in turns, each with a number added. */
        TURNS,
        /** Numbers that are added to scores, others for each head, and here and there a key that is not seen. */
        NUMBERS,
        /** Nobody sees a key. */
        ALL
    }

    @BeforeAll
    static void load() {
        NativeLibraries.load();
    }

    @ParameterizedTest
    @CsvSource({
            // length of a key, of a value, queries, keys, heads, heads of keys, sequences, mask, threads
            // one query, or a few: heads that share keys meet them together
            "64, 64, 1, 1, 1, 1, 1, NONE, 1", "64, 64, 1, 65, 6, 6, 1, RANDOM, 2", "64, 64, 1, 513, 6, 6, 1, NONE, 3",
            "128, 128, 1, 513, 16, 8, 1, NUMBERS, 3", "256, 256, 1, 513, 16, 2, 1, RANDOM, 2", "64, 64, 1, 130, 16, 8, 2, NUMBERS, 3",
            "128, 128, 1, 513, 7, 1, 1, NONE, 1", "64, 64, 1, 65, 4, 2, 1, ALL, 2",
            "128, 128, 8, 700, 16, 8, 1, BAND, 2", "64, 64, 8, 130, 16, 8, 2, RANDOM, 3", "128, 64, 16, 513, 16, 4, 1, CAUSAL, 2",
            "64, 64, 17, 513, 16, 4, 1, RANDOM, 2", "64, 64, 16, 130, 64, 1, 1, RANDOM, 2", "64, 64, 16, 130, 64, 32, 1, BAND, 1",
            "64, 64, 33, 513, 8, 4, 1, RANDOM, 2", "64, 64, 16, 130, 32, 1, 1, RANDOM, 2", "64, 64, 8, 130, 64, 32, 1, BAND, 1",
            "128, 128, 8, 700, 16, 8, 1, TURNS, 2", "64, 64, 32, 500, 16, 4, 1, TURNS, 3", "128, 64, 2, 130, 4, 4, 2, TURNS, 1",
            "64, 64, 3, 65, 4, 1, 1, TURNS, 2", "64, 128, 31, 700, 16, 16, 1, TURNS, 2",
            // more threads than heads with keys
            "128, 128, 1, 513, 4, 2, 1, NUMBERS, 3", "128, 128, 1, 65, 4, 2, 1, NUMBERS, 3", "64, 64, 1, 700, 4, 2, 1, RANDOM, 4",
            "64, 64, 3, 513, 6, 1, 1, RANDOM, 5", "64, 64, 1, 513, 6, 2, 2, NONE, 7",
            // few queries
            "16, 64, 2, 3, 6, 6, 1, NONE, 1", "64, 64, 3, 64, 4, 2, 1, CAUSAL, 2", "128, 64, 4, 513, 1, 1, 1, RANDOM, 3",
            "64, 128, 5, 65, 4, 2, 1, RANDOM, 3", "256, 256, 6, 65, 1, 1, 1, NONE, 2", "256, 256, 7, 513, 4, 2, 1, BAND, 1",
            "64, 64, 7, 130, 2, 2, 1, ALL, 2",
            // many: by six, by 512
            "128, 256, 64, 64, 6, 6, 1, CAUSAL, 3", "64, 64, 70, 513, 6, 6, 1, NONE, 2", "64, 64, 70, 513, 16, 8, 1, RANDOM, 2",
            "128, 128, 70, 130, 4, 2, 2, NUMBERS, 3", "192, 128, 64, 1, 4, 2, 1, NONE, 1", "80, 64, 600, 65, 4, 2, 1, NUMBERS, 1",
            "64, 64, 600, 513, 1, 1, 1, BAND, 3", "64, 64, 600, 513, 2, 2, 1, NONE, 1", "128, 128, 600, 700, 2, 1, 1, CAUSAL, 2",
            // shapes that are ggml's own
            "40, 40, 7, 65, 4, 4, 1, RANDOM, 2", "40, 40, 70, 130, 4, 4, 1, NONE, 3", "80, 80, 70, 65, 4, 2, 1, RANDOM, 1",
    })
    void attends(int length, int width, int queries, int keys, int heads, int keyHeads, int sequences, Mask mask, int threads) {
        boolean blocks = length % 32 == 0 && width % 32 == 0;
        int[] types = {CpuGraph.F32, CpuGraph.F16, CpuGraph.BF16, CpuGraph.Q8_0};
        for (int type : blocks ? types : Arrays.copyOf(types, 3)) {
            Random random = new Random(31L * length + queries);
            // queries are rounded to what they meet, bytes or bfloat16
            float[] q = numbers(random, 4, queries * heads * length * sequences, type == CpuGraph.Q8_0 || type == CpuGraph.BF16 ? type : CpuGraph.F32);
            float[] k = numbers(random, 1, keys * keyHeads * length * sequences, type);
            float[] v = numbers(random, 1, keys * keyHeads * width * sequences, type);
            int maskHeads = mask == Mask.NUMBERS ? heads : 1;
            float[] seen = mask == Mask.NONE ? null : mask(random, mask, queries, keys, maskHeads * sequences);
            float scale = (float) (1 / Math.sqrt(length));
            float[] result;
            try (CpuGraph graph = new CpuGraph()) {
                result = graph.attention(inRows(graph, CpuGraph.F32, q, length, queries, heads, sequences),
                        inRows(graph, type, k, length, keys, keyHeads, sequences), inRows(graph, type, v, width, keys, keyHeads, sequences),
                        seen == null ? null : graph.numbers(CpuGraph.F16, seen, keys, queries, maskHeads, sequences), scale, threads);
            }
            double[] wanted = new double[sequences * queries * heads * width];
            for (int place = 0; place < sequences * queries; place++) {
                int sequence = place / queries;
                for (int head = 0; head < heads; head++) {
                    int from = sequence * keys * keyHeads + head / (heads / keyHeads);
                    int row = ((sequence * maskHeads + head % maskHeads) * queries + place % queries) * keys;
                    attend(q, (place * heads + head) * length, length, k, v, from, keyHeads, keys, width, seen, row, scale,
                            wanted, (place * heads + head) * width);
                }
            }
            boolean own = length % 16 != 0 || width % 64 != 0;
            assertClose(result, wanted, type == CpuGraph.Q8_0 ? BYTES_CLOSE : type == CpuGraph.BF16 ? BF16_CLOSE
                    : type == CpuGraph.F16 && (own || !CpuFeatures.has("AVX512")) ? HALF_CLOSE : CLOSE);
        }
    }

    private static void assertClose(float[] result, double[] wanted, double close) {
        assertThat(result).hasSameSizeAs(wanted);
        double largest = 0;
        for (double number : wanted) {
            largest = Math.max(largest, Math.abs(number));
        }
        for (int i = 0; i < wanted.length; i++) {
            if (!(Math.abs(result[i] - wanted[i]) <= close * largest)) { // also where it is not a number
                assertThat((double) result[i]).as("number %d of %d, of which the largest is %s", i, wanted.length, largest).isEqualTo(wanted[i]);
            }
        }
    }

    /** One query's; nothing but zeros where it sees no key. Row {@code from} and each {@code step}-th after it are its head's. */
    private static void attend(float[] q, int query, int length, float[] k, float[] v, int from, int step, int keys, int width,
            float[] mask, int maskRow, float scale, double[] to, int at) {
        double[] weights = new double[keys];
        double largest = Double.NEGATIVE_INFINITY;
        for (int key = 0; key < keys; key++) {
            double score = 0;
            int row = (from + key * step) * length;
            for (int i = 0; i < length; i++) {
                score += (double) q[query + i] * k[row + i];
            }
            weights[key] = score * scale + (mask == null ? 0 : mask[maskRow + key]);
            largest = Math.max(largest, weights[key]);
        }
        if (largest == Double.NEGATIVE_INFINITY) {
            return;
        }
        double total = 0;
        for (int key = 0; key < keys; key++) {
            weights[key] = Math.exp(weights[key] - largest);
            total += weights[key];
        }
        for (int key = 0; key < keys; key++) {
            double weight = weights[key] / total;
            int row = (from + key * step) * width;
            for (int i = 0; i < width; i++) {
                to[at + i] += weight * v[row + i];
            }
        }
    }

    private static float[] numbers(Random random, float size, int count, int type) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            float number = size * (2 * random.nextFloat() - 1);
            numbers[i] = switch (type) {
                case CpuGraph.F16 -> Float.float16ToFloat(Float.floatToFloat16(number));
                case CpuGraph.BF16 -> Float.intBitsToFloat(Float.floatToIntBits(number) & 0xffff0000);
                // so that they are what their blocks make of them, some of which are half as large as others
                case CpuGraph.Q8_0 -> (i % 32 == 0 ? 127 : Math.round(number / size * 127)) * size / (128 << i / 32 % 2);
                default -> number;
            };
        }
        return numbers;
    }

    private static float[] mask(Random random, Mask kind, int queries, int keys, int copies) {
        float[] mask = new float[copies * queries * keys];
        for (int i = 0; i < mask.length; i++) {
            int query = i / keys % queries;
            int key = i % keys;
            boolean sees = switch (kind) {
                case NONE -> true;
                case RANDOM -> random.nextBoolean() && (query > 0 || queries == 1) && key / 64 != 1;
                case CAUSAL -> key <= keys - queries + query;
                case BAND -> Math.abs(key * queries / keys - query) < 3;
                case TURNS -> key < keys / 3 || key % queries == query;
                case NUMBERS -> random.nextInt(5) > 0;
                case ALL -> false;
            };
            float added = kind == Mask.NUMBERS || kind == Mask.TURNS ? random.nextInt(65) / 8f - 4 : 0;
            mask[i] = sees ? added : Float.NEGATIVE_INFINITY;
        }
        return mask;
    }

    /** Numbers [sequence][place][head][i] in rows that have other things at their ends, as a tensor [sequence][head][place][i]. */
    private static MemorySegment inRows(CpuGraph graph, int type, float[] numbers, int length, int places, int heads, int sequences) {
        int width = heads * length + 2 * BESIDE;
        float[] rows = new float[sequences * places * width];
        for (int i = 0; i < rows.length; i++) {
            int inRow = i % width - BESIDE;
            rows[i] = inRow >= 0 && inRow < heads * length ? numbers[i / width * heads * length + inRow] : Float.NaN;
        }
        long row = CpuGraph.size(type, width);
        return graph.view(graph.numbers(type, rows, width, (long) places * sequences), new long[] {length, places, heads, sequences},
                new long[] {row, CpuGraph.size(type, length), row * places}, CpuGraph.size(type, BESIDE));
    }
}
