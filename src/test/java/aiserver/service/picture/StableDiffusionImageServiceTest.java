package aiserver.service.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.EngineException;
import aiserver.engine.FakeImageEngine;
import aiserver.engine.ImageEngine;
import aiserver.engine.ImageRequest;
import aiserver.job.CakeImage;
import aiserver.job.ErrorCode;
import aiserver.job.ImageJob;
import aiserver.job.JobException;
import aiserver.job.JobHeader;
import aiserver.job.JobScope;
import aiserver.job.TestScope;
import aiserver.service.EngineErrors;
import aiserver.service.WordTranslator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs in, pictures or the contract's errors out; the engine is a fake. */
class StableDiffusionImageServiceTest {
    private final FakeImageEngine engine = new FakeImageEngine();
    private final StableDiffusionImageService service =
            new StableDiffusionImageService(engine, WordTranslator.NONE, PictureSettings.DEFAULTS);

    private static ImageJob job(String prompt, String negative, Long seed) {
        return new ImageJob(new JobHeader("r-1", null, null), prompt, negative, seed);
    }

    @Test
    void aCakeIsDrawnWithTheConfiguredSettings() throws IOException {
        CakeImage image = service.generateCakeImage(job("초콜릿 케이크", null, 42L), JobScope.NONE);

        assertThat(engine.requests).containsExactly(new ImageRequest(
                "A beautiful chocolate cake with elegant decoration, professional food photography, high quality, 4k",
                "blurry, low quality, distorted, ugly, bad anatomy", 512, 512, 50, 7.5, 42));
        assertThat(ImageIO.read(new ByteArrayInputStream(image.png())).getWidth()).isEqualTo(512);
        assertThat(image.width()).isEqualTo(512);
        assertThat(image.height()).isEqualTo(512);
        assertThat(image.seed()).isEqualTo(42);
        assertThat(image.steps()).isEqualTo(50);
        assertThat(image.guidanceScale()).isEqualTo(7.5);
        assertThat(image.filtered()).isEmpty();
        assertThat(image.promptTruncated()).isFalse();
    }

    @Test
    void theSameSeedGivesTheSameFileAndNoSeedAnother() {
        byte[] first = service.generateCakeImage(job("딸기 케이크", null, 7L), JobScope.NONE).png();
        byte[] again = service.generateCakeImage(job("딸기 케이크", null, 7L), JobScope.NONE).png();
        CakeImage random = service.generateCakeImage(job("딸기 케이크", null, null), JobScope.NONE);

        assertThat(again).isEqualTo(first);
        assertThat(random.png()).isNotEqualTo(first);
        assertThat(random.seed()).isBetween(0L, (1L << 53) - 1);
    }

    @Test
    void unsafeWordsAreTakenOutAndNamed() {
        CakeImage image = service.generateCakeImage(job("n u d e 누드 딸기 케이크", null, 1L), JobScope.NONE);

        assertThat(image.prompt()).startsWith("A beautiful strawberry cake with").doesNotContain("nude");
        assertThat(image.filtered()).containsExactly("n u d e", "누드");
    }

