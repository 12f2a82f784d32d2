package aiserver.models;

import java.nio.ByteBuffer;

/** How a file keeps weights: ggml's number of the type, and how many weights lie in a block of how many bytes. */
public enum WeightType {
    F32(0, 1, 4),
    F16(1, 1, 2),
    BF16(30, 1, 2),
    /** A half-precision scale and 4 bits each. */
    Q4_0(2, 32, 18),
    /** A half-precision scale and 5 bits each. */
    Q5_0(6, 32, 22),
    /** A half-precision scale and 8 bits each. */
    Q8_0(8, 32, 34),
    /** A half-precision size and a sign each. */
    Q1_0(41, 128, 18);

    private final int id;
    private final int block;
    private final int blockBytes;

    WeightType(int id, int block, int blockBytes) {
        this.id = id;
        this.block = block;
        this.blockBytes = blockBytes;
    }

    /** ggml's number. */
    int id() {
        return id;
    }

    /** Weights in a block: rows are a multiple of it. */
    int block() {
        return block;
    }

    /** What so many weights take, a multiple of {@link #block}. */
    public long bytes(long weights) {
        return weights / block * blockBytes;
    }

    /**
     * Appends the first {@code count} values.
     *
     * @param count a multiple of {@link #block}
     * @param out   little-endian
     */
    public void put(float[] values, int count, ByteBuffer out) {
        for (int from = 0; from < count; from += block) {
            switch (this) {
                case F32 -> out.putFloat(values[from]);
                case F16 -> out.putShort(Float.floatToFloat16(values[from]));
                case BF16 -> {
                    int bits = Float.floatToIntBits(values[from]);
                    out.putShort((short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16)); // to the nearest, ties to even
                }
                case Q4_0 -> fourBits(values, from, out);
                case Q5_0 -> fiveBits(values, from, out);
                case Q8_0 -> eightBits(values, from, out);
                case Q1_0 -> signs(values, from, out);
            }
        }
    }

    // The number furthest from 0 becomes -8, and number i lies beside number i + 16.
    private void fourBits(float[] values, int from, ByteBuffer out) {
        float furthest = 0;
        for (int i = from; i < from + block; i++) {
            furthest = Math.abs(values[i]) > Math.abs(furthest) ? values[i] : furthest;
        }
        float scale = furthest / -8;
        out.putShort(Float.floatToFloat16(scale));
        for (int i = from; i < from + block / 2; i++) {
            out.put((byte) (fourBits(values[i], scale) | fourBits(values[i + block / 2], scale) << 4));
        }
    }

    private static int fourBits(float value, float scale) {
        return scale == 0 ? 8 : Math.min(15, Math.round(value / scale) + 8);
    }

    // The fifth bits of all, then the other four of number i beside those of number i + 16.
    private void fiveBits(float[] values, int from, ByteBuffer out) {
        float scale = largest(values, from) / 15;
        int fifth = 0;
        byte[] four = new byte[block / 2];
        for (int i = 0; i < block; i++) {
            int value = 16 + (scale == 0 ? 0 : Math.round(values[from + i] / scale));
            fifth |= (value >> 4) << i;
            four[i % four.length] |= (byte) ((value & 15) << (i < four.length ? 0 : 4));
        }
        out.putShort(Float.floatToFloat16(scale)).putInt(fifth).put(four);
    }

    private void eightBits(float[] values, int from, ByteBuffer out) {
        float scale = largest(values, from) / 127;
        out.putShort(Float.floatToFloat16(scale));
        for (int i = from; i < from + block; i++) {
            out.put((byte) (scale == 0 ? 0 : Math.round(values[i] / scale)));
        }
    }

    private void signs(float[] values, int from, ByteBuffer out) {
        float sum = 0;
        byte[] positive = new byte[block / 8];
        for (int i = 0; i < block; i++) {
            sum += Math.abs(values[from + i]);
            positive[i / 8] |= (byte) ((values[from + i] >= 0 ? 1 : 0) << i % 8);
        }
        out.putShort(Float.floatToFloat16(sum / block)).put(positive);
    }

    private float largest(float[] values, int from) {
        float largest = 0;
        for (int i = from; i < from + block; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        return largest;
    }
}
