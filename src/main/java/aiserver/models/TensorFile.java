package aiserver.models;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
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
 * A file of weights in the making, GGUF (version 3, alignment 32) or safetensors: the tensors are named first and
 * written one after the other, so that a model of any size takes little memory. The file appears under its name when
 * it is whole. Owned by the generator that fills it; one thread; written once.
 */
final class TensorFile {
    /** Gives a tensor's bytes, as ggml stores them, when it is that tensor's turn. */
    @FunctionalInterface
    interface Data {
        void writeTo(OutputStream out) throws IOException;
    }

    /** Gives a tensor's values in order, a piece at a time: the next {@code count} to the beginning of the piece. */
    @FunctionalInterface
    interface Source {
        void fill(float[] piece, int count);
    }

    private record Tensor(String name, WeightType type, long[] dimensions, long bytes, Data data) {
    }

    private static final int ALIGNMENT = 32;
    /** Values made at a time: a multiple of every type's block. */
    private static final int PIECE = 4096;
    private static final int UINT32 = 4;
    private static final int INT32 = 5;
    private static final int FLOAT32 = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    private final String prefix;
    private final ByteArrayOutputStream metadata = new ByteArrayOutputStream();
    private final List<Tensor> tensors = new ArrayList<>();
    private long entries;

    /** @param architecture as GGUF names it; safetensors have no such thing */
    TensorFile(String architecture) {
        this(architecture, "");
    }

    /** @param prefix of all tensor names */
    TensorFile(String architecture, String prefix) {
        this.prefix = prefix;
        put("general.architecture", architecture);
    }

    /** An unsigned 32-bit number of GGUF's metadata. */
    TensorFile put(String key, int value) {
        key(key, UINT32).writeBytes(little(4).putInt(value).array());
        return this;
    }

    TensorFile put(String key, float value) {
        key(key, FLOAT32).writeBytes(little(4).putFloat(value).array());
        return this;
    }

    TensorFile put(String key, boolean value) {
        key(key, BOOL).write(value ? 1 : 0);
        return this;
    }

    TensorFile put(String key, String value) {
        text(key(key, STRING), value);
        return this;
    }

    TensorFile put(String key, List<String> values) {
        key(key, ARRAY).writeBytes(little(12).putInt(STRING).putLong(values.size()).array());
        values.forEach(value -> text(metadata, value));
        return this;
    }

    /** An array of signed 32-bit numbers. */
    TensorFile put(String key, int[] values) {
        ByteBuffer body = little(12 + 4 * values.length).putInt(INT32).putLong(values.length);
        Arrays.stream(values).forEach(body::putInt);
        key(key, ARRAY).writeBytes(body.array());
        return this;
    }

    /** @param dimensions the one whose values lie next to each other first: a multiple of the type's block */
    TensorFile add(String name, WeightType type, Data data, long... dimensions) {
        if (dimensions[0] % type.block() != 0) {
            throw new IllegalArgumentException("tensor " + prefix + name + " of type " + type + " cannot have rows of " + dimensions[0]);
        }
        tensors.add(new Tensor(prefix + name, type, dimensions.clone(), type.bytes(count(dimensions)), data));
        return this;
    }

    /** The same with values, which are brought into the type while they are written. */
    TensorFile add(String name, WeightType type, Source source, long... dimensions) {
        return add(name, type, out -> write(source, type, count(dimensions), out), dimensions);
    }

    private static long count(long... dimensions) {
        return Arrays.stream(dimensions).reduce(1, Math::multiplyExact);
    }

    private static void write(Source source, WeightType type, long count, OutputStream out) throws IOException {
        float[] piece = new float[PIECE];
        ByteBuffer bytes = little((int) type.bytes(PIECE));
        for (long left = count; left > 0; left -= PIECE) {
            int size = (int) Math.min(left, PIECE);
            source.fill(piece, size);
            type.put(piece, size, bytes.clear());
            out.write(bytes.array(), 0, bytes.position());
        }
    }

    /** Writes GGUF, under another name until it is whole; an existing file is replaced. */
    void writeGguf(Path file) throws IOException {
        write(file, ggufHeader(), ALIGNMENT);
    }

    /** Writes safetensors, likewise; unlike GGUF it keeps a last dimension of 1, and no metadata. Floats alone. */
    void writeSafetensors(Path file) throws IOException {
        write(file, safetensorsHeader(), 1);
    }

    private void write(Path file, byte[] header, int alignment) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path partial = folder.resolve(file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial), 1 << 20)) {
                out.write(header);
                pad(out, header.length, alignment);
                for (Tensor tensor : tensors) {
                    CountedOutput counted = new CountedOutput(out);
                    tensor.data().writeTo(counted);
                    if (counted.bytes != tensor.bytes()) {
                        throw new IllegalStateException(tensor.name() + " has " + counted.bytes + " bytes, not " + tensor.bytes());
                    }
                    pad(out, counted.bytes, alignment);
                }
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    private byte[] safetensorsHeader() {
        StringBuilder json = new StringBuilder("{");
        long offset = 0;
        for (Tensor tensor : tensors) {
            if (tensor.type().block() != 1) {
                throw new IllegalStateException("safetensors have no " + tensor.type() + " for " + tensor.name());
            }
            StringBuilder shape = new StringBuilder();
            for (int d = tensor.dimensions().length - 1; d >= 0; d--) {
                shape.append(tensor.dimensions()[d]).append(d == 0 ? "" : ",");
            }
            json.append(offset == 0 ? "" : ",").append('"').append(tensor.name()).append("\":{\"dtype\":\"").append(tensor.type())
                    .append("\",\"shape\":[").append(shape).append("],\"data_offsets\":[").append(offset).append(',')
                    .append(offset + tensor.bytes()).append("]}");
            offset += tensor.bytes();
        }
        json.append('}');
        while (json.length() % 8 != 0) {
            json.append(' ');
        }
        byte[] text = json.toString().getBytes(StandardCharsets.UTF_8);
        return little(8 + text.length).putLong(text.length).put(text).array();
    }

    private byte[] ggufHeader() {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        header.writeBytes(little(24).put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(tensors.size()).putLong(entries).array());
        header.writeBytes(metadata.toByteArray());
        long offset = 0;
        for (Tensor tensor : tensors) {
            text(header, tensor.name());
            ByteBuffer info = little(4 + 8 * tensor.dimensions().length + 12).putInt(tensor.dimensions().length);
            Arrays.stream(tensor.dimensions()).forEach(info::putLong);
            header.writeBytes(info.putInt(tensor.type().id()).putLong(offset).array());
            offset += (tensor.bytes() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
        return header.toByteArray();
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

    private static void pad(OutputStream out, long written, int alignment) throws IOException {
        out.write(new byte[(int) ((alignment - written % alignment) % alignment)]);
    }

    private static final class CountedOutput extends OutputStream {
        private final OutputStream out;
        private long bytes;

        CountedOutput(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            out.write(b);
            bytes++;
        }

        @Override
        public void write(byte[] block, int from, int length) throws IOException {
            out.write(block, from, length);
            bytes += length;
        }
    }
}
