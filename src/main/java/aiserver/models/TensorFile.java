package aiserver.models;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of weights in the making, GGUF (version 3, alignment 32) or safetensors: the tensors are named first and
 * written one after the other, so that only one of them is in memory at a time. The file appears under its name when
 * it is whole. Owned by the generator that fills it; one thread.
 */
final class TensorFile {
    /** How ggml stores a tensor: its number there, values in a block, bytes of a block. */
    enum Type {
        F32(0, 1, 4), F16(1, 1, 2), BF16(30, 1, 2), Q4_0(2, 32, 18), Q1_0(41, 128, 18);

        private final int id;
        private final int values;
        private final int bytes;

        Type(int id, int values, int bytes) {
            this.id = id;
            this.values = values;
            this.bytes = bytes;
        }

        long bytesFor(long count) {
            return count / values * bytes;
        }
    }

    /** Gives a tensor's bytes, as ggml stores them, when it is that tensor's turn. */
    @FunctionalInterface
    interface Data {
        void writeTo(OutputStream out) throws IOException;
    }

    private static final int ALIGNMENT = 32;
    private static final int STRING = 8;

    private record Tensor(String name, Type type, long[] dimensions, long bytes, Data data) {
    }

    private final String architecture;
    private final String prefix;
    private final List<Tensor> tensors = new ArrayList<>();

    TensorFile(String architecture) {
        this(architecture, "");
    }

    /** @param prefix of all tensor names */
    TensorFile(String architecture, String prefix) {
        this.architecture = architecture;
        this.prefix = prefix;
    }

    /** @param dimensions the one whose values lie next to each other first */
    void add(String name, Type type, Data data, long... dimensions) {
        long count = 1;
        for (long dimension : dimensions) {
            count = Math.multiplyExact(count, dimension);
        }
        if (dimensions[0] % type.values != 0) {
            throw new IllegalArgumentException(name + ": rows of " + dimensions[0] + " do not fit " + type);
        }
        tensors.add(new Tensor(prefix + name, type, dimensions.clone(), type.bytesFor(count), data));
    }

    /** Writes GGUF, under another name until it is whole. */
    void writeGguf(Path file) throws IOException {
        write(file, ggufHeader(), ALIGNMENT);
    }

    /** Writes safetensors, likewise; unlike GGUF it keeps a last dimension of 1. Floats alone. */
    void writeSafetensors(Path file) throws IOException {
        write(file, safetensorsHeader(), 1);
    }

    private void write(Path file, byte[] header, int alignment) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path partial = folder.resolve(file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial), 1 << 16)) {
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
            if (tensor.type().values != 1) {
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
        return ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text).array();
    }

    private byte[] ggufHeader() {
        int most = 256 + architecture.length() + tensors.stream().mapToInt(t -> 80 + t.name().length()).sum();
        ByteBuffer header = ByteBuffer.allocate(most).order(ByteOrder.LITTLE_ENDIAN);
        header.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(tensors.size()).putLong(1);
        put(header, "general.architecture");
        header.putInt(STRING);
        put(header, architecture);
        long offset = 0;
        for (Tensor tensor : tensors) {
            put(header, tensor.name());
            header.putInt(tensor.dimensions().length);
            for (long dimension : tensor.dimensions()) {
                header.putLong(dimension);
            }
            header.putInt(tensor.type().id).putLong(offset);
            offset += (tensor.bytes() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
        byte[] bytes = new byte[header.position()];
        header.flip().get(bytes);
        return bytes;
    }

    private static void put(ByteBuffer header, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        header.putLong(bytes.length).put(bytes);
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
