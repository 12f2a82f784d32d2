package aiserver.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;

/**
 * Rows of weights in a type of ggml with blocks, made and read back by ggml itself, without the backend that computes with
 * them.
 *
 * @param blocks the rows as ggml keeps them
 * @param values what they stand for
 */
record QuantizedMatrix(Type type, byte[] blocks, float[] values) {
    private static final MemoryLayout TRAITS = MemoryLayout.structLayout(ADDRESS.withName("name"), JAVA_LONG, JAVA_LONG, JAVA_LONG,
            JAVA_BOOLEAN, MemoryLayout.paddingLayout(7), ADDRESS.withName("to_float"), ADDRESS);
    private static final GgmlFunction ROW_SIZE = GgmlFunction.of("ggml_row_size", JAVA_LONG, JAVA_INT, JAVA_LONG);
    private static final GgmlFunction QUANTIZE = GgmlFunction.of("ggml_quantize_chunk", JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS,
            JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final GgmlFunction TYPE_TRAITS =
            GgmlFunction.of("ggml_get_type_traits", ADDRESS.withTargetLayout(TRAITS), JAVA_INT);

    /** With ggml's number, and in how many numbers a column is rounded together to be multiplied with such weights. */
    enum Type {
        Q4_0(2, 32), Q5_0(6, 32), Q8_0(8, 32), Q4_K(12, 256), Q5_K(13, 256), Q6_K(14, 256);

        final int number;
        final int block;

        Type(int number, int block) {
            this.number = number;
            this.block = block;
        }
    }

    static QuantizedMatrix of(Type type, float[] wanted, int rows, int length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment blocks = arena.allocate(rows * (long) ROW_SIZE.call(type.number, (long) length), 64);
            QUANTIZE.call(type.number, arena.allocateFrom(JAVA_FLOAT, wanted), blocks, 0L, (long) rows, (long) length, MemorySegment.NULL);
            MemorySegment values = arena.allocate(JAVA_FLOAT, wanted.length);
            MemorySegment toFloat = TYPE_TRAITS.address(type.number).get(ADDRESS, TRAITS.byteOffset(MemoryLayout.PathElement.groupElement("to_float")));
            GgmlFunction.at(toFloat, null, ADDRESS, ADDRESS, JAVA_LONG).call(blocks, values, (long) wanted.length);
            return new QuantizedMatrix(type, blocks.toArray(JAVA_BYTE), values.toArray(JAVA_FLOAT));
        }
    }
}
