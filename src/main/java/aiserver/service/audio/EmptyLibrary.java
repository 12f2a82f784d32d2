package aiserver.service.audio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A shared library with nothing in it: 64-bit x86 ELF with one loadable page, a dynamic section and a name. The
 * dynamic loader takes it for any library whose functions are never called, which are found only when they are.
 * Pure functions; any thread.
 */
final class EmptyLibrary {
    private static final int FILE_HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int SYMBOL = 24;
    private static final int DYNAMIC_AT = FILE_HEADER + 2 * PROGRAM_HEADER;
    private static final int DYNAMIC_ENTRIES = 6;
    private static final int SYMBOLS_AT = DYNAMIC_AT + 16 * DYNAMIC_ENTRIES;
    private static final int STRINGS_AT = SYMBOLS_AT + SYMBOL;

    private EmptyLibrary() {
    }

    static byte[] named(String name) {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        int strings = text.length + 2;
        int size = STRINGS_AT + strings;
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1}).position(16);
        out.putShort((short) 3).putShort((short) 62).putInt(1);
        out.putLong(0).putLong(FILE_HEADER).putLong(0).putInt(0);
        out.putShort((short) FILE_HEADER).putShort((short) PROGRAM_HEADER).putShort((short) 2);
        // Loadable: readable and, since the loader relocates the dynamic section in place, writable.
        program(out.position(FILE_HEADER), 1, 6, 0, size, 0x1000);
        program(out, 2, 6, DYNAMIC_AT, 16 * DYNAMIC_ENTRIES, 8);
        dynamic(out, 5, STRINGS_AT);
        dynamic(out, 10, strings);
        dynamic(out, 6, SYMBOLS_AT);
        dynamic(out, 11, SYMBOL);
        dynamic(out, 14, 1);
        dynamic(out, 0, 0);
        out.position(STRINGS_AT + 1).put(text);
        return out.array();
    }

    private static void program(ByteBuffer out, int type, int flags, long offset, long size, long align) {
        out.putInt(type).putInt(flags).putLong(offset).putLong(offset).putLong(offset);
        out.putLong(size).putLong(size).putLong(align);
    }

    private static void dynamic(ByteBuffer out, long tag, long value) {
        out.putLong(tag).putLong(value);
    }
}
