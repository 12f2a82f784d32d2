package aiserver.engine;

/**
 * Where one is inside a JSON string, byte by byte: strict UTF-8, the two-character escapes, no control characters, at
 * most so many characters. A state is a {@code long}, so that a vocabulary can be tried against it without allocation:
 * the low four bits say what may come, the rest counts whole characters. An escape counts as one. Escapes by code
 * point are not allowed: whatever they could say can be written as it is, and half a surrogate pair cannot be said.
 */
final class JsonTextState {
    /** At the beginning. */
    static final long START = 0;
    /** The byte is not allowed here. */
    static final long REFUSED = -1;
    /** The byte was the closing quote. */
    static final long CLOSED = -2;

    private static final int BETWEEN = 0;
    private static final int ESCAPE = 1;
    private static final int LAST = 2;
    private static final int TWO_MORE = 3;
    private static final int THREE_MORE = 4;
    private static final int AFTER_E0 = 5;
    private static final int AFTER_ED = 6;
    private static final int AFTER_F0 = 7;
    private static final int AFTER_F4 = 8;
    private static final int COUNT = 4;

    private JsonTextState() {
    }

    /** Whether whole characters were read so far. */
    static boolean betweenCharacters(long state) {
        return (state & 15) == BETWEEN;
    }

    static long characters(long state) {
        return state >> COUNT;
    }

    /**
     * The state after one more byte, {@link #REFUSED} or {@link #CLOSED}.
     *
     * @param maxChars no further character begins after so many
     */
    static long next(long state, byte value, long maxChars) {
        int b = value & 0xFF;
        return switch ((int) (state & 15)) {
            case BETWEEN -> {
                if (b == '"') {
                    yield CLOSED;
                }
                if (characters(state) >= maxChars) {
                    yield REFUSED;
                }
                int mode = lead(b);
                yield mode < 0 ? REFUSED : mode == BETWEEN ? counted(state) : state | mode;
            }
            case ESCAPE -> "\"\\/bfnrt".indexOf(b) >= 0 ? counted(state) : REFUSED;
            case LAST -> continuation(b, 0x80, 0xBF) ? counted(state) : REFUSED;
            case TWO_MORE -> continuation(b, 0x80, 0xBF) ? with(state, LAST) : REFUSED;
            case THREE_MORE -> continuation(b, 0x80, 0xBF) ? with(state, TWO_MORE) : REFUSED;
            case AFTER_E0 -> continuation(b, 0xA0, 0xBF) ? with(state, LAST) : REFUSED;
            case AFTER_ED -> continuation(b, 0x80, 0x9F) ? with(state, LAST) : REFUSED;
            case AFTER_F0 -> continuation(b, 0x90, 0xBF) ? with(state, TWO_MORE) : REFUSED;
            case AFTER_F4 -> continuation(b, 0x80, 0x8F) ? with(state, TWO_MORE) : REFUSED;
            default -> throw new IllegalStateException("state " + state);
        };
    }

    private static int lead(int b) {
        if (b == '\\') {
            return ESCAPE;
        }
        if (b < 0x80) {
            return b < 0x20 || b == 0x7F ? -1 : BETWEEN;
        }
        return switch (b) {
            case 0xE0 -> AFTER_E0;
            case 0xED -> AFTER_ED;
            case 0xF0 -> AFTER_F0;
            case 0xF4 -> AFTER_F4;
            default -> b >= 0xC2 && b <= 0xDF ? LAST : b >= 0xE1 && b <= 0xEF ? TWO_MORE : b >= 0xF1 && b <= 0xF3 ? THREE_MORE : -1;
        };
    }

    private static boolean continuation(int b, int from, int to) {
        return b >= from && b <= to;
    }

    private static long with(long state, int mode) {
        return state & ~15L | mode;
    }

    private static long counted(long state) {
        return (state & ~15L) + (1 << COUNT);
    }
}
