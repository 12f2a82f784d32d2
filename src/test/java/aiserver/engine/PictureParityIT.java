package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.DiffusionSettings.StepCache;
import aiserver.job.JsonObjects;
import aiserver.models.SmallPictureModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The demo's picture model draws here what it draws in transformers and diffusers: from the same prompt, seed, steps and
 * guidance the same picture, which takes the same tokens, text encoding, starting noise and schedule.
 * {@code training/picture/golden.py} made the golden pictures from the weights of the same files.
 */
class PictureParityIT {
    private static final Path MODELS = Path.of("models-gguf/demo");
    private static final Path FOLDER = Path.of("src/test/resources/golden/picture");
    private static final double LEAST_PSNR = 35;
    private static Map<String, Object> golden;
    private static DiffusionEngine engine;

    @BeforeAll
    static void load() throws IOException {
        golden = JsonObjects.read(Files.readString(FOLDER.resolve("golden.json")));
        engine = engine(StepCache.NONE, false, false);
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static DiffusionEngine engine(StepCache cache, boolean flashAttention, boolean convDirect) {
        return new DiffusionEngine(new DiffusionSettings(Part.of(MODELS.resolve("sd3-demo.safetensors")),
                Part.of(SmallPictureModel.get().clipL()), null, null, null, Part.of(MODELS.resolve("sd3-demo-taesd.safetensors")),
                "cpu", 1, flashAttention, false, convDirect, cache, true));
    }

    private static List<Map<?, ?>> rows(String name) {
        return ((List<?>) golden.get(name)).stream().<Map<?, ?>>map(row -> (Map<?, ?>) row).toList();
    }

    private static int number(Map<?, ?> row, String name) {
        return ((Number) row.get(name)).intValue();
    }

    private static Picture draw(DiffusionEngine engine, Map<?, ?> row) {
        return engine.generate(new ImageRequest((String) row.get("prompt"), (String) row.get("negative_prompt"), number(row, "width"),
                number(row, "height"), number(row, "steps"), ((Number) row.get("guidance_scale")).doubleValue(), number(row, "seed")),
                RunControl.NONE);
    }

    @Test
    void theGoldenPicturesAreOfTheseFiles() throws IOException, NoSuchAlgorithmException {
        Map<?, ?> sums = (Map<?, ?>) golden.get("made_from");
        assertThat(sums).hasSize(2);
        for (Map.Entry<?, ?> sum : sums.entrySet()) {
            byte[] bytes = Files.readAllBytes(MODELS.resolve((String) sum.getKey()));
            assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes))).as(sum.getKey().toString())
                    .isEqualTo(sum.getValue());
        }
    }

    @Test
    void drawsWhatDiffusersDraws() throws IOException {
        assertThat(rows("cases")).hasSizeGreaterThanOrEqualTo(3);
        for (Map<?, ?> row : rows("cases")) {
            Picture wanted = PictureDistance.read(FOLDER.resolve((String) row.get("picture")));
            assertThat(PictureDistance.psnr(draw(engine, row), wanted)).as((String) row.get("name")).isGreaterThanOrEqualTo(LEAST_PSNR);
        }
    }

    @Test
    void countsTheTokensThatTransformersMakes() {
        assertThat(rows("texts")).hasSizeGreaterThanOrEqualTo(15);
        for (Map<?, ?> row : rows("texts")) {
            assertThat(engine.countTokens((String) row.get("text"))).as((String) row.get("text")).isEqualTo(number(row, "tokens"));
        }
    }

    /** What the setting that is on by default may change; docs/pictures.md has the figures of the others. */
    @Test
    void skippingStepsKeepsThePicture() {
        ImageRequest request = new ImageRequest((String) rows("cases").getFirst().get("prompt"), "", 128, 128, 16, 2.25, 3);
        Picture full = engine.generate(request, RunControl.NONE);
        try (DiffusionEngine skipping = engine(StepCache.EASYCACHE, false, false)) {
            Picture made = skipping.generate(request, RunControl.NONE);
            assertThat(made.rgb()).as("no step was skipped").isNotEqualTo(full.rgb());
            assertThat(PictureDistance.ssim(made, full)).isGreaterThanOrEqualTo(0.95);
        }
    }

    /** Ways to compute the same faster or in less memory must not show. */
    @Test
    void flashAttentionAndDirectConvolutionsDrawTheSame() {
        Map<?, ?> row = rows("cases").getFirst();
        Picture wanted = draw(engine, row);
        try (DiffusionEngine flash = engine(StepCache.NONE, true, false); DiffusionEngine direct = engine(StepCache.NONE, false, true)) {
            assertThat(PictureDistance.psnr(draw(flash, row), wanted)).isGreaterThanOrEqualTo(LEAST_PSNR);
            assertThat(PictureDistance.psnr(draw(direct, row), wanted)).isGreaterThanOrEqualTo(LEAST_PSNR);
        }
    }
}
