package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.EngineException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every image engine does, the real one and the fake. */
abstract class ImageEngineContract {
    /** An engine whose longest side is 128 pixels; the test does not close it. */
    abstract ImageEngine engine();

    /** As cheap as a picture gets: one step, without guidance. */
    static ImageRequest request(String prompt, long seed) {
        return new ImageRequest(prompt, "", 64, 64, 1, 1.0, seed);
    }

    static Kind kindOf(Throwable thrown) {
        return ((EngineException) thrown).kind();
    }

    @Test
    void theSameRequestGivesTheSamePixels() {
        Picture first = engine().generate(request("a red cake", 1), RunControl.NONE);
        Picture again = engine().generate(request("a red cake", 1), RunControl.NONE);
        assertThat(first.width()).isEqualTo(64);
        assertThat(first.height()).isEqualTo(64);
        assertThat(again.rgb()).isEqualTo(first.rgb());
    }

    @Test
    void seedPromptAndNegativePromptMakeADifference() {
        byte[] picture = engine().generate(request("a red cake", 1), RunControl.NONE).rgb();
        assertThat(engine().generate(request("a red cake", 2), RunControl.NONE).rgb()).isNotEqualTo(picture);
        assertThat(engine().generate(request("three blue candles", 1), RunControl.NONE).rgb()).isNotEqualTo(picture);
        byte[] guided = engine().generate(new ImageRequest("a red cake", "ugly", 64, 64, 1, 3.0, 1), RunControl.NONE).rgb();
        assertThat(engine().generate(new ImageRequest("a red cake", "blue", 64, 64, 1, 3.0, 1), RunControl.NONE).rgb())
                .isNotEqualTo(guided).isNotEqualTo(picture);
    }

    @Test
    void aPictureNeedNotBeSquare() {
        Picture picture = engine().generate(new ImageRequest("a cake", "", 96, 64, 1, 1.0, 3), RunControl.NONE);
        assertThat(picture.width()).isEqualTo(96);
        assertThat(picture.height()).isEqualTo(64);
    }

    @Test
    void aSideBeyondTheModelsGridIsRefused() {
        for (int[] size : new int[][] {{144, 64}, {64, 144}, {2048, 2048}}) {
            assertThatThrownBy(() -> engine().generate(new ImageRequest("a cake", "", size[0], size[1], 1, 1.0, 3), RunControl.NONE))
                    .satisfies(e -> assertThat(kindOf(e)).isEqualTo(Kind.INVALID_INPUT))
                    .hasMessage("the picture model draws up to 128 pixels a side, not " + size[0] + "x" + size[1]);
        }
        assertThat(engine().generate(request("a cake", 1), RunControl.NONE).rgb()).hasSize(3 * 64 * 64);
    }

    @Test
    void progressGrowsFromStepToStep() {
        engine().load(RunControl.NONE);
        List<Double> told = new ArrayList<>();
        engine().generate(new ImageRequest("a cake", "ugly", 64, 64, 3, 2.0, 1), TestControl.telling(told::add));
        assertThat(told).hasSizeBetween(3, 4).isSorted().doesNotHaveDuplicates();
        assertThat(told.get(0)).isBetween(0.0, 0.4);
        assertThat(told.get(told.size() - 1)).isBetween(0.9, 1.0);
    }

    @Test
    void aRunThatIsCancelledInItsMiddleEndsAndTheNextOneIsWhole() {
        byte[] picture = engine().generate(request("a cake", 1), RunControl.NONE).rgb();
        AtomicInteger steps = new AtomicInteger();
        RunControl afterTwoSteps = new TestControl(() -> steps.get() >= 2, fraction -> steps.incrementAndGet());
        assertThatThrownBy(() -> engine().generate(new ImageRequest("a cake", "", 64, 64, 200, 1.0, 1), afterTwoSteps))
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(Kind.CANCELLED)).hasMessage("picture cancelled");
        assertThat(steps.get()).isLessThan(6);
        assertThat(engine().loaded()).isTrue();
        assertThat(engine().generate(request("a cake", 1), RunControl.NONE).rgb()).isEqualTo(picture);
    }

    @Test
    void aRunThatIsCancelledWhileTheModelLoadsLeavesItToTheNext() {
        engine().unload();
        AtomicInteger asked = new AtomicInteger();
        assertThatThrownBy(() -> engine().generate(request("a cake", 1), () -> asked.getAndIncrement() > 0))
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(Kind.CANCELLED));
        assertThat(engine().loaded()).isTrue();
    }

    @Test
    void aRunThatIsCancelledBeforehandDoesNothing() {
        assertThatThrownBy(() -> engine().generate(request("a cake", 1), () -> true))
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(Kind.CANCELLED));
    }

    @Test
    void unloadingAndLoadingChangesNothing() {
        byte[] picture = engine().generate(request("a cake", 5), RunControl.NONE).rgb();
        engine().unload();
        engine().unload();
        assertThat(engine().loaded()).isFalse();
        engine().load(RunControl.NONE);
        engine().load(RunControl.NONE);
        assertThat(engine().loaded()).isTrue();
        assertThat(engine().generate(request("a cake", 5), RunControl.NONE).rgb()).isEqualTo(picture);
    }

    @Test
    void tokensAreCountedWithoutTheMarks() {
        assertThat(engine().countTokens("")).isZero();
        assertThat(engine().countTokens("a cake")).isGreaterThanOrEqualTo(2);
        assertThat(engine().countTokens("a cake with strawberries")).isGreaterThan(engine().countTokens("a cake"));
    }

    @Test
    void requestsOutOfRangeCannotBeMade() {
        assertThatThrownBy(() -> new ImageRequest("a", "", 0, 64, 1, 1, 0)).hasMessage("width cannot be 0");
        assertThatThrownBy(() -> new ImageRequest("a", "", 64, -64, 1, 1, 0)).hasMessage("height cannot be -64");
        assertThatThrownBy(() -> new ImageRequest("a", "", 64, 7, 1, 1, 0)).hasMessage("height cannot be 7");
        assertThatThrownBy(() -> new ImageRequest("a", "", 64, 64, 0, 1, 0)).hasMessage("steps cannot be 0");
        assertThatThrownBy(() -> new ImageRequest("a", "", 64, 64, 1, Double.NaN, 0)).hasMessage("guidance cannot be NaN");
        assertThatThrownBy(() -> new ImageRequest("a", "", 64, 64, 1, 1, -1)).hasMessage("seed cannot be -1");
    }
}
