package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every speech engine keeps to, the fake as the real one. */
abstract class SpeechEngineContract {
    private static final SpeechRequest GREEDY =
            new SpeechRequest("ko", Map.of(), 256, false, 0, 0, 0.6f, 2.4f, -1, 1);
    SpeechEngine engine;

    abstract SpeechEngine make() throws Exception;

    @BeforeEach
    void setUp() throws Exception {
        engine = make();
    }

    @AfterEach
    void tearDown() {
        engine.close();
    }

    static float[] sound() {
        float[] samples = new float[16_000];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (float) (0.4 * Math.sin(i * 0.1 + 3 * Math.sin(i * 0.002)));
        }
        return samples;
    }

    @Test
    void loadsWhenItIsAskedAndUnloadsAsOftenAsOneLikes() {
        assertThat(engine.loaded()).isFalse();
        engine.transcribe(sound(), GREEDY, RunControl.NONE);
        assertThat(engine.loaded()).isTrue();
        engine.load(RunControl.NONE);
        engine.unload();
        engine.unload();
        assertThat(engine.loaded()).isFalse();
        engine.load(RunControl.NONE);
        assertThat(engine.loaded()).isTrue();
        assertThat(engine.device()).isNotBlank();
    }

    @Test
    void hearsInTheForcedLanguage() {
        Transcript transcript = engine.transcribe(sound(), GREEDY, RunControl.NONE);
        assertThat(transcript.language()).isEqualTo("ko");
        assertThat(transcript.languageProbability()).isEqualTo(1);
    }

    @Test
    void detectsTheLanguage() {
        Transcript transcript = engine.transcribe(sound(), GREEDY.withLanguage(null), RunControl.NONE);
        assertThat(engine.languages()).contains(transcript.language()).contains("ko", "en", "ja");
        assertThat(transcript.languageProbability()).isGreaterThan(0).isLessThanOrEqualTo(1);
    }

    @Test
    void givesSegmentsInOrderWithAWordFromEachToken() {
        Transcript transcript = engine.transcribe(sound(), GREEDY, RunControl.NONE);
        double last = 0;
        for (Transcript.Segment segment : transcript.segments()) {
            assertThat(segment.start()).isGreaterThanOrEqualTo(last);
            assertThat(segment.end()).isGreaterThanOrEqualTo(segment.start());
            assertThat(segment.tokens()).hasSameSizeAs(segment.logProbabilities());
            assertThat(segment.noSpeechProbability()).isBetween(0.0, 1.0);
            assertThat(segment.text()).doesNotContain("\uFFFD");
            last = segment.start();
        }
        assertThat(transcript.segments()).isNotEmpty();
    }

    @Test
    void refusesAnUnknownLanguage() {
        assertRefused(() -> engine.transcribe(sound(), GREEDY.withLanguage("xx"), RunControl.NONE), "language 'xx'");
    }

    @Test
    void refusesWhatAreNoSamples() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, 1.5f}) {
            float[] samples = sound();
            samples[100] = bad;
            assertRefused(() -> engine.transcribe(samples, GREEDY, RunControl.NONE), String.valueOf(bad));
        }
        assertRefused(() -> engine.transcribe(new float[0], GREEDY, RunControl.NONE), "samples must be 1");
    }

    @Test
    void beginsNothingThatWasCancelled() {
        assertThatThrownBy(() -> engine.transcribe(sound(), GREEDY, () -> true)).isInstanceOf(EngineException.class)
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.CANCELLED);
        assertThat(engine.transcribe(sound(), GREEDY, RunControl.NONE).language()).isEqualTo("ko");
    }

    @Test
    void tellsHowFarItIs() {
        List<Double> told = Collections.synchronizedList(new ArrayList<>());
        engine.transcribe(sound(), GREEDY, TestControl.telling(told::add));
        assertThat(told).isNotEmpty().allMatch(fraction -> fraction >= 0 && fraction <= 1);
    }

    @Test
    void saysWhenItIsClosed() {
        engine.close();
        engine.close();
        engine.unload();
        assertThatThrownBy(() -> engine.transcribe(sound(), GREEDY, RunControl.NONE))
                .isInstanceOf(EngineException.class).hasMessage("speech engine is closed")
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE);
    }

    private void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(EngineException.class).hasMessageContaining(message)
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.INVALID_INPUT);
        assertThat(engine.transcribe(sound(), GREEDY, RunControl.NONE).language()).isEqualTo("ko");
    }
}
