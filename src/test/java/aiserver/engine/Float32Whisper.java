package aiserver.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes a whisper.cpp file with Q8_0 and F16 tensors again with the same weights in F32. */
final class Float32Whisper {
    private static final int F32 = 0;
    private static final int F16 = 1;
    private static final int Q8_0 = 8;
    private static final int BLOCK = 32;
    private static final int HEADER_NUMBERS = 11;

    private Float32Whisper() {
    }

    static void write(Path from, Path to) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(from)).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer out = ByteBuffer.allocate(4 * in.capacity() + 1024).order(ByteOrder.LITTLE_ENDIAN);
        copy(in, out, 4 * HEADER_NUMBERS);
        in.getInt();
        out.putInt(F32);
        int bands = copyInt(in, out);
        copy(in, out, 4 * bands * copyInt(in, out));
        for (int words = copyInt(in, out); words > 0; words--) {
            copy(in, out, copyInt(in, out));
        }
        while (in.hasRemaining()) {
            int dimensions = copyInt(in, out);
            int name = copyInt(in, out);
            int kind = in.getInt();
            out.putInt(F32);
            int count = 1;
            for (int i = 0; i < dimensions; i++) {
                count *= copyInt(in, out);
            }
            copy(in, out, name);
            values(in, out, kind, count);
        }
        Files.write(to, Arrays.copyOf(out.array(), out.position()));
    }

    private static void values(ByteBuffer in, ByteBuffer out, int kind, int count) throws IOException {
        switch (kind) {
            case F32 -> copy(in, out, 4 * count);
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    out.putFloat(Float.float16ToFloat(in.getShort()));
                }
            }
            case Q8_0 -> {
                for (int i = 0; i < count; i += BLOCK) {
                    float scale = Float.float16ToFloat(in.getShort());
                    for (int j = 0; j < BLOCK; j++) {
                        out.putFloat(scale * in.get());
                    }
                }
            }
            default -> throw new IOException("tensor of kind " + kind);
        }
    }

    private static int copyInt(ByteBuffer in, ByteBuffer out) {
        int value = in.getInt();
        out.putInt(value);
        return value;
    }

    private static void copy(ByteBuffer in, ByteBuffer out, int bytes) {
        out.put(in.slice(in.position(), bytes));
        in.position(in.position() + bytes);
    }
}
