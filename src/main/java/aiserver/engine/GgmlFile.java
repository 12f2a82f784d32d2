package aiserver.engine;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * One pass over a model file in whisper.cpp's ggml form, numbers and names read, weights stepped over, everything held
 * against what it may be. The engine itself trusts such files: it ends the process on damaged sizes, and takes a file
 * that was cut at some places for a whole one. Owned by one check; one thread.
 */
final class GgmlFile implements AutoCloseable {
    private static final int MAGIC = 0x67676d6c;
    private static final int MAX_NAME_BYTES = 128;

    /** Something to be read from a file. */
    interface Content<T> {
        T read(GgmlFile file) throws IOException;
    }

    private final String what;
    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    private String reading = "its header";

    private GgmlFile(String what, Path path, FileChannel channel) throws IOException {
        this.what = what;
        this.path = path;
        this.channel = channel;
        this.size = channel.size();
    }

    /**
     * Opens a file, reads its magic number and then what the caller wants to know.
     *
     * @param what the kind of file, for messages
     * @throws EngineException MODEL_NOT_AVAILABLE that says what is wrong with which file
     */
    static <T> T read(String what, Path path, Content<T> content) {
        if (!Files.isRegularFile(path)) {
            throw wrong(what, path, Files.exists(path) ? "is no file" : "is missing", null);
        }
        try (GgmlFile file = new GgmlFile(what, path, FileChannel.open(path, StandardOpenOption.READ))) {
            if (file.int32() != MAGIC) {
                throw file.wrong("is no ggml model");
            }
            return content.read(file);
        } catch (EOFException e) {
            throw wrong(what, path, "is cut: " + e.getMessage(), e);
        } catch (IOException e) {
            throw wrong(what, path, "cannot be read: " + e.getMessage(), e);
        }
    }

    /** Names the part that is read next, for messages. */
    void reading(String part) {
        reading = part;
    }

    int int32() throws IOException {
        fill(Integer.BYTES);
        return buffer.getInt();
    }

    /** A number that must lie in a range. */
    int within(String field, int min, int max) throws IOException {
        int value = int32();
        require(value >= min && value <= max, field, value);
        return value;
    }

    void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw wrong("is damaged: " + field + " cannot be " + value);
        }
    }

    /** At most 64 KiB. */
    byte[] bytes(int length) throws IOException {
        fill(length);
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return bytes;
    }

    void skip(long bytes) throws IOException {
        long target = position() + bytes;
        if (target > size) {
            throw cut(target - size);
        }
        channel.position(target);
        buffer.limit(0);
    }

    /** Steps over all tensors, to the end of the file; there must be as many as expected, each whole, none twice. */
    void tensors(int expected) throws IOException {
        Set<String> seen = new HashSet<>();
        while (position() < size) {
            reading = "tensor " + (seen.size() + 1) + " of " + expected;
            int dimensions = within("dimensions of " + reading, 1, 4);
            int nameLength = within("name length of " + reading, 1, MAX_NAME_BYTES);
            int number = int32();
            GgmlType type = GgmlType.of(number).filter(known -> known.weightName() != null).orElse(null);
            require(type != null, "type of " + reading, number);
            long count = 1;
            for (int i = 0; i < dimensions; i++) {
                count *= within("size of " + reading, 1, 1 << 20);
                require(count > 0 && count <= Integer.MAX_VALUE, "weights of " + reading, count);
            }
            String name = new String(bytes(nameLength), StandardCharsets.UTF_8);
            reading = "tensor " + name;
            require(seen.add(name), "second tensor of the name " + name + ", number", seen.size() + 1);
            require(type.fits(count), "weights of " + reading, count);
            skip(type.bytes(count));
        }
        if (seen.size() != expected) {
            throw wrong("is cut or incomplete: it has " + seen.size() + " of " + expected + " tensors");
        }
    }

    EngineException wrong(String problem) {
        return wrong(what, path, problem, null);
    }

    private static EngineException wrong(String what, Path path, String problem, Throwable cause) {
        return new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, what + ' ' + path + ' ' + problem, cause);
    }

    private long position() throws IOException {
        return channel.position() - buffer.remaining();
    }

    private void fill(int bytes) throws IOException {
        if (buffer.remaining() >= bytes) {
            return;
        }
        buffer.compact();
        while (buffer.position() < bytes) {
            if (channel.read(buffer) < 0) {
                throw cut(bytes - buffer.position());
            }
        }
        buffer.flip();
    }

    private EOFException cut(long missing) {
        return new EOFException(String.format(Locale.ROOT, "%s lacks %d bytes", reading, missing));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
