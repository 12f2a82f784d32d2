package aiserver.engine;

import bindings.guard.guard_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Carries the engines' log lines into SLF4J, logger {@code aiserver.engine.native}. The engines write into a bounded queue in
 * the guard, from whatever thread they run on; one daemon thread takes the lines from there. So no engine thread ever
 * waits for a log, no upcall happens, and nothing goes to stdout.
 */
final class NativeLog {
    private static final Logger LOG = LoggerFactory.getLogger("aiserver.engine.native");
    private static final int BUFFER_BYTES = 64 << 10;
    // How long the thread sleeps in the guard with nothing to do; a line wakes it at once.
    private static final int WAIT_MS = 60_000;

    private NativeLog() {
    }

    static void start() {
        guard_h.ag_log_level(LOG.isDebugEnabled() ? 1 : LOG.isInfoEnabled() ? 2 : 3);
        Thread thread = new Thread(NativeLog::drain, "native-log");
        thread.setDaemon(true);
        thread.start();
    }

    private static void drain() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BUFFER_BYTES);
            while (true) {
                long bytes = guard_h.ag_log_take(buffer, BUFFER_BYTES, WAIT_MS);
                if (bytes > 0) {
                    String text = new String(buffer.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
                    text.lines().forEach(NativeLog::log);
                }
            }
        } catch (RuntimeException e) {
            LOG.warn("the engines' log lines are lost from here on", e);
        }
    }

    private static void log(String line) {
        if (line.length() < 2) {
            return;
        }
        // The engines' "info" is chatter of use to their developers: one level down.
        Level level = switch (line.charAt(0)) {
            case '4' -> Level.WARN;
            case '3' -> Level.INFO;
            default -> Level.DEBUG;
        };
        LOG.atLevel(level).log(line.substring(1).stripTrailing());
    }
}
