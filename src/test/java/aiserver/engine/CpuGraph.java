package aiserver.engine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import aiserver.models.WeightType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * One operation of ggml with its operands, computed by the CPU backend as an engine would have it computed. Of one thread.
 * Memory of a result is not a number before it is computed, and so is what lies around every tensor: a number that was
 * read there or forgotten shows in the result, and one that was written there is told.
 *
 * <p>Tensors have four sizes, the fastest first, as ggml counts them.
 */
final class CpuGraph implements AutoCloseable {
    static final int F32 = 0;
    static final int F16 = 1;
    static final int Q8_0 = 8;
    static final int BF16 = 30;
    private static final int PRECISION_F32 = 10;
    private static final int CPU_DEVICE = 0;
    private static final long CONTEXT_BYTES = 1 << 20;
    private static final long MARGIN = 1024;
    private static final long CACHE_LINE = 64;
    private static final byte NOT_A_NUMBER = -1;
    private static final MemoryLayout INIT_PARAMS =
            MemoryLayout.structLayout(JAVA_LONG, ADDRESS, JAVA_BOOLEAN, MemoryLayout.paddingLayout(7));

    private static final GgmlFunction INIT = GgmlFunction.of("ggml_init", ADDRESS, INIT_PARAMS);
    private static final GgmlFunction FREE = GgmlFunction.of("ggml_free", null, ADDRESS);
    private static final GgmlFunction NEW_TENSOR =
            GgmlFunction.of("ggml_new_tensor_4d", ADDRESS, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final GgmlFunction VIEW = GgmlFunction.of("ggml_view_4d", ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG,
            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final GgmlFunction BYTES = GgmlFunction.of("ggml_nbytes", JAVA_LONG, ADDRESS);
    private static final GgmlFunction BUFFER = GgmlFunction.of("ggml_backend_cpu_buffer_from_ptr", ADDRESS, ADDRESS, JAVA_LONG);
    private static final GgmlFunction BUFFER_FREE = GgmlFunction.of("ggml_backend_buffer_free", null, ADDRESS);
    private static final GgmlFunction PLACE = GgmlFunction.of("ggml_backend_tensor_alloc", JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
    private static final GgmlFunction BUFFER_OF_TYPE = GgmlFunction.of("ggml_backend_buft_alloc_buffer", ADDRESS, ADDRESS, JAVA_LONG);
    private static final GgmlFunction BYTES_IN_TYPE = GgmlFunction.of("ggml_backend_buft_get_alloc_size", JAVA_LONG, ADDRESS, ADDRESS);
    private static final GgmlFunction TYPE_NAME = GgmlFunction.of("ggml_backend_buft_name", ADDRESS, ADDRESS);
    private static final GgmlFunction BUFFER_BASE = GgmlFunction.of("ggml_backend_buffer_get_base", ADDRESS, ADDRESS);
    private static final GgmlFunction SET = GgmlFunction.of("ggml_backend_tensor_set", null, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG);
    private static final GgmlFunction PRODUCT = GgmlFunction.of("ggml_mul_mat", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    private static final GgmlFunction ATTENTION = GgmlFunction.of("ggml_flash_attn_ext", ADDRESS, ADDRESS, ADDRESS, ADDRESS,
            ADDRESS, ADDRESS, JAVA_FLOAT, JAVA_FLOAT, JAVA_FLOAT);
    private static final GgmlFunction PRECISION = GgmlFunction.of("ggml_flash_attn_ext_set_prec", null, ADDRESS, JAVA_INT);
    private static final GgmlFunction GELU = GgmlFunction.of("ggml_gelu", ADDRESS, ADDRESS, ADDRESS);
    private static final GgmlFunction NEW_GRAPH = GgmlFunction.of("ggml_new_graph", ADDRESS, ADDRESS);
    private static final GgmlFunction EXPAND = GgmlFunction.of("ggml_build_forward_expand", null, ADDRESS, ADDRESS);
    private static final GgmlFunction COMPUTE = GgmlFunction.of("ggml_backend_graph_compute", JAVA_INT, ADDRESS, ADDRESS);
    // Kept to the end of the process, as its threads are.
    private static final MemorySegment BACKEND;
    private static final GgmlFunction SET_THREADS;
    /** Where native/guard/turned_weights.hpp keeps weights; null on a processor that it is not for. */
    private static final MemorySegment TURNED;

    static {
        MemorySegment device = GgmlFunction.of("ggml_backend_dev_by_type", ADDRESS, JAVA_INT).address(CPU_DEVICE);
        BACKEND = GgmlFunction.of("ggml_backend_dev_init", ADDRESS, ADDRESS, ADDRESS).address(device, MemorySegment.NULL);
        MemorySegment registered = GgmlFunction.of("ggml_backend_dev_backend_reg", ADDRESS, ADDRESS).address(device);
        try (Arena arena = Arena.ofConfined()) {
            SET_THREADS = GgmlFunction.at(GgmlFunction.of("ggml_backend_reg_get_proc_address", ADDRESS, ADDRESS, ADDRESS)
                    .address(registered, arena.allocateFrom("ggml_backend_set_n_threads")), null, ADDRESS, JAVA_INT);
            TURNED = bufferType(GgmlFunction.at(GgmlFunction.of("ggml_backend_reg_get_proc_address", ADDRESS, ADDRESS, ADDRESS)
                    .address(registered, arena.allocateFrom("ggml_backend_dev_get_extra_bufts")), ADDRESS, ADDRESS).address(device));
        }
    }

    private static MemorySegment bufferType(MemorySegment all) {
        MemorySegment types = all.reinterpret(Long.MAX_VALUE);
        for (int i = 0; !types.getAtIndex(ADDRESS, i).equals(MemorySegment.NULL); i++) {
            MemorySegment type = types.getAtIndex(ADDRESS, i);
            if (TYPE_NAME.address(type).reinterpret(Long.MAX_VALUE).getString(0).equals("CPU_TURNED")) {
                return type;
            }
        }
        return null;
    }

    /** Whether this processor's backend lays weights out anew. */
    static boolean turnsWeights() {
        return TURNED != null;
    }

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment context;
    private final List<MemorySegment> buffers = new ArrayList<>();
    private final List<MemorySegment> margins = new ArrayList<>();

    CpuGraph() {
        MemorySegment params = arena.allocate(INIT_PARAMS);
        params.set(JAVA_LONG, 0, CONTEXT_BYTES);
        params.set(JAVA_BOOLEAN, 16, true); // memory of tensors is not its business
        context = INIT.address(params);
    }

    MemorySegment floats(float[] values, long... sizes) {
        return tensor(F32, MemorySegment.ofArray(values), sizes);
    }

    /** As they are, or rounded to half precision, bfloat16 or bytes. */
    MemorySegment numbers(int type, float[] values, long... sizes) {
        ByteBuffer packed = ByteBuffer.allocate(Math.toIntExact(size(type, values.length))).order(ByteOrder.LITTLE_ENDIAN);
        packing(type).put(values, values.length, packed);
        return tensor(type, MemorySegment.ofArray(packed.array()), sizes);
    }

    /** What so many numbers take; of bytes whole blocks. */
    static long size(int type, long count) {
        return packing(type).bytes(count);
    }

    private static WeightType packing(int type) {
        return switch (type) {
            case F32 -> WeightType.F32;
            case F16 -> WeightType.F16;
            case Q8_0 -> WeightType.Q8_0;
            case BF16 -> WeightType.BF16;
            default -> throw new IllegalArgumentException("type " + type);
        };
    }

    MemorySegment tensor(int type, MemorySegment values, long... sizes) {
        MemorySegment tensor = NEW_TENSOR.address(context, type, sizes[0], size(sizes, 1), size(sizes, 2), size(sizes, 3));
        MemorySegment.copy(values, 0, place(tensor), 0, values.byteSize());
        return tensor;
    }

    /** A matrix that is laid out anew, as a model's is when it is loaded. */
    MemorySegment turned(int type, MemorySegment values, long length, long rows) {
        MemorySegment tensor = NEW_TENSOR.address(context, type, length, rows, 1L, 1L);
        MemorySegment buffer = BUFFER_OF_TYPE.address(TURNED, BYTES_IN_TYPE.call(TURNED, tensor));
        buffers.add(buffer);
        assertThat(PLACE.call(buffer, tensor, BUFFER_BASE.address(buffer))).isEqualTo(0);
        SET.call(tensor, arena.allocate(values.byteSize()).copyFrom(values), 0L, values.byteSize());
        return tensor;
    }

    /** @param strides bytes from one row, head and sequence to the next */
    MemorySegment view(MemorySegment of, long[] sizes, long[] strides, long offset) {
        return VIEW.address(context, of, sizes[0], size(sizes, 1), size(sizes, 2), size(sizes, 3), strides[0], strides[1], strides[2], offset);
    }

    float[] product(MemorySegment weights, MemorySegment columns, int threads) {
        return compute(PRODUCT.address(context, weights, columns), threads);
    }

    /** @param mask null: none */
    float[] attention(MemorySegment queries, MemorySegment keys, MemorySegment values, MemorySegment mask, float scale, int threads) {
        MemorySegment result = ATTENTION.address(context, queries, keys, values, mask == null ? MemorySegment.NULL : mask, scale, 0f, 0f);
        PRECISION.call(result, PRECISION_F32);
        return compute(result, threads);
    }

    float[] gelu(MemorySegment numbers, int threads) {
        return compute(GELU.address(context, numbers), threads);
    }

    private float[] compute(MemorySegment result, int threads) {
        MemorySegment values = place(result);
        MemorySegment graph = NEW_GRAPH.address(context);
        EXPAND.call(graph, result);
        SET_THREADS.call(BACKEND, threads);
        assertThat(COMPUTE.call(BACKEND, graph)).isEqualTo(0);
        for (MemorySegment margin : margins) {
            assertThat(margin.toArray(JAVA_BYTE)).as("what lies beside a tensor").containsOnly(NOT_A_NUMBER);
        }
        return values.toArray(JAVA_FLOAT);
    }

    /** Memory for a tensor that has none. */
    private MemorySegment place(MemorySegment tensor) {
        long size = (long) BYTES.call(tensor);
        MemorySegment all = arena.allocate(size + 2 * MARGIN, CACHE_LINE).fill(NOT_A_NUMBER);
        margins.add(all.asSlice(0, MARGIN));
        margins.add(all.asSlice(MARGIN + size));
        MemorySegment buffer = BUFFER.address(all, all.byteSize());
        buffers.add(buffer);
        MemorySegment own = all.asSlice(MARGIN, size);
        assertThat(PLACE.call(buffer, tensor, own)).isEqualTo(0);
        return own;
    }

    private static long size(long[] sizes, int at) {
        return at < sizes.length ? sizes[at] : 1;
    }

    @Override
    public void close() {
        buffers.forEach(BUFFER_FREE::call);
        FREE.call(context);
        arena.close();
    }
}
