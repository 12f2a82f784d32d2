package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.TestScope;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is decided without ffmpeg: PCM, errors, limits. */
class AudioDecoderTest {
    private static final FfmpegProgram NO_FFMPEG =
            new FfmpegProgram(null, "relative::/nowhere", new FfmpegArchive(null, Path.of("/nowhere")));
    private final AudioDecoder decoder = new AudioDecoder(NO_FFMPEG, AudioLimits.DEFAULT);

    @ParameterizedTest
    @ValueSource(ints = {8000, 11025, 16000, 22050, 44100, 48000})
    void decodesPcmAtAnyRate(int rate) {
        Recording recording = decode(Sound.wav(Sound.chirp(rate, 2), rate, 2, SampleCoding.PCM_S16));
        assertThat(recording.seconds()).isCloseTo(2, within(0.001));
        float[] expected = Sound.chirp(16000, 2);
        assertThat(Sound.likeness(expected, recording.window(0, recording.size()), 2)).isGreaterThan(0.999);
    }

    @Test
    void believesTheContentBeforeTheLabels() {
        byte[] wav = Sound.wav(Sound.chirp(16000, 1), 16000);
        assertThat(decoder.decode(wav, "audio/mpeg", "voice.m4a", JobScope.NONE).seconds()).isEqualTo(1.0);
    }

    @Test
    void refusesWhatIsNoAudio() {
        byte[] zip = HexFormat.of().parseHex("504b0304140009006300");
        assertInvalid(zip, "audio/mpeg", "song.mp3",
                "audio_bytes is a zip archive, not audio (mime_type \"audio/mpeg\", filename \"song.mp3\")");
        assertInvalid("Hello, I am a text".getBytes(StandardCharsets.UTF_8), "audio/wav", null,
                "it begins with 48 65 6c 6c 6f 2c 20 49 (mime_type \"audio/wav\")");
        assertInvalid(new byte[0], "audio/wav", null, "audio_bytes is empty");
        assertInvalid(new byte[] {1}, null, "가".repeat(100) + "😀".repeat(100), "begins with 01 (filename \"가가");
    }

    @Test
    void refusesRecordingsWithoutSpeech() {
        assertInvalid(Sound.wav(new float[0], 16000), null, null, "has a header but no audio");
        assertInvalid(Sound.wav(new float[] {0.1f}, 16000), null, null, "holds 1 samples, 0.0001 s of audio; at least 0.1 s");
        float[] clipped = Sound.tone(16000, 1, 300, 3);
        for (int i = 0; i < clipped.length; i++) {
            clipped[i] = Math.clamp(clipped[i], -1f, 1f);
        }
        assertInvalid(Sound.wav(clipped, 16000), null, null, "is clipped: 79 % of its samples are at full scale");
        float[] overdriven = Sound.tone(16000, 1, 300, 1.05);
        assertThat(decode(Sound.wav(overdriven, 16000)).seconds()).as("a little is borne").isEqualTo(1.0);
    }

    @Test
    void refusesNotANumberAndCutFiles() {
        float[] samples = Sound.chirp(16000, 1);
        samples[500] = Float.NaN;
        assertInvalid(Sound.wav(samples, 16000, 1, SampleCoding.FLOAT_32), null, null, "the sample NaN at 500");
        byte[] file = Sound.wav(Sound.chirp(16000, 1), 16000);
        assertInvalid(Arrays.copyOf(file, file.length / 2), null, null, "was cut");
    }

    @ParameterizedTest
    @CsvSource({"900, audio_bytes has 32044 bytes; at most 900 are taken", "1000000, holds more than 0.5 s of audio"})
    void keepsItsLimits(long bytes, String message) {
        AudioDecoder limited = new AudioDecoder(NO_FFMPEG,
                new AudioLimits(bytes, 0.1, 0.5, 0.25, Duration.ofSeconds(1), 1L << 30));
        byte[] file = Sound.wav(Sound.chirp(16000, 1), 16000);
        assertThatThrownBy(() -> limited.decode(file, null, null, JobScope.NONE)).isInstanceOf(JobException.class)
                .hasMessageContaining(message).extracting(e -> ((JobException) e).code())
                .isEqualTo(ErrorCode.AUDIO_TOO_LONG);
    }

    @Test
    void stopsWhenCancelled() {
        JobScope cancelled = new TestScope(() -> true, (stage, fraction) -> {
            throw new AssertionError("nothing to tell");
        });
        byte[] file = Sound.wav(Sound.chirp(16000, 1), 16000);
        assertThatThrownBy(() -> decoder.decode(file, null, null, cancelled))
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.CANCELLED);
    }

    @Test
    void saysWhenThereIsNoFfmpeg() {
        assertThatThrownBy(() -> decode(HexFormat.of().parseHex("664c614300000022")))
                .isInstanceOf(JobException.class).hasMessageContaining("install ffmpeg")
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.MODEL_NOT_AVAILABLE);
    }

    @Test
    void refusesImpossibleLimits() {
        assertThatThrownBy(() -> new AudioLimits(0, 0.1, 10, 0.25, Duration.ofSeconds(1), 1L << 30))
                .hasMessageContaining("maxBytes cannot be 0");
        assertThatThrownBy(() -> new AudioLimits(10, 0.1, Double.NaN, 0.25, Duration.ofSeconds(1), 1L << 30))
                .hasMessageContaining("maxSeconds cannot be NaN");
        assertThatThrownBy(() -> new AudioLimits(10, 0.1, 10, 0.25, Duration.ZERO, 1L << 30))
                .hasMessageContaining("decodeTime");
    }

    private Recording decode(byte[] file) {
        return decoder.decode(file, null, null, JobScope.NONE);
    }

    private void assertInvalid(byte[] file, String mimeType, String filename, String message) {
        assertThatThrownBy(() -> decoder.decode(file, mimeType, filename, JobScope.NONE))
                .isInstanceOf(JobException.class).hasMessageContaining(message)
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.INVALID_AUDIO);
    }
}
