package aiserver.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * A {@link RunControl} as the C callback {@code bool stop(void * user)} that ggml and the guard ask between pieces of
 * work. Lives as long as its arena. An exception that left an upcall would end the process: it counts as "stop".
 */
final class StopCallback {
    private static final MethodHandle ASK;

    static {
        try {
            ASK = MethodHandles.lookup().findVirtual(StopCallback.class, "ask", MethodType.methodType(boolean.class, MemorySegment.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final RunControl control;
    private volatile boolean stopped;

    StopCallback(RunControl control) {
        this.control = control;
    }

    MemorySegment pointer(Arena arena) {
        return Linker.nativeLinker().upcallStub(ASK.bindTo(this),
                FunctionDescriptor.of(ValueLayout.JAVA_BOOLEAN, ValueLayout.ADDRESS), arena);
    }

    /** Whether "stop" was ever answered. */
    boolean stopped() {
        return stopped;
    }

    // called by native code
    boolean ask(MemorySegment user) {
        try {
            if (control.cancelled()) {
                stopped = true;
            }
        } catch (Throwable t) {
            stopped = true;
        }
        return stopped;
    }
}
