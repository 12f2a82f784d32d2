package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class NativeHandleTest {
    private final AtomicInteger frees = new AtomicInteger();
    private final NativeHandle handle =
            new NativeHandle("language model", MemorySegment.ofAddress(42), address -> frees.incrementAndGet());

    @Test
    void isFreedOnceHoweverOftenItIsClosed() {
        handle.close();
        handle.close();
        assertThat(frees).hasValue(1);
    }

    @Test
    void isFreedAfterItsLastUse() {
        NativeHandle.Use first = handle.use();
        NativeHandle.Use second = handle.use();
        handle.close();
        first.close();
        first.close();
        assertThat(frees).hasValue(0);
        assertThat(second.address().address()).isEqualTo(42);
        second.close();
        assertThat(frees).hasValue(1);
    }

    @Test
    void useAfterCloseSaysWhatIsClosed() {
        handle.close();
        assertThatThrownBy(handle::use).isInstanceOf(IllegalStateException.class).hasMessage("language model is closed");
    }

    @Test
    void aUseThatHasEndedGivesNoAddress() {
        NativeHandle.Use use = handle.use();
        use.close();
        assertThatThrownBy(use::address).hasMessage("the use of language model has ended");
    }

    @Test
    void aNullPointerIsNoHandle() {
        assertThatThrownBy(() -> new NativeHandle("state", MemorySegment.NULL, address -> { }))
                .hasMessage("state is a null pointer");
    }
}
