package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.EngineException;
import aiserver.engine.FakeImageEngine;
import aiserver.engine.FakeTextEngine;
import aiserver.job.ErrorCode;
import aiserver.job.ImageJob;
import aiserver.job.JobException;
import aiserver.job.JobHeader;
import aiserver.job.JobScope;
import aiserver.job.TestScope;
import aiserver.service.picture.PictureSettings;
import aiserver.service.picture.StableDiffusionImageService;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class QwenTranslatorTest {
    private String answer = "\"bow tie\"";
    private final FakeTextEngine engine = new FakeTextEngine(4096, request -> answer);
    private final QwenTranslator translator = new QwenTranslator(engine);

    @Test
    void aWordIsAskedForOnce() {
        assertThat(translator.toEnglish("나비넥타이", JobScope.NONE)).contains("bow tie");
        answer = "\"something else\"";
        assertThat(translator.toEnglish("나비넥타이", JobScope.NONE)).contains("bow tie");
    }

    @Test
    void whatIsNoCaptionIsLeftOut() {
        answer = "\"나비 (a tie)\"";
        assertThat(translator.toEnglish("나비넥타이", JobScope.NONE)).isEmpty();
    }

    @Test
    void aModelThatFailsLeavesTheWordOutAndIsAskedAgainNextTime() {
        engine.failOnce(new EngineException(EngineException.Kind.ENGINE_FAILED, "no"));
        assertThat(translator.toEnglish("나비넥타이", JobScope.NONE)).isEmpty();
        assertThat(translator.toEnglish("나비넥타이", JobScope.NONE)).contains("bow tie");
    }

    /** A picture that is told how far it is may wait there until orders are done, which the engine's own thread must not. */
    @Test
    void theEngineNeverTellsThePictureHowFarItIs() {
        List<String> told = new ArrayList<>();
        assertThat(translator.toEnglish("나비넥타이", TestScope.telling((stage, fraction) -> told.add(stage)))).contains("bow tie");
        assertThat(told).containsExactly("translate");
    }

    @Test
    void aCancelledPictureEndsItsTranslation() {
        assertThatThrownBy(() -> translator.toEnglish("나비넥타이", TestScope.CANCELLED)).isInstanceOfSatisfying(EngineException.class,
                e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.CANCELLED));
        StableDiffusionImageService service = new StableDiffusionImageService(new FakeImageEngine(), translator, PictureSettings.DEFAULTS);
        ImageJob job = job("뽀로로리본 케이크");
        assertThatThrownBy(() -> service.generateCakeImage(job, TestScope.CANCELLED)).isInstanceOfSatisfying(JobException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    }

    private static ImageJob job(String prompt) {
        return new ImageJob(new JobHeader("r-1", null, null), prompt, null, 1L);
    }
}
