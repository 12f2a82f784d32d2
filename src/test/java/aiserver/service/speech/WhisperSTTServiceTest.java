package aiserver.service.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import aiserver.engine.EngineException;
import aiserver.engine.FakeSpeechEngine;
import aiserver.engine.SileroVoiceDetector;
import aiserver.engine.Transcript;
import aiserver.engine.VoiceDetector;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobHeader;
import aiserver.job.JobScope;
import aiserver.job.SpeechJob;
import aiserver.job.SpeechResult;
import aiserver.job.TestScope;
import aiserver.service.audio.AudioDecoder;
import aiserver.service.audio.AudioLimits;
import aiserver.service.audio.FfmpegProgram;
import aiserver.service.audio.Sound;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WhisperSTTServiceTest {
    private static final AudioDecoder DECODER =
            new AudioDecoder(new FfmpegProgram(Path.of("/nowhere"), Path.of("/nowhere")), AudioLimits.DEFAULT);
    private static final byte[] ORDER = speech(1.0, 1.5, 0.5);

    @Test
    void givesTextLanguageDurationAndSegments() {
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> List.of(
                FakeSpeechEngine.segment(0, 0.8, " 초콜릿 케이크"), FakeSpeechEngine.segment(0.8, 1.4, " 하나 주세요.")));
        SpeechResult result = service(engine).transcribe(job(speech(2.5, 1.5, 0.5), "ko"), JobScope.NONE);
        assertThat(result.text()).isEqualTo("초콜릿 케이크 하나 주세요.");
        assertThat(result.language()).isEqualTo("ko");
        assertThat(result.languageProbability()).isEqualTo(1);
        assertThat(result.durationSeconds()).isEqualTo(4.5);
        assertThat(result.segments()).extracting(SpeechResult.Segment::text).containsExactly("초콜릿 케이크", "하나 주세요.");
        // The silence before was not sent, but times count from the beginning of the recording.
        assertThat(result.segments().getFirst().start()).isCloseTo(1.5, within(0.15));
        assertThat(engine.calls().getFirst().samples().length).isLessThan((int) (3.2 * 16_000));
    }

    @Test
    void detectsTheLanguageWhereNoneIsGiven() {
        FakeSpeechEngine engine = FakeSpeechEngine.hearing("안녕하세요");
        SpeechResult result = service(engine).transcribe(job(ORDER, null), JobScope.NONE);
        assertThat(result.language()).isEqualTo("ko");
        assertThat(result.languageProbability()).isEqualTo(0.9);
        assertThat(engine.calls().getFirst().request().language()).isNull();
        assertThat(engine.calls().getFirst().request().initialPrompts().get("ko")).contains("케이크");
    }

    @Test
    void asksAgainWithoutTheShopsWordsWhereTheySilenceTheModel() {
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> heard.request().initialPrompts().isEmpty()
                ? List.of(FakeSpeechEngine.segment(0, 1, "케이크 주세요")) : List.of());
        SpeechResult result = service(engine).transcribe(job(ORDER, null), JobScope.NONE);
        assertThat(result.text()).isEqualTo("케이크 주세요");
        assertThat(result.languageProbability()).isEqualTo(0.9);
        assertThat(engine.calls()).extracting(call -> call.request().language()).containsExactly(null, "ko");
        FakeSpeechEngine deaf = new FakeSpeechEngine(heard -> List.of());
        assertThat(service(deaf, SpeechSettings.DEFAULT.withWords(false)).transcribe(job(ORDER, "ko"), JobScope.NONE).text()).isEmpty();
        assertThat(deaf.calls()).hasSize(1);
    }

    @Test
    void takesCodesInAnyCase() {
        FakeSpeechEngine engine = FakeSpeechEngine.hearing("hello");
        assertThat(service(engine).transcribe(job(ORDER, " EN "), JobScope.NONE).language()).isEqualTo("en");
    }

    @Test
    void listsThePossibleLanguages() {
        assertThatThrownBy(() -> service(FakeSpeechEngine.hearing("x")).transcribe(job(ORDER, "xx"), JobScope.NONE))
                .isInstanceOf(JobException.class)
                .hasMessage("payload.language 'xx' is not a language of the speech model; possible are ko, en, ja, zh, de, "
                        + "es, ru, fr, pt, tr, pl, ca and 2 more ISO 639-1 codes, or null to detect it")
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.INVALID_PAYLOAD);
        assertThatThrownBy(() -> service(FakeSpeechEngine.hearing("x")).transcribe(job(ORDER, "한".repeat(500)), JobScope.NONE))
                .hasMessageContaining("한한한…'");
        assertThatThrownBy(() -> service(FakeSpeechEngine.hearing("x")).transcribe(job(ORDER, ""), JobScope.NONE))
                .hasMessageContaining("payload.language ''");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.001, 0.05})
    void doesNotAskTheEngineWhereNobodySpeaks(double noise) {
        FakeSpeechEngine engine = FakeSpeechEngine.hearing("an order that nobody gave");
        byte[] file = Sound.wav(Sound.noise(16_000, 3, noise, 1), 16_000);
        SpeechResult result = service(engine).transcribe(job(file, null), JobScope.NONE);
        assertThat(result).isEqualTo(new SpeechResult("", "ko", 0, 3.0, List.of()));
        assertThat(service(engine).transcribe(job(file, "ja"), JobScope.NONE).language()).isEqualTo("ja");
        assertThat(engine.calls()).isEmpty();
    }

    @Test
    void leavesOutWhatTheModelMadeUp() {
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> List.of(
                FakeSpeechEngine.segment(0, 0.5, " 케이크 주세요."), FakeSpeechEngine.segment(0.5, 1, " 시청해주셔서 감사합니다."),
                FakeSpeechEngine.segment(1, 1.2, " 초코 ".repeat(50)), FakeSpeechEngine.segment(1.2, 1.3, "  "),
                new Transcript.Segment(1.3, 1.4, " 음악", 0.95, List.of(5), List.of(-3f))));
        SpeechResult result = service(engine).transcribe(job(ORDER, "ko"), JobScope.NONE);
        assertThat(result.text()).isEqualTo("케이크 주세요.");
        assertThat(result.segments()).hasSize(1);
    }

    @Test
    void computesOnlyThePartOfTheWindowThatHoldsSound() {
        FakeSpeechEngine engine = FakeSpeechEngine.hearing("네");
        service(engine).transcribe(job(speech(0.2, 1, 0.2), "ko"), JobScope.NONE);
        service(engine).transcribe(job(speech(0.2, 9, 0.2), "ko"), JobScope.NONE);
        for (FakeSpeechEngine.Heard call : engine.calls()) {
            // 50 positions a second and the margin, in steps of 16, at least 256.
            int needed = call.samples().length / 320 + 128;
            assertThat(call.request().audioContext()).isGreaterThanOrEqualTo(Math.max(256, needed))
                    .isLessThanOrEqualTo(Math.max(256, needed + 16)).matches(positions -> positions % 16 == 0);
        }
        service(engine, new SpeechSettings(AudioLimits.DEFAULT, "ko", true, null, 28, true, 1450, 256,
                SpeechSettings.DEFAULT.decoding())).transcribe(job(ORDER, "ko"), JobScope.NONE);
        assertThat(engine.calls().getLast().request().audioContext()).as("with such a margin, all").isZero();
        service(engine, SpeechSettings.DEFAULT.withPartialWindow(false)).transcribe(job(ORDER, "ko"), JobScope.NONE);
        assertThat(engine.calls().getLast().request().audioContext()).isZero();
    }

    @Test
    void hearsALongRecordingInWindowsAndForcesTheFirstLanguage() {
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> List.of(FakeSpeechEngine.segment(0, 1, "하나")));
        float[] all = new float[100 * 16_000];
        for (int i = 0; i < 4; i++) {
            float[] part = Sound.chirp(16_000, 18);
            System.arraycopy(part, 0, all, i * 25 * 16_000, part.length);
        }
        SpeechResult result = service(engine).transcribe(job(Sound.wav(all, 16_000), null), JobScope.NONE);
        assertThat(engine.calls()).hasSize(4).allMatch(call -> call.samples().length <= 28 * 16_000);
        assertThat(engine.calls()).extracting(call -> call.request().language()).containsExactly(null, "ko", "ko", "ko");
        assertThat(result.text()).isEqualTo("하나 하나 하나 하나");
        assertThat(result.segments().getLast().start()).isCloseTo(74, within(0.5));
    }

    @Test
    void losesNoQuietBeginningWhereTheGateLooksAtAnotherPiece() {
        float[] samples = Sound.noise(16_000, 130, 0.03, 4);
        float[] word = Sound.chirp(16_000, 0.7);
        int quiet = (int) (119.3 * 16_000);
        int loud = (int) (120.2 * 16_000);
        for (int i = 0; i < word.length; i++) {
            samples[quiet + i] += 0.12f * word[i];
            samples[loud + i] += word[i];
        }
        SpeechResult result = service(FakeSpeechEngine.hearing("딸기 케이크")).transcribe(job(Sound.wav(samples, 16_000), "ko"), JobScope.NONE);
        assertThat(result.segments()).hasSize(1);
        assertThat(result.segments().getFirst().start()).isLessThanOrEqualTo(119.3);
    }

    @Test
    void triesOnceMoreWhereTheEngineFailed() {
        AtomicInteger runs = new AtomicInteger();
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> {
            if (runs.getAndIncrement() == 0) {
                throw new EngineException(EngineException.Kind.ENGINE_FAILED, "it broke");
            }
            return List.of(FakeSpeechEngine.segment(0, 1, "케이크 주세요"));
        });
        SpeechResult result = service(engine).transcribe(job(ORDER, "ko"), JobScope.NONE);
        assertThat(result.text()).isEqualTo("케이크 주세요");
        assertThat(result.segments()).hasSize(1);
        assertThat(runs).hasValue(2);
    }

    @Test
    void letsNoWindowWithoutWordsDecideTheLanguage() {
        float[] all = new float[32 * 16_000];
        System.arraycopy(Sound.chirp(16_000, 1), 0, all, 0, 16_000);
        for (int second : new int[] {10, 24}) {
            System.arraycopy(Sound.chirp(16_000, 6), 0, all, second * 16_000, 6 * 16_000);
        }
        byte[] file = Sound.wav(all, 16_000);
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> knocks(heard) ? "en" : "ko",
                heard -> List.of(FakeSpeechEngine.segment(0, 1, knocks(heard) ? "Thank you for watching." : "하나")));
        SpeechResult result = service(engine).transcribe(job(file, null), JobScope.NONE);
        assertThat(engine.calls()).extracting(call -> call.request().language()).containsExactly(null, null, "ko");
        assertThat(result.text()).isEqualTo("하나 하나");
        assertThat(result.language()).isEqualTo("ko");
        FakeSpeechEngine deaf = new FakeSpeechEngine(heard -> "en", heard -> List.of());
        SpeechResult nothing = service(deaf).transcribe(job(file, null), JobScope.NONE);
        assertThat(nothing.text()).isEmpty();
        assertThat(nothing.language()).isEqualTo("en");
        assertThat(nothing.languageProbability()).isEqualTo(0.9);
    }

    private static boolean knocks(FakeSpeechEngine.Heard heard) {
        return heard.samples().length < 4 * 16_000;
    }

    @Test
    void writesJapaneseWithoutSpacesBetweenWindows() {
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> List.of(FakeSpeechEngine.segment(0, 1, "ケーキ")));
        float[] all = new float[20 * 16_000];
        System.arraycopy(Sound.chirp(16_000, 2), 0, all, 0, 32_000);
        System.arraycopy(Sound.chirp(16_000, 2), 0, all, 160_000, 32_000);
        assertThat(service(engine).transcribe(job(Sound.wav(all, 16_000), "ja"), JobScope.NONE).text())
                .isEqualTo("ケーキケーキ");
    }

    @Test
    void tellsHowFarItIsAndStopsWhenCancelled() {
        List<Double> told = new ArrayList<>();
        JobScope scope = new TestScope(() -> told.size() > 2, (stage, fraction) -> told.add(fraction));
        assertThatThrownBy(() -> service(FakeSpeechEngine.hearing("x")).transcribe(job(ORDER, "ko"), scope))
                .isInstanceOf(JobException.class)
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(told).isSorted().allMatch(fraction -> fraction >= 0 && fraction <= 1);
    }

    @Test
    void itsProgressNeverPassesTheEnd() {
        WhisperSTTService service = service(FakeSpeechEngine.hearing("네"));
        // Lengths whose shares of the whole round up and down.
        for (int samples = 16_000; samples < 17_000; samples += 7) {
            float[] sound = Sound.chirp(16_000, samples / 16_000.0);
            SpeechResult result = service.transcribe(job(Sound.wav(sound, 16_000), "ko"), JobScope.NONE);
            assertThat(result.segments().getLast().end()).isLessThanOrEqualTo(result.durationSeconds());
        }
    }

    @Test
    void saysWhatTheEngineSaid() {
        FakeSpeechEngine engine = new FakeSpeechEngine(heard -> {
            throw new EngineException(EngineException.Kind.OUT_OF_MEMORY, "no memory for a run");
        });
        assertThatThrownBy(() -> service(engine).transcribe(job(ORDER, "ko"), JobScope.NONE))
                .isInstanceOf(JobException.class).hasMessage("no memory for a run")
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.OUT_OF_MEMORY);
    }

    @Test
    void saysWhatIsWrongWithTheAudio() {
        assertThatThrownBy(() -> service(FakeSpeechEngine.hearing("x")).transcribe(job(new byte[] {1, 2, 3}, "ko"), JobScope.NONE))
                .isInstanceOf(JobException.class).extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.INVALID_AUDIO);
    }

    @Test
    void loadsAndUnloads() {
        FakeSpeechEngine engine = FakeSpeechEngine.hearing("x");
        WhisperSTTService service = service(engine);
        service.loadModel(JobScope.NONE);
        assertThat(engine.loaded()).isTrue();
        service.unloadModel();
        assertThat(engine.loaded()).isFalse();
    }

    @Test
    void hasNoModelWhereTheOneThatFindsSpeechIsMissing() {
        FakeSpeechEngine engine = FakeSpeechEngine.hearing("x");
        try (VoiceDetector voice = new SileroVoiceDetector(Path.of("/nowhere/vad.bin"))) {
            WhisperSTTService service = new WhisperSTTService(engine, voice, DECODER, SpeechSettings.DEFAULT);
            assertThatThrownBy(() -> service.loadModel(JobScope.NONE)).isInstanceOf(JobException.class)
                    .hasMessageContaining("/nowhere/vad.bin is missing")
                    .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.MODEL_NOT_AVAILABLE);
            assertThat(engine.loaded()).isFalse();
        }
    }

    @Test
    void refusesImpossibleSettings() {
        assertThatThrownBy(() -> new SpeechSettings(AudioLimits.DEFAULT, "ko", true, null, 31, true, 1, 1,
                SpeechSettings.DEFAULT.decoding())).hasMessageContaining("windowSeconds cannot be 31.0");
        assertThatThrownBy(() -> new SpeechSettings(AudioLimits.DEFAULT, "ko", true, null, 28, true, -1, 1,
                SpeechSettings.DEFAULT.decoding())).hasMessageContaining("windowMargin cannot be -1");
        assertThat(SpeechSettings.DEFAULT.withWords(false).words()).isFalse();
    }

    private static WhisperSTTService service(FakeSpeechEngine engine) {
        return service(engine, SpeechSettings.DEFAULT);
    }

    private static WhisperSTTService service(FakeSpeechEngine engine, SpeechSettings settings) {
        return new WhisperSTTService(engine, null, DECODER, settings);
    }

    private static SpeechJob job(byte[] audio, String language) {
        return new SpeechJob(new JobHeader("r-1", null, null), audio, "order.wav", "audio/wav", language);
    }

    /** Silence, sound that comes and goes as speech does, silence; in seconds. */
    private static byte[] speech(double before, double sound, double after) {
        float[] chirp = Sound.chirp(16_000, sound);
        float[] all = new float[(int) (16_000 * (before + after)) + chirp.length];
        System.arraycopy(chirp, 0, all, (int) (16_000 * before), chirp.length);
        return Sound.wav(all, 16_000);
    }
}
