package aiserver.service.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.DiffusionEngine;
import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.DiffusionSettings.StepCache;
import aiserver.engine.DiffusionSettings;
import aiserver.engine.ImageEngine;
import aiserver.job.CakeImage;
import aiserver.job.ErrorCode;
import aiserver.job.ImageJob;
import aiserver.job.JobException;
import aiserver.job.JobHeader;
import aiserver.job.JobScope;
import aiserver.job.TestScope;
import aiserver.models.SmallPictureModel;
import aiserver.service.WordTranslator;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** From a Korean order to a PNG with the real engine and a small random model. */
class PictureServiceIT {
    private static DiffusionEngine engine;
    private static StableDiffusionImageService service;

    @BeforeAll
    static void make() {
        SmallPictureModel model = SmallPictureModel.get();
        engine = new DiffusionEngine(new DiffusionSettings(Part.of(model.diffusionModel()), Part.of(model.clipL()), null, null, null,
                Part.of(model.taesd()), "cpu", 1, false, false, false, StepCache.NONE, true));
        service = new StableDiffusionImageService(engine, WordTranslator.NONE,
                new PictureSettings(64, 64, 2, 7.5, PictureSettings.DEFAULTS.negativePrompt(), 2000, null));
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    private static ImageJob job(String prompt) {
        return new ImageJob(new JobHeader("r-1", null, null), prompt, null, 5L);
    }

    @Test
    void aKoreanOrderBecomesAPicture() throws IOException {
        List<String> stages = new ArrayList<>();
        CakeImage image = service.generateCakeImage(job("초콜릿 케이크에 딸기 올려주세요, 누드"), TestScope.telling((stage, fraction) -> stages.add(stage)));
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(image.png()));
        assertThat(picture.getWidth()).isEqualTo(64);
        assertThat(picture.getHeight()).isEqualTo(64);
        assertThat(image.prompt()).startsWith("A beautiful chocolate cake with strawberries with elegant");
        assertThat(image.filtered()).containsExactly("누드");
        assertThat(stages).contains("sample", "encode");
        assertThat(new String(image.png(), StandardCharsets.ISO_8859_1)).contains("tEXtparameters\0A beautiful chocolate",
                "Negative prompt: blurry, low quality, distorted, ugly, bad anatomy", "Steps: 2, Sampler: Euler, CFG scale: 7.5, Seed: 5, Size: 64x64");
    }

    @Test
    void aLongOrderIsCutToWhatTheRealTokenizerLetsThrough() {
        CakeImage image = service.generateCakeImage(job("chocolate cake with " + "marzipan violin fiddlesticks ".repeat(30)), JobScope.NONE);
        assertThat(image.promptTruncated()).isTrue();
        int tokens = engine.countTokens(image.prompt());
        assertThat(tokens).isBetween(ImageEngine.PROMPT_TOKENS - 5, ImageEngine.PROMPT_TOKENS);
    }

    @Test
    void aSizeBeyondTheModelIsAnErrorOfTheContract() {
        StableDiffusionImageService large = new StableDiffusionImageService(engine, WordTranslator.NONE, PictureSettings.DEFAULTS);
        assertThatThrownBy(() -> large.generateCakeImage(job("케이크"), JobScope.NONE))
                .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PAYLOAD))
                .hasMessageContaining("up to 128 pixels a side");
    }
}
