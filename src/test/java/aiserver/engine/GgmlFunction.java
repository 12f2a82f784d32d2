package aiserver.engine;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * A function of ggml that the product does not call, bound by hand for tests of its kernels. Usable from any thread; what it
 * does to its arguments is ggml's business, and an argument that ggml asserts against ends the process.
 */
final class GgmlFunction {
    private final MethodHandle handle;

    private GgmlFunction(MethodHandle handle) {
        this.handle = handle;
    }

    /** @param result null: none */
    static GgmlFunction of(String name, MemoryLayout result, MemoryLayout... arguments) {
        NativeLibraries.load();
        return at(SymbolLookup.loaderLookup().find(name).orElseThrow(() -> new AssertionError("no function " + name)), result, arguments);
    }

    static GgmlFunction at(MemorySegment address, MemoryLayout result, MemoryLayout... arguments) {
        return new GgmlFunction(Linker.nativeLinker().downcallHandle(address,
                result == null ? FunctionDescriptor.ofVoid(arguments) : FunctionDescriptor.of(result, arguments)));
    }

    Object call(Object... arguments) {
        try {
            return handle.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new AssertionError("the call does not fit the function", t);
        }
    }

    /** @throws AssertionError where the answer is null */
    MemorySegment address(Object... arguments) {
        MemorySegment answer = (MemorySegment) call(arguments);
        if (answer.equals(MemorySegment.NULL)) {
            throw new AssertionError("ggml answers null");
        }
        return answer;
    }
}
