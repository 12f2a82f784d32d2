package aiserver.engine;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Environment variables that native libraries read while they are loaded, which is too late for anything inside of
 * them: OpenMP comes with the first library of ggml. Set where the user has not. Called once, before the first library.
 */
final class NativeEnvironment {
    private NativeEnvironment() {
    }

    static void setDefaults() {
        // Threads that spin while they wait for each other take the processor from those that they wait for: with the
        // cores busy, a step of a picture on two threads took ten times as long. Between the operations of one graph they
        // wait as native/guard/graph_barrier.h says; this is for everything else that OpenMP lets wait.
        setDefault("OMP_WAIT_POLICY", "passive");
        // An abort would fork a debugger for a backtrace and may hang.
        setDefault("GGML_NO_BACKTRACE", "1");
    }

    private static void setDefault(String name, String value) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> setenv = linker.defaultLookup().find("setenv");
        if (setenv.isEmpty() || System.getenv(name) != null) {
            return;
        }
        MethodHandle call = linker.downcallHandle(setenv.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            int failed = (int) call.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
            assert failed == 0 : name;
        } catch (Throwable t) {
            throw new IllegalStateException("environment variable " + name + " cannot be set", t);
        }
    }
}
