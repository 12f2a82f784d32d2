package aiserver.engine;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is in a file of weights, read from its header alone: GGUF or safetensors. It exists because the engines' own
 * readers follow a damaged header into memory that is not theirs. Every count and length is held against the file's
 * size before it is used. One thread; nothing stays open.
 */
final class TensorIndex {
    private static final int MOST_TENSORS = 100_000;
    private static final int LONGEST_HEADER = 100 << 20;
    private static final int LONGEST_STRING = 32 << 20;
    private static final Pattern ENTRY = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"\\s*:\\s*\\{([^{}]*)}");
    private static final Pattern DTYPE = Pattern.compile("\"dtype\"\\s*:\\s*\"([A-Z0-9_]+)\"");
    private static final Pattern SHAPE = Pattern.compile("\"shape\"\\s*:\\s*\\[([0-9,\\s]*)]");
    private static final Pattern OFFSETS = Pattern.compile("\"data_offsets\"\\s*:\\s*\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*]");
    private static final Map<String, Integer> SAFETENSORS_BYTES = Map.ofEntries(Map.entry("F64", 8), Map.entry("F32", 4),
            Map.entry("F16", 2), Map.entry("BF16", 2), Map.entry("I64", 8), Map.entry("I32", 4), Map.entry("I16", 2),
            Map.entry("I8", 1), Map.entry("U8", 1), Map.entry("BOOL", 1), Map.entry("F8_E4M3", 1), Map.entry("F8_E5M2", 1));

    private final Map<String, long[]> shapes = new LinkedHashMap<>();
    private final Map<String, Long> sizes = new HashMap<>();
    private final Path file;

    private TensorIndex(Path file) {
        this.file = file;
    }

    /**
     * Reads a header.
     *
     * @param what names the file in messages
     * @throws EngineException MODEL_NOT_AVAILABLE where the file is missing, unreadable, of another kind, damaged, or
     *                         shorter than its tensors
     */
    static TensorIndex read(Path file, String what) {
        if (!Files.exists(file)) {
            throw unavailable(what + " " + file + " is missing", null);
        }
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw unavailable(what + " " + file + " is not a readable file", null);
        }
        TensorIndex index = new TensorIndex(file);
        try (FileChannel channel = FileChannel.open(file)) {
            Reader reader = new Reader(channel);
            if (reader.size < 24) {
                throw new IOException("it has " + reader.size + " bytes only");
            }
            byte[] magic = reader.bytes(4);
            if (new String(magic, StandardCharsets.ISO_8859_1).equals("GGUF")) {
                index.readGguf(reader);
            } else {
                index.readSafetensors(new Reader(channel));
            }
        } catch (EOFException e) {
            throw unavailable(what + " " + file + " is damaged: it ends inside its header", e);
        } catch (IOException | ArithmeticException | NumberFormatException e) {
            throw unavailable(what + " " + file + " is damaged or no GGUF or safetensors file: " + e.getMessage(), e);
        }
        if (index.shapes.isEmpty()) {
            throw unavailable(what + " " + file + " holds no tensors", null);
        }
        return index;
    }

    /** Tensor names to dimensions, the one whose values lie next to each other first. */
    Map<String, long[]> shapes() {
        return shapes;
    }

    /** Of all tensors with such names, as they lie in the file. */
    long bytes(Predicate<String> names) {
        return sizes.entrySet().stream().filter(entry -> names.test(entry.getKey())).mapToLong(Map.Entry::getValue).sum();
    }

    /** Of all tensors, once matrices with rows that fit are converted to a type. */
    long bytesAs(GgmlType type) {
        return sizes.entrySet().stream().mapToLong(entry -> {
            long[] shape = shapes.get(entry.getKey());
            return shape.length < 2 || !type.fits(shape[0]) ? entry.getValue()
                    : type.bytes(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
        }).sum();
    }

    Path file() {
        return file;
    }

    /** The dimensions of the first tensor whose name ends so, or null. */
    long[] shapeEndingWith(String suffix) {
        return shapes.entrySet().stream().filter(entry -> entry.getKey().endsWith(suffix)).map(Map.Entry::getValue)
                .findFirst().orElse(null);
    }

    private void readGguf(Reader in) throws IOException {
        int version = in.int32();
        if (version < 2 || version > 3) {
            throw new IOException("its GGUF version is " + version);
        }
        long tensors = in.count("tensors", MOST_TENSORS);
        long keys = in.count("keys", MOST_TENSORS);
        long alignment = 32;
        for (long i = 0; i < keys; i++) {
            String key = in.string();
            int type = in.int32();
            if (key.equals("general.alignment") && type == 4) {
                alignment = Integer.toUnsignedLong(in.int32());
                if (alignment == 0 || Long.bitCount(alignment) != 1) {
                    throw new IOException("its alignment is " + alignment);
                }
            } else {
                in.skipValue(type, 0);
            }
        }
        long end = 0;
        String last = "";
        for (long i = 0; i < tensors; i++) {
            String name = in.string();
            int count = in.int32();
            if (count < 1 || count > 4) {
                throw new IOException("tensor " + name + " has " + count + " dimensions");
            }
            long[] shape = new long[count];
            long values = 1;
            for (int d = 0; d < count; d++) {
                shape[d] = in.int64();
                if (shape[d] < 1) {
                    throw new IOException("tensor " + name + " has a side of " + shape[d]);
                }
                values = Math.multiplyExact(values, shape[d]);
            }
            int type = in.int32();
            long offset = in.int64();
            long bytes = bytes(name, type, shape[0], values);
            if (offset < 0 || offset % alignment != 0) {
                throw new IOException("tensor " + name + " begins at " + offset);
            }
            if (Math.addExact(offset, bytes) > end) {
                end = offset + bytes;
                last = name;
            }
            shapes.put(name, shape);
            sizes.put(name, bytes);
        }
        long data = (in.position + alignment - 1) / alignment * alignment;
        requireWhole(in, Math.addExact(data, end), last);
    }

    private static long bytes(String name, int number, long row, long values) throws IOException {
        GgmlType type = GgmlType.of(number).filter(known -> known.fits(row))
                .orElseThrow(() -> new IOException("tensor " + name + " is of type " + number + " with rows of " + row));
        return type.bytes(values);
    }

    private void readSafetensors(Reader in) throws IOException {
        long length = in.int64();
        if (length < 2 || length > LONGEST_HEADER || length > in.size - 8) {
            throw new IOException("its header would have " + Long.toUnsignedString(length) + " bytes");
        }
        String header = new String(in.bytes((int) length), StandardCharsets.UTF_8);
        if (!header.startsWith("{") || !header.stripTrailing().endsWith("}")) {
            throw new IOException("its header is no JSON object");
        }
        long end = 0;
        String last = "";
        Matcher entries = ENTRY.matcher(header);
        while (entries.find()) {
            String name = entries.group(1);
            if (name.equals("__metadata__")) {
                continue;
            }
            Matcher dtype = DTYPE.matcher(entries.group(2));
            Matcher shape = SHAPE.matcher(entries.group(2));
            Matcher offsets = OFFSETS.matcher(entries.group(2));
            if (!dtype.find() || !shape.find() || !offsets.find() || !SAFETENSORS_BYTES.containsKey(dtype.group(1))) {
                throw new IOException("its entry for tensor " + name + " cannot be read");
            }
            long[] sides = sides(shape.group(1));
            long bytes = SAFETENSORS_BYTES.get(dtype.group(1));
            for (long side : sides) {
                bytes = Math.multiplyExact(bytes, side);
            }
            long from = Long.parseLong(offsets.group(1));
            long to = Long.parseLong(offsets.group(2));
            if (to - from != bytes) {
                throw new IOException("tensor " + name + " has " + (to - from) + " bytes instead of " + bytes);
            }
            if (to > end) {
                end = to;
                last = name;
            }
            shapes.put(name, sides);
            sizes.put(name, bytes);
        }
        requireWhole(in, Math.addExact(8 + length, end), last);
    }

    private static long[] sides(String list) {
        String[] parts = list.isBlank() ? new String[0] : list.split(",");
        long[] sides = new long[parts.length];
        for (int i = 0; i < parts.length; i++) {
            sides[parts.length - 1 - i] = Long.parseLong(parts[i].strip());
        }
        return sides;
    }

    private static void requireWhole(Reader in, long end, String last) throws IOException {
        if (end > in.size) {
            throw new IOException("it was cut: tensor " + last + " ends at byte " + end + " of " + in.size);
        }
    }

    private static EngineException unavailable(String message, Throwable cause) {
        return new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, message, cause);
    }

    /** Little-endian reading from the file's begin, never beyond its end. */
    private static final class Reader {
        private static final int STRING = 8;
        private static final int ARRAY = 9;
        private static final int[] SCALAR_BYTES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

        private final FileChannel channel;
        private final long size;
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN).limit(0);
        private long position;

        Reader(FileChannel channel) throws IOException {
            this.channel = channel;
            this.size = channel.size();
        }

        private ByteBuffer next(int bytes) throws IOException {
            if (buffer.remaining() < bytes) {
                buffer.clear();
                int read = 0;
                while (read >= 0 && buffer.position() < bytes) {
                    read = channel.read(buffer, position + buffer.position());
                }
                buffer.flip();
                if (buffer.remaining() < bytes) {
                    throw new EOFException();
                }
            }
            position += bytes;
            return buffer;
        }

        int int32() throws IOException {
            return next(4).getInt();
        }

        long int64() throws IOException {
            return next(8).getLong();
        }

        long count(String of, long most) throws IOException {
            long count = int64();
            if (count < 0 || count > most) {
                throw new IOException("it would have " + Long.toUnsignedString(count) + " " + of);
            }
            return count;
        }

        byte[] bytes(int count) throws IOException {
            if (count > size - position) {
                throw new EOFException();
            }
            byte[] bytes = new byte[count];
            int read = 0;
            while (read < count) {
                int part = Math.min(count - read, 1 << 15);
                next(part).get(bytes, read, part);
                read += part;
            }
            return bytes;
        }

        String string() throws IOException {
            return new String(bytes((int) count("characters in a name", LONGEST_STRING)), StandardCharsets.UTF_8);
        }

        void skip(long bytes) throws IOException {
            if (bytes > size - position) {
                throw new EOFException();
            }
            position += bytes;
            buffer.limit(0).position(0);
        }

        void skipValue(int type, int depth) throws IOException {
            if (type == STRING) {
                skip(count("characters in a text", LONGEST_STRING));
            } else if (type == ARRAY && depth < 3) {
                int element = int32();
                long count = count("values in a list", size);
                boolean scalar = element >= 0 && element < SCALAR_BYTES.length && SCALAR_BYTES[element] > 0;
                if (scalar) {
                    skip(Math.multiplyExact(count, SCALAR_BYTES[element]));
                } else {
                    for (long i = 0; i < count; i++) {
                        skipValue(element, depth + 1);
                    }
                }
            } else if (type >= 0 && type < SCALAR_BYTES.length && SCALAR_BYTES[type] > 0) {
                skip(SCALAR_BYTES[type]);
            } else {
                throw new IOException("it holds a value of type " + type);
            }
        }
    }
}
