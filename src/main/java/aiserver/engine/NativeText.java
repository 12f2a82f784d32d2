package aiserver.engine;

import java.lang.foreign.MemorySegment;

/** Text that native code hands out. Stateless; any thread. */
final class NativeText {
    private NativeText() {
    }

    /** Copies a zero-terminated UTF-8 string; the pointer is not null and stays the library's. */
    static String copy(MemorySegment zeroTerminated) {
        return zeroTerminated.reinterpret(Long.MAX_VALUE).getString(0);
    }
}
