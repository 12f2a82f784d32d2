package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.DiffusionSettings.StepCache;
import aiserver.models.RandomDiffusionModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can be said of a picture model without loading it. */
class DiffusionFileCheckTest {
    @TempDir
    private Path folder;

    @Test
    void aConfiguredSizeBeyondTheModelsGridIsNoFaultOfAJob() throws IOException {
        Path model = folder.resolve("sd3.safetensors");
        RandomDiffusionModel.writeDiffusionModel(model, 24, 4, 1);
        for (int[] size : new int[][] {{512, 64}, {64, 80}}) {
            assertThatThrownBy(() -> DiffusionFileCheck.of(settings(model, size[0], size[1])))
                    .hasMessage("diffusion model " + model + " draws up to 64 pixels a side, not " + size[0] + "x" + size[1]
                            + " (--image-width, --image-height)")
                    .satisfies(e -> assertThat(((EngineException) e).kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE));
        }
        for (int side : new int[] {0, 64}) {
            assertThatThrownBy(() -> DiffusionFileCheck.of(settings(model, side, side))).as("the size is fine")
                    .hasMessageContaining("holds no text encoder");
        }
        assertThatThrownBy(() -> settings(model, 64, 0)).hasMessage("a picture cannot be of 64x0 pixels");
    }

    private static DiffusionSettings settings(Path model, int width, int height) {
        return new DiffusionSettings(Part.of(model), null, null, null, null, null, "cpu", 1, false, false, false, StepCache.NONE, true,
                width, height);
    }
}
