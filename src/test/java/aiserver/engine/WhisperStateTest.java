package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WhisperStateTest {
    /** -2147483648 is the guard's: whisper.cpp threw. -7: the cache could not grow. */
    @ParameterizedTest
    @CsvSource({"0,false,false", "0,true,false", "-6,false,true", "-6,true,false", "-8,true,false", "-9,true,false", "-9,false,true",
            "-1,true,true", "-7,false,true", "-7,true,true", "-2147483648,false,true", "-2147483648,true,true"})
    void aStopLeavesAStateWholeButNoOtherFailureDoes(int result, boolean stopped, boolean broken) {
        assertThat(WhisperState.breaks(result, stopped)).isEqualTo(broken);
    }
}
