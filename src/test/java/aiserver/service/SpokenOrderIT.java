package aiserver.service;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.WhisperEngine;
import aiserver.engine.WhisperSettings;
import aiserver.job.JobHeader;
import aiserver.job.JobScope;
import aiserver.job.SpeechJob;
import aiserver.job.SpeechResult;
import aiserver.service.audio.AudioDecoder;
import aiserver.service.audio.AudioLimits;
import aiserver.service.audio.Encoder;
import aiserver.service.audio.Sound;
import aiserver.service.speech.SpeechSettings;
import aiserver.service.speech.WhisperSTTService;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The demo's spoken order, heard by the project's own small trained model, whatever it comes in. */
class SpokenOrderIT {
    private static final String SAID = "초콜릿 케이크 하나 주문할게요. 딸기를 올려 주세요.";
    private static final SpeechSettings AS_IN_THE_DEMO = SpeechSettings.DEFAULT.withWords(false);
    private static byte[] order;
    private static WhisperEngine engine;

    @BeforeAll
    static void load() throws IOException {
        try (InputStream in = SpokenOrderIT.class.getResourceAsStream("/aiserver/demo/order-ko.wav")) {
            order = in.readAllBytes();
        }
        Path model = Path.of(System.getProperty("aiserver.basedir", ""), "models-gguf", "demo", "whisper-demo.bin");
        engine = new WhisperEngine(new WhisperSettings(model, "cpu", 1, 2, false));
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    @Test
    void hearsAKoreanOrder() {
        SpeechResult result = hear(order, null);
        assertThat(result.language()).isEqualTo("ko");
        assertThat(result.languageProbability()).isGreaterThan(0.5);
        assertThat(result.text()).isEqualTo(SAID);
        assertThat(result.segments()).isNotEmpty();
        assertThat(result.segments().getLast().end()).isLessThanOrEqualTo(result.durationSeconds());
    }

    /** Nothing is lost in these, so the samples are the same and with them the text. */
    @ParameterizedTest
    @CsvSource({
        "wav, -c:a pcm_s24le", "wav, -c:a pcm_f32le", "wav, -c:a pcm_s32le", "flac, -c:a flac", "aiff, -c:a pcm_s16be",
        "m4a, -c:a alac", "caf, -c:a pcm_s16le", "mka, -c:a pcm_s16le",
    })
    void sameTextInEveryFormatWithoutLoss(String ending, String options) {
        byte[] file = Encoder.encode(order, ending, options.split(" "));
        assertThat(hear(file, "ko").text()).isEqualTo(SAID);
    }

    @ParameterizedTest
    @CsvSource({
        "mp3, -b:a 96k", "m4a, -c:a aac -b:a 96k", "mp4, -c:a aac -b:a 96k -movflags frag_keyframe+empty_moov",
        "ogg, -c:a libopus -b:a 64k", "webm, -c:a libopus -b:a 64k", "webm, -c:a libopus -b:a 64k -live 1",
    })
    void sameTextInEveryFormatWithLoss(String ending, String options) {
        byte[] file = Encoder.encode(order, ending, options.split(" "));
        assertThat(hear(file, "ko").text()).isEqualTo(SAID);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.0005, 0.01, 0.1})
    void hearsNothingInNoise(double rms) {
        for (long seed : List.of(1L, 2L, 3L)) {
            byte[] noise = Sound.wav(Sound.noise(16_000, 4, rms, seed), 16_000);
            assertThat(hear(noise, "ko").text()).isEmpty();
        }
    }

    @Test
    void hearsTheOrderBehindALongPause() {
        byte[] file = Encoder.encode(order, "wav", "-af", "adelay=delays=40s:all=1", "-ar", "16000");
        SpeechResult result = hear(file, "ko");
        assertThat(result.text()).isEqualTo(SAID);
        assertThat(result.segments().getFirst().start()).isGreaterThan(39);
    }

    private static SpeechResult hear(byte[] file, String language) {
        AudioDecoder decoder = new AudioDecoder(Encoder.CARRIED, AudioLimits.DEFAULT);
        return new WhisperSTTService(engine, null, decoder, AS_IN_THE_DEMO).transcribe(
                new SpeechJob(new JobHeader("r-1", null, null), file, null, null, language), JobScope.NONE);
    }
}
