package aiserver.engine;

import bindings.guard.guard_h;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Turns what the native guard caught into exceptions. Each {@code ag_*} call that failed left its reason with the
 * thread that made it, so these methods are called on that thread, at once.
 */
final class Guard {
    private static final int MOST_WORDS = 800;
    private static final String[] MEMORY_WORDS = {"out of memory", "failed to allocate", "cannot allocate",
            "alloc compute graph failed", "unable to allocate", "resource allocation failed", "alloc_failed", "bad_alloc", "not enough space"};

    private Guard() {
    }

    /** Passes a result through; throws where the guard caught the call. */
    static int check(int result, String what) {
        if (result == guard_h.AG_CAUGHT()) {
            throw failure(what);
        }
        return result;
    }

    /** Passes a pointer through; throws where it is null. */
    static MemorySegment check(MemorySegment pointer, String what) {
        if (pointer.equals(MemorySegment.NULL)) {
            throw failure(what);
        }
        return pointer;
    }

    /** True where the call before this was caught: the model's state is not to be trusted any more. */
    static boolean caught() {
        return guard_h.ag_failure() != guard_h.AG_OK();
    }

    /** {@code what} could not be done, with the engine's own last words. */
    static EngineException failure(String what) {
        return failure(what, EngineException.Kind.ENGINE_FAILED);
    }

    static EngineException failure(String what, EngineException.Kind otherwise) {
        int failure = guard_h.ag_failure();
        String words = words();
        EngineException.Kind kind = failure == guard_h.AG_OUT_OF_MEMORY() || speaksOfMemory(words)
                ? EngineException.Kind.OUT_OF_MEMORY : otherwise;
        return new EngineException(kind, words.isEmpty() ? what : what + ": " + words);
    }

    /** The failure and warnings of this thread's last guarded call, on one line; empty if there were none. */
    static String words() {
        String raw = NativeText.copy(guard_h.ag_words());
        String line = Arrays.stream(raw.split("\n"))
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .distinct()
                .collect(Collectors.joining("; "));
        return line.length() <= MOST_WORDS ? line : line.substring(0, MOST_WORDS) + " ...";
    }

    static boolean speaksOfMemory(String words) {
        String lower = words.toLowerCase(Locale.ROOT);
        return Arrays.stream(MEMORY_WORDS).anyMatch(lower::contains);
    }
}