    @ParameterizedTest
    @ValueSource(strings = {"누드", "porn", "セックス", "누드 그려주세요", "nude, naked please", "s3x!!"})
    void nothingSafeLeftIsAnErrorThatNamesTheWords(String prompt) {
        assertThatThrownBy(() -> service.generateCakeImage(job(prompt, null, 1L), JobScope.NONE))
                .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSAFE_PROMPT))
                .hasMessageContaining("payload.prompt asks for nothing but what is not drawn: ");
        assertThat(engine.requests).isEmpty();
    }

    @Test
    void theJobsNegativePromptIsUsedInPlainEnglish() {
        assertThat(service.generateCakeImage(job("케이크", "text, (watermark:1.3)", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo("text, watermark 1.3");
        assertThat(service.generateCakeImage(job("케이크", "딸기, 초", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo("strawberry, candles");
        assertThat(service.generateCakeImage(job("케이크", "text, 글씨", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo("text");
        assertThat(service.generateCakeImage(job("케이크", "사람, low quality, 딸기 with 글씨", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo("people, low quality, strawberry, with, text");
        assertThat(service.generateCakeImage(job("케이크", "초 없이, no 사람", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo("candles, people");
        assertThat(service.generateCakeImage(job("케이크", "뿅뿅", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo(PictureSettings.DEFAULTS.negativePrompt());
        assertThat(service.generateCakeImage(job("케이크", " ", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo(PictureSettings.DEFAULTS.negativePrompt());
    }

    @Test
    void whatTheOrderExcludesFollowsTheNegativePrompt() {
        assertThat(service.generateCakeImage(job("딸기 빼고 초코 케이크", null, 1L), JobScope.NONE).negativePrompt())
                .isEqualTo(PictureSettings.DEFAULTS.negativePrompt() + ", strawberry");
        assertThat(service.generateCakeImage(job("딸기 빼고 초코 케이크", "watermark", 1L), JobScope.NONE).negativePrompt())
                .isEqualTo("watermark, strawberry");
        StableDiffusionImageService without = new StableDiffusionImageService(engine, WordTranslator.NONE,
                new PictureSettings(512, 512, 50, 7.5, "", 100, null));
        assertThat(without.generateCakeImage(job("chocolate cake without strawberries", null, 1L), JobScope.NONE).negativePrompt())
                .isEqualTo("strawberries");
    }

    @Test
    void aLongPromptIsCutAtAWordAndTheResultSaysSo() {
        String many = "chocolate cake with " + "marzipan violin fiddlesticks ".repeat(30);
        CakeImage image = service.generateCakeImage(job(many, null, 1L), JobScope.NONE);

        assertThat(image.promptTruncated()).isTrue();
        assertThat(engine.countTokens(image.prompt())).isLessThanOrEqualTo(ImageEngine.PROMPT_TOKENS);
        assertThat(image.prompt()).startsWith("A beautiful chocolate cake, marzipan violin")
                .endsWith("with elegant decoration, professional food photography, high quality, 4k");
        for (String word : image.prompt().replace(",", "").split(" ")) {
            assertThat((many + " A beautiful with elegant decoration professional food photography high quality 4k")
                    .split(" ")).contains(word);
        }
    }

    @Test
    void aLongNegativePromptIsCutToo() {
        CakeImage image = service.generateCakeImage(job("케이크", "watermark ".repeat(100), 1L), JobScope.NONE);
        assertThat(image.promptTruncated()).isTrue();
        assertThat(engine.countTokens(image.negativePrompt())).isLessThanOrEqualTo(ImageEngine.PROMPT_TOKENS);
    }

    @Test
    void moreThanTheLongestPromptIsRefused() {
        assertThatThrownBy(() -> service.enhancePrompt("가".repeat(2001))).isInstanceOf(JobException.class)
                .hasMessage("payload.prompt may have 2000 characters but has 2001");
        assertThatThrownBy(() -> service.generateCakeImage(job("케이크", "x".repeat(2001), 1L), JobScope.NONE))
                .hasMessage("payload.negative_prompt may have 2000 characters but has 2001");
    }

    @ParameterizedTest
    @EnumSource(EngineException.Kind.class)
    void everyFailureOfTheEngineHasItsCode(EngineException.Kind kind) {
        // a guarded failure is tried once more
        engine.failWith(new EngineException(kind, "what the engine said"), kind == EngineException.Kind.ENGINE_FAILED ? 2 : 1);
        assertThatThrownBy(() -> service.generateCakeImage(job("케이크", null, 1L), JobScope.NONE))
                .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.code()).isEqualTo(EngineErrors.codeOf(kind)))
                .hasMessage("what the engine said");
    }

    @Test
    void aPictureIsTriedOnceMoreWhereTheEngineFailed() {
        engine.failWith(new EngineException(EngineException.Kind.ENGINE_FAILED, "it broke"), 1);
        assertThat(service.generateCakeImage(job("케이크", null, 1L), JobScope.NONE).seed()).isEqualTo(1);
    }

    @Test
    void aSizeThatTheModelHasNotIsToldPlainly() {
        StableDiffusionImageService large = new StableDiffusionImageService(new FakeImageEngine(512), WordTranslator.NONE,
                new PictureSettings(1024, 512, 1, 1, "", 100, null));
        assertThatThrownBy(() -> large.generateCakeImage(job("케이크", null, 1L), JobScope.NONE))
                .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PAYLOAD))
                .hasMessageContaining("1024x512");
    }

    @Test
    void aCancelledJobStops() {
        assertThatThrownBy(() -> service.generateCakeImage(job("케이크", null, 1L), TestScope.CANCELLED))
                .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    }

    @Test
    void progressOnlyGrows() {
        List<Double> told = new ArrayList<>();
        List<String> stages = new ArrayList<>();
        service.generateCakeImage(job("케이크", null, 1L), TestScope.telling((stage, fraction) -> {
            stages.add(stage);
            told.add(fraction);
        }));
        assertThat(told).isSorted().allSatisfy(fraction -> assertThat(fraction).isBetween(0.0, 1.0));
        assertThat(stages).contains("load", "sample", "encode");
    }

    @Test
    void thePipelineIsLoadedOnceAndUnloaded() {
        service.loadPipeline();
        service.loadPipeline();
        assertThat(engine.loads).isEqualTo(1);
        service.unloadPipeline();
        assertThat(engine.loaded()).isFalse();
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new PictureSettings(500, 512, 50, 7.5, "", 100, null))
                .hasMessage("picture width must be 64 to 2048 and a multiple of 16 but is 500");
        assertThatThrownBy(() -> new PictureSettings(512, 512, 0, 7.5, "", 100, null))
                .hasMessage("picture steps must be 1 to 200 but is 0");
        assertThatThrownBy(() -> new PictureSettings(512, 512, 50, Double.NaN, "", 100, null))
                .hasMessage("picture guidance must be 1 to 30 but is NaN");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "cake-words.tsv | flavor,x,y | kind 'flavor' is none of flavour, topping,",
        "cake-words.tsv | Flavour,x,y | kind 'Flavour' is none of",
        "cake-words.tsv | flavour,딸기,딸기 | \"딸기\" is not plain English",
        "cake-words.tsv | number,three,셋 | \"three\" is not a number of one to four digits",
        "unsafe-words.tsv | ,그것 | expected 4 columns separated by tabs, the first not empty",
        "safe-words.tsv | a,b,c | expected 2 columns separated by tabs, the first not empty",
    })
    void aMistakeInTheShopsWordsIsNamedWithFileAndLine(String name, String line, String told, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve(name), "# the shop's own\n\n" + line.replace(',', '\t') + "\n");
        assertThatThrownBy(() -> withWords(folder)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the picture service's words: " + file + " line 3: " + told);
    }

    @Test
    void wordsThatCannotBeReadAreNotPassedOver(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> withWords(folder.resolve("wrods"))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the picture service's words: " + folder.resolve("wrods") + " is not a folder");
        Path file = Files.write(folder.resolve("cake-words.tsv"), new byte[] {(byte) 0xff, (byte) 0xfe, 'x'});
        assertThatThrownBy(() -> withWords(folder)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the picture service's words: " + file + " is not UTF-8 text");
        assertThatThrownBy(() -> withWords(file)).hasMessageEndingWith(file + " is not a folder");
    }

    private StableDiffusionImageService withWords(Path folder) {
        return new StableDiffusionImageService(engine, WordTranslator.NONE, new PictureSettings(512, 512, 50, 7.5, "", 100, folder));
    }
}
