package aiserver.models;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a GGUF file (version 3, little endian, tensors aligned to 32 bytes): metadata first, then the tensors, whose
 * numbers are drawn from their source block by block, so that a model of any size takes little memory. Used once by one
 * thread. The file appears under its name only when it is whole.
 */
public final class GgufWriter {
    /** How a tensor's numbers are kept; the ids are ggml's. */
    public enum Type {
        F32(0, 1, 4),
        F16(1, 1, 2),
        /** Blocks of 32: a half-precision scale and 32 signed bytes. */
        Q8_0(8, 32, 34),
        BF16(30, 1, 2);

        private final int id;
        private final int block;
        private final int blockBytes;

        Type(int id, int block, int blockBytes) {
            this.id = id;
            this.block = block;
            this.blockBytes = blockBytes;
        }

        long bytes(long elements) {
            return elements / block * blockBytes;
        }
    }

    /** Where a tensor's numbers come from, in order, a block at a time. */
    @FunctionalInterface
    public interface Source {
        void fill(float[] block, int count);
    }

    private record Tensor(String name, Type type, long[] dimensions, Source source) {
        long elements() {
            return Arrays.stream(dimensions).reduce(1, Math::multiplyExact);
        }

        long paddedBytes() {
            return (type.bytes(elements()) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }

    private static final int ALIGNMENT = 32;
    private static final int BLOCK = 4096;
    private static final int UINT32 = 4;
    private static final int INT32 = 5;
    private static final int FLOAT32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
    private final List<Tensor> tensors = new ArrayList<>();
    private long entries;

    /** An unsigned 32-bit number. */
    public GgufWriter put(String key, int value) {
        key(key, UINT32).writeBytes(little(4).putInt(value).array());
        return this;
    }

    public GgufWriter put(String key, float value) {
        key(key, FLOAT32).writeBytes(little(4).putFloat(value).array());
        return this;
    }

    public GgufWriter put(String key, boolean value) {
        key(key, BOOL).write(value ? 1 : 0);
        return this;
    }

    public GgufWriter put(String key, String value) {
        key(key, STRING);
        text(metadata, value);
        return this;
    }

    public GgufWriter put(String key, List<String> values) {
        key(key, ARRAY).writeBytes(little(12).putInt(STRING).putLong(values.size()).array());
        values.forEach(value -> text(metadata, value));
        return this;
    }

    /** An array of signed 32-bit numbers. */
    public GgufWriter put(String key, int[] values) {
        ByteBuffer body = little(12 + 4 * values.length).putInt(INT32).putLong(values.length);
        Arrays.stream(values).forEach(body::putInt);
        key(key, ARRAY).writeBytes(body.array());
        return this;
    }

    /**
     * @param dimensions the fastest first, as ggml counts them; a quantised type's first must be a multiple of 32
     */
    public GgufWriter tensor(String name, Type type, Source source, long... dimensions) {
        if (dimensions[0] % type.block != 0) {
            throw new IllegalArgumentException("tensor " + name + " of type " + type + " cannot have rows of " + dimensions[0]);
        }
        tensors.add(new Tensor(name, type, dimensions.clone(), source));
        return this;
    }

    /** Writes the file by way of one with {@code .part} at its end, and moves it to its name. */
    public void write(Path file) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(part), 1 << 20)) {
            byte[] header = header();
            out.write(header);
            out.write(new byte[(ALIGNMENT - header.length % ALIGNMENT) % ALIGNMENT]);
            for (Tensor tensor : tensors) {
                write(tensor, out);
            }
        }
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private byte[] header() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(little(24).put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(tensors.size()).putLong(entries).array());
        out.write(metadata.toByteArray());
        long offset = 0;
        for (Tensor tensor : tensors) {
            text(bytes, tensor.name());
            ByteBuffer info = little(4 + 8 * tensor.dimensions().length + 12).putInt(tensor.dimensions().length);
            Arrays.stream(tensor.dimensions()).forEach(info::putLong);
            bytes.writeBytes(info.putInt(tensor.type().id).putLong(offset).array());
            offset += tensor.paddedBytes();
        }
        return bytes.toByteArray();
    }

    private static void write(Tensor tensor, OutputStream out) throws IOException {
        float[] block = new float[BLOCK];
        ByteBuffer bytes = little((int) tensor.type().bytes(BLOCK));
        long written = 0;
        for (long left = tensor.elements(); left > 0; left -= BLOCK) {
            int count = (int) Math.min(left, BLOCK);
            tensor.source().fill(block, count);
            bytes.clear();
            encode(tensor.type(), block, count, bytes);
            out.write(bytes.array(), 0, bytes.position());
            written += bytes.position();
        }
        out.write(new byte[(int) (tensor.paddedBytes() - written)]);
    }

    private static void encode(Type type, float[] values, int count, ByteBuffer out) {
        switch (type) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    out.putFloat(values[i]);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    out.putShort(Float.floatToFloat16(values[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    int bits = Float.floatToIntBits(values[i]);
                    out.putShort((short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16));
                }
            }
            case Q8_0 -> {
                for (int from = 0; from < count; from += type.block) {
                    float largest = 0;
                    for (int i = 0; i < type.block; i++) {
                        largest = Math.max(largest, Math.abs(values[from + i]));
                    }
                    float scale = largest / 127;
                    out.putShort(Float.floatToFloat16(scale));
                    for (int i = 0; i < type.block; i++) {
                        out.put((byte) (scale == 0 ? 0 : Math.round(values[from + i] / scale)));
                    }
                }
            }
        }
    }

    private ByteArrayOutputStream key(String key, int type) {
        entries++;
        text(metadata, key);
        metadata.writeBytes(little(4).putInt(type).array());
        return metadata;
    }

    private static void text(ByteArrayOutputStream out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeBytes(little(8).putLong(bytes.length).array());
        out.writeBytes(bytes);
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
