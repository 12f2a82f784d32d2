package aiserver.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.EngineException;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.TestScope;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineErrorsTest {
    @ParameterizedTest
    @CsvSource({
        "MODEL_NOT_AVAILABLE, MODEL_NOT_AVAILABLE", "INVALID_INPUT, INVALID_PAYLOAD",
        "CONTEXT_TOO_LONG, CONTEXT_TOO_LONG", "OUT_OF_MEMORY, OUT_OF_MEMORY", "CANCELLED, CANCELLED",
        "ENGINE_FAILED, ENGINE_FAILED"})
    void everyKindHasItsCode(EngineException.Kind kind, ErrorCode code) {
        EngineException cause = new EngineException(kind, "the engine said so");
        assertThatThrownBy(() -> EngineErrors.translated(() -> {
            throw cause;
        })).isInstanceOfSatisfying(JobException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.ofEngine()).isTrue();
        }).hasMessage("the engine said so").hasCause(cause);
    }

    @Test
    void aResultComesThroughUntouched() {
        assertThat(EngineErrors.<String>translated(() -> "fine")).isEqualTo("fine");
    }

    @Test
    void aFailedEngineIsTriedOnceMore() {
        List<String> tries = new ArrayList<>();
        assertThat(EngineErrors.<String>retriedOnce(() -> {
            tries.add("try");
            if (tries.size() == 1) {
                throw new EngineException(EngineException.Kind.ENGINE_FAILED, "first");
            }
            return "done";
        })).isEqualTo("done");

        assertThatThrownBy(() -> EngineErrors.retriedOnce(() -> {
            tries.add("again");
            throw new EngineException(EngineException.Kind.ENGINE_FAILED, "failed " + tries.size());
        })).isInstanceOf(JobException.class).hasMessage("failed 4");
    }

    @Test
    void otherFailuresAreNotTriedAgain() {
        List<String> tries = new ArrayList<>();
        assertThatThrownBy(() -> EngineErrors.retriedOnce(() -> {
            tries.add("try");
            throw new EngineException(EngineException.Kind.OUT_OF_MEMORY, "full");
        })).hasMessage("full");
        assertThat(tries).hasSize(1);
    }

    @Test
    void progressIsSpreadOverTheRunsPartOfTheJob() {
        List<String> told = new ArrayList<>();
        JobScope scope = new TestScope(() -> true, (stage, fraction) -> told.add(stage + " " + fraction));
        ScopeControl control = new ScopeControl(scope, "decode", 0.5, 1);
        control.progress(0);
        control.progress(0.5);
        control.progress(7);
        assertThat(told).containsExactly("decode 0.5", "decode 0.75", "decode 1.0");
        assertThat(control.cancelled()).isTrue();
    }
}
