package aiserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Owner of one native object: counts its uses, frees it once, after the last use. Any thread may use or close it. What
 * depends on another object (a context on its model) is closed before it by whoever made both.
 */
final class NativeHandle implements AutoCloseable {
    private final String name;
    private final MemorySegment address;
    private final Consumer<MemorySegment> free;
    private int uses;
    private boolean closed;
    private boolean freed;

    /**
     * @param name    what the object is, for messages
     * @param address not null
     * @param free    run once, on the thread that closes or ends the last use
     */
    NativeHandle(String name, MemorySegment address, Consumer<MemorySegment> free) {
        this.name = Objects.requireNonNull(name);
        this.free = Objects.requireNonNull(free);
        if (address.equals(MemorySegment.NULL)) {
            throw new IllegalArgumentException(name + " is a null pointer");
        }
        this.address = address;
    }

    /** Keeps the object alive until the use is closed. */
    synchronized Use use() {
        if (closed) {
            throw new IllegalStateException(name + " is closed");
        }
        uses++;
        return new Use();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            if (uses > 0 || freed) {
                return;
            }
            freed = true;
        }
        free.accept(address);
    }

    /** One use of the object. */
    final class Use implements AutoCloseable {
        private boolean ended;

        MemorySegment address() {
            if (ended) {
                throw new IllegalStateException("the use of " + name + " has ended");
            }
            return address;
        }

        @Override
        public void close() {
            synchronized (NativeHandle.this) {
                if (ended) {
                    return;
                }
                ended = true;
                uses--;
                if (!closed || uses > 0 || freed) {
                    return;
                }
                freed = true;
            }
            free.accept(address);
        }
    }
}
