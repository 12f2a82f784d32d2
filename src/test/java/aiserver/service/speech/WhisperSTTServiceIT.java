package aiserver.service.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import aiserver.config.UserCache;
import aiserver.engine.SileroVoiceDetector;
import aiserver.engine.SpeechRequest;
import aiserver.engine.WhisperEngine;
import aiserver.engine.WhisperSettings;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobHeader;
import aiserver.job.JobScope;
import aiserver.job.SpeechJob;
import aiserver.job.SpeechResult;
import aiserver.models.RandomWhisperModel;
import aiserver.models.SileroTestModel;
import aiserver.service.audio.AudioDecoder;
import aiserver.service.audio.AudioLimits;
import aiserver.service.audio.Encoder;
import aiserver.service.audio.FfmpegProgram;
import aiserver.service.audio.Sound;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way from a file to a text, on the real engine with a small random model: what it writes is noise. */
class WhisperSTTServiceIT {
    private static final SpeechSettings QUICK = new SpeechSettings(AudioLimits.DEFAULT, "ko", true, null, 28, true, 128,
            256, new SpeechRequest(null, Map.of(), 0, false, 0, 0, 0.6f, 2.4f, -1, 1));
    @TempDir
    private static Path folder;
    private static WhisperEngine engine;
    private static AudioDecoder decoder;

    @BeforeAll
    static void load() throws IOException {
        Path model = folder.resolve("whisper.bin");
        RandomWhisperModel.write(model, 3);
        engine = new WhisperEngine(new WhisperSettings(model, "cpu", 2, 1, false));
        decoder = new AudioDecoder(new FfmpegProgram(null, UserCache.folder()), AudioLimits.DEFAULT);
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {8_000, 16_000, 22_050, 44_100, 48_000})
    void writesDownWavAtAnyRate(int rate) {
        SpeechResult result = service().transcribe(job(Sound.wav(Sound.chirp(rate, 2), rate), "ko"), JobScope.NONE);
        assertThat(result.durationSeconds()).isCloseTo(2, within(0.001));
        assertThat(result.text()).isNotBlank().doesNotContain("\uFFFD");
        assertThat(result.segments()).isNotEmpty().allMatch(segment ->
                segment.start() >= 0 && segment.end() >= segment.start() && segment.end() <= 2.001);
    }

    /** Nothing is lost in these, so the samples are the same and with them even a random model's text. */
    @ParameterizedTest
    @CsvSource({
        "wav, -c:a pcm_s24le", "wav, -c:a pcm_f32le", "wav, -c:a pcm_s32le", "flac, -c:a flac", "aiff, -c:a pcm_s16be",
        "m4a, -c:a alac", "caf, -c:a pcm_s16le", "mka, -c:a pcm_s16le",
    })
    void sameTextInEveryFormatWithoutLoss(String ending, String options) {
        byte[] wav = Sound.wav(Sound.chirp(22_050, 2), 22_050);
        String text = service().transcribe(job(wav, "ko"), JobScope.NONE).text();
        byte[] other = Encoder.encode(wav, ending, options.split(" "));
        assertThat(service().transcribe(job(other, "ko"), JobScope.NONE).text()).isNotBlank().isEqualTo(text);
    }

    @Test
    void detectsTheLanguage() {
        SpeechResult result = service().transcribe(job(Sound.wav(Sound.chirp(16_000, 2), 16_000), null), JobScope.NONE);
        assertThat(engine.languages()).contains(result.language());
        assertThat(result.languageProbability()).isGreaterThan(0).isLessThanOrEqualTo(1);
    }

    @Test
    void namesTheLanguagesOfTheModel() {
        assertThatThrownBy(() -> service().transcribe(job(Sound.wav(Sound.chirp(16_000, 1), 16_000), "xx"), JobScope.NONE))
                .isInstanceOf(JobException.class)
                .hasMessageContaining("possible are ko, en, ja, zh").hasMessageContaining("and 87 more")
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.INVALID_PAYLOAD);
    }

    @Test
    void silenceAndNoiseAreEmpty() {
        for (double noise : new double[] {0, 0.02}) {
            byte[] file = Sound.wav(Sound.noise(16_000, 3, noise, 5), 16_000);
            assertThat(service().transcribe(job(file, "ko"), JobScope.NONE).text()).isEmpty();
        }
    }

    @Test
    void asksSileroWhereItIsThere() throws IOException {
        byte[] file = Sound.wav(Sound.chirp(16_000, 2), 16_000);
        for (float bias : new float[] {-10, 10}) {
            try (SileroVoiceDetector silero = new SileroVoiceDetector(SileroTestModel.write(folder.resolve("vad.bin"), bias))) {
                SpeechResult result = new WhisperSTTService(engine, silero, decoder, QUICK)
                        .transcribe(job(file, "ko"), JobScope.NONE);
                assertThat(result.text().isEmpty()).isEqualTo(bias < 0);
            }
        }
    }

    @Test
    void runsSideBySide() {
        byte[] file = Sound.wav(Sound.chirp(16_000, 2), 16_000);
        WhisperSTTService service = service();
        SpeechResult alone = service.transcribe(job(file, "ko"), JobScope.NONE);
        List<CompletableFuture<SpeechResult>> runs = IntStream.range(0, 6).mapToObj(i -> CompletableFuture.supplyAsync(() ->
                service.transcribe(job(file, "ko"), JobScope.NONE))).toList();
        assertThat(runs).allSatisfy(run -> assertThat(run.join()).isEqualTo(alone));
    }

    @Test
    void namesLanguagesAsTheContractDoes() {
        assertThat(engine.languages()).contains("ko", "jv").doesNotContain("jw");
        assertThat(service().transcribe(job(Sound.wav(Sound.chirp(16_000, 2), 16_000), "jv"), JobScope.NONE).language()).isEqualTo("jv");
    }

    @Test
    void hearsMinutesInWindows() {
        float[] minutes = new float[150 * 16_000];
        for (int at = 0; at + 10 * 16_000 <= minutes.length; at += 15 * 16_000) {
            System.arraycopy(Sound.chirp(16_000, 8), 0, minutes, at, 8 * 16_000);
        }
        SpeechResult result = service().transcribe(job(Sound.wav(minutes, 16_000), "ko"), JobScope.NONE);
        assertThat(result.durationSeconds()).isEqualTo(150);
        assertThat(result.segments()).isSortedAccordingTo((a, b) -> Double.compare(a.start(), b.start()));
        assertThat(result.segments().getLast().start()).isGreaterThan(120);
    }

    private static WhisperSTTService service() {
        return new WhisperSTTService(engine, null, decoder, QUICK);
    }

    private static SpeechJob job(byte[] audio, String language) {
        return new SpeechJob(new JobHeader("r-1", null, null), audio, "order.wav", "audio/wav", language);
    }
}
