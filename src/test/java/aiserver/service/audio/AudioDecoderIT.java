package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every format that browsers, phones and recorders send, written here by ffmpeg and decoded by the worker's decoder. */
class AudioDecoderIT {
    private static final double SECONDS = 2;
    private static final float[] CHIRP = Sound.chirp(16000, SECONDS);
    private final AudioDecoder decoder = new AudioDecoder(Encoder.CARRIED, AudioLimits.DEFAULT);

    private static final Map<String, byte[]> FILES = new ConcurrentHashMap<>();

    private record Kind(String name, double likeness, String ending, String... options) {
        byte[] file() {
            return FILES.computeIfAbsent(name, key -> Encoder.chirp(SECONDS, ending, options));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static final Kind[] KINDS = {
        new Kind("mp3", 0.99, "mp3", "-c:a", "libmp3lame", "-b:a", "64k"),
        new Kind("mp3, 22 kHz, no Xing tag", 0.99, "mp3", "-ar", "22050", "-b:a", "48k", "-write_xing", "0"),
        new Kind("m4a, index last", 0.99, "m4a", "-c:a", "aac"),
        new Kind("m4a, index first", 0.99, "m4a", "-c:a", "aac", "-movflags", "+faststart"),
        new Kind("m4a, Apple lossless", 0.999, "m4a", "-c:a", "alac"),
        new Kind("fragmented mp4", 0.95, "mp4", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
        new Kind("3gp with AMR", 0.8, "3gp", "-c:a", "libopencore_amrnb", "-ar", "8000", "-b:a", "12.2k"),
        new Kind("amr", 0.8, "amr", "-c:a", "libopencore_amrnb", "-ar", "8000", "-b:a", "12.2k"),
        new Kind("wide-band amr", 0.8, "amr", "-c:a", "libvo_amrwbenc", "-ar", "16000", "-b:a", "23.85k"),
        new Kind("ogg opus", 0.95, "ogg", "-c:a", "libopus", "-b:a", "32k"),
        new Kind("ogg vorbis, stereo", 0.95, "ogg", "-c:a", "vorbis", "-strict", "-2", "-ac", "2", "-b:a", "96k"),
        new Kind("webm opus", 0.95, "webm", "-c:a", "libopus", "-b:a", "32k"),
        new Kind("live webm without a duration", 0.95, "webm", "-c:a", "libopus", "-b:a", "32k", "-live", "1"),
        new Kind("matroska with PCM", 0.999, "mka", "-c:a", "pcm_s16le"),
        new Kind("flac, 24 bits, stereo", 0.999, "flac", "-ac", "2", "-sample_fmt", "s32"),
        new Kind("aiff", 0.999, "aiff", "-c:a", "pcm_s16be"),
        new Kind("compressed aiff-c", 0.99, "aiff", "-c:a", "pcm_mulaw", "-ar", "16000"),
        new Kind("caf", 0.999, "caf", "-c:a", "pcm_s16le"),
        new Kind("bare aac", 0.95, "aac", "-c:a", "aac"),
        new Kind("wav with ADPCM", 0.99, "wav", "-c:a", "adpcm_ms"),
        new Kind("wav, 5.1 channels, 24 bits", 0.999, "wav", "-ac", "6", "-c:a", "pcm_s24le"),
        new Kind("wav with mu-law", 0.99, "wav", "-c:a", "pcm_mulaw", "-ar", "8000"),
    };

    static Stream<Kind> kinds() {
        return Stream.of(KINDS);
    }

    /** Formats that say where they end, and so show that they were cut. */
    static Stream<Arguments> cuts() {
        return kinds().filter(kind -> !kind.name.contains("caf"))
                .flatMap(kind -> Stream.of(0.4, 0.7).map(share -> Arguments.of(kind, share)));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void decodesWhatItWasGiven(Kind kind) {
        Recording recording = decode(kind.file());
        assertThat(recording.seconds()).isCloseTo(SECONDS, within(0.1));
        float[] heard = recording.window(0, recording.size());
        assertThat(Sound.likeness(CHIRP, heard, 1600)).isGreaterThan(kind.likeness);
        // ffmpeg spreads one channel over two with 3 dB less, and over six into the middle one alone.
        assertThat(Sound.rms(heard) / Sound.rms(CHIRP)).isBetween(0.16, 1.2);
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void refusesWhatWasCut(Kind kind, double share) {
        byte[] file = kind.file();
        assertInvalid(Arrays.copyOf(file, (int) (file.length * share)), "audio_bytes ");
    }

    @Test
    void saysWhatWasCut() {
        byte[] file = KINDS[0].file();
        assertInvalid(Arrays.copyOf(file, file.length / 2), "MP3 file that was cut: its last frame lacks");
        byte[] ogg = Encoder.chirp(SECONDS, "ogg", "-c:a", "libopus");
        assertInvalid(Arrays.copyOf(ogg, ogg.length / 2), "OGG file that was cut: its last page lacks");
        byte[] webm = Encoder.chirp(SECONDS, "webm", "-c:a", "libopus", "-live", "1");
        assertInvalid(Arrays.copyOf(webm, webm.length / 2), "WEBM file that was cut: its last element lacks");
    }

    @ParameterizedTest
    @ValueSource(strings = {"webm", "mka", "m4a", "mp4"})
    void takesRecordingsWhoseClockDoesNotBeginAtZero(String ending) {
        byte[] file = Encoder.chirp(SECONDS, ending, "-c:a", ending.startsWith("m") ? "aac" : "libopus",
                "-output_ts_offset", "20");
        assertThat(decode(file).seconds()).isCloseTo(SECONDS, within(0.1));
    }

    @ParameterizedTest
    @ValueSource(strings = {"webm", "live webm", "m4a"})
    void keepsTheTimeOfWhatFollowsAPause(String kind) {
        String pause = "setts=ts='if(gt(TS*TB,1),TS+4/TB,TS)'";
        byte[] file = Encoder.chirp(SECONDS, kind.replace("live ", ""), "-c:a", kind.equals("m4a") ? "aac" : "libopus",
                "-live", kind.startsWith("live") ? "1" : "0", "-bsf:a", pause);
        Recording recording = decode(file);
        assertThat(recording.seconds()).isCloseTo(SECONDS + 4, within(0.1));
        assertThat(Sound.rms(recording.window(20_000, 76_000))).isLessThan(0.001);
        float[] after = Arrays.copyOfRange(CHIRP, 20_000, 30_000);
        assertThat(Sound.likeness(after, recording.window(84_000, 94_000), 1600)).isGreaterThan(0.95);
    }

    @Test
    void hearsBothOfTwoRecordingsThatWereJoined() {
        byte[] one = Encoder.chirp(SECONDS, "webm", "-c:a", "libopus", "-live", "1");
        byte[] two = Arrays.copyOf(one, 2 * one.length);
        System.arraycopy(one, 0, two, one.length, one.length);
        assertThat(decode(two).seconds()).isCloseTo(2 * SECONDS, within(0.1));
    }

    @Test
    void doesNotFillWhatAClockWasSetForward() {
        byte[] file = Encoder.chirp(SECONDS, "webm", "-c:a", "libopus", "-live", "1",
                "-bsf:a", "setts=ts='if(gt(TS*TB,1),TS+3600/TB,TS)'");
        assertThat(decode(file).seconds()).isCloseTo(SECONDS, within(0.1));
    }

    /** A title is printed among ffmpeg's messages. */
    @ParameterizedTest
    @ValueSource(strings = {"[error] forged", "Video: forged", "Duration: 99999999999:00:00.00"})
    void believesNoTitle(String title) {
        byte[] file = Encoder.chirp(SECONDS, "aiff", "-c:a", "pcm_s16be", "-metadata", "title=" + title);
        assertThat(decode(file).seconds()).isCloseTo(SECONDS, within(0.1));
        assertInvalid(Arrays.copyOf(file, file.length / 2), "was cut: it should have 2.0 s, but 1.0 s are there");
        byte[] flac = Encoder.chirp(SECONDS, "flac", "-metadata", "title=" + title);
        assertThatThrownBy(() -> decode(Arrays.copyOf(flac, flac.length / 2))).message().doesNotContain("forged");
    }

    /** The long ones are turned down while ffmpeg still writes, the short ones after it ended well. */
    @ParameterizedTest
    @ValueSource(doubles = {0.2, 5})
    void saysWhatIsWrongWithTheSamplesOfAnyFormat(double seconds) {
        float[] samples = Sound.chirp(48000, seconds);
        samples[1000] = Float.NaN;
        byte[] wav = Sound.wav(samples, 48000, 1, SampleCoding.FLOAT_32);
        assertInvalid(Encoder.encode(wav, "caf", "-c:a", "copy"), "the sample NaN at 1000");
        byte[] slow = Sound.wav(Sound.tone(500, 100 * seconds, 100, 0.3), 500);
        for (String ending : List.of("flac", "aiff")) {
            assertInvalid(Encoder.encode(slow, ending), "audio_bytes has 500 samples a second; possible are 1000 to 384000");
        }
    }

    @Test
    void refusesAHeaderWithNothingBehindIt() {
        for (String ending : new String[] {"flac", "mp3", "ogg", "webm", "aiff", "m4a"}) {
            byte[] file = Encoder.chirp(SECONDS, ending);
            assertInvalid(Arrays.copyOf(file, 60), "audio_bytes ");
        }
    }

    @Test
    void refusesAPictureWithoutSound() {
        byte[] silent = Encoder.encode(Sound.wav(Sound.chirp(8000, 1), 8000), "mp4", "-filter_complex",
                "color=red:size=64x64:duration=1", "-c:v", "mpeg4", "-an", "-map", "0:v?");
        assertInvalid(silent, "audio_bytes cannot be decoded: ");
    }

    @Test
    void hearsTheSoundOfAVideo() {
        byte[] video = Encoder.encode(Sound.wav(Sound.chirp(48000, SECONDS), 48000), "webm", "-filter_complex",
                "color=red:size=64x64:duration=4[v]", "-map", "[v]", "-map", "0:a", "-c:v", "libvpx", "-c:a", "libopus");
        Recording recording = decode(video);
        assertThat(Sound.likeness(CHIRP, recording.window(0, recording.size()), 1600)).isGreaterThan(0.95);
    }

    @Test
    void findsMp3FramesBehindJunkWhereTheLabelSaysSo() {
        byte[] file = Encoder.chirp(SECONDS, "mp3", "-write_xing", "0", "-id3v2_version", "0");
        byte[] behindJunk = new byte[file.length + 100];
        System.arraycopy(file, 0, behindJunk, 100, file.length);
        assertThat(decoder.decode(behindJunk, "audio/mpeg", null, JobScope.NONE).seconds())
                .isCloseTo(SECONDS, within(0.1));
        assertThatThrownBy(() -> decode(behindJunk)).hasMessageContaining("no audio format that is known");
    }

    @Test
    void thirtyMinutesStayWithinTheirMemory() {
        double seconds = 1795;
        byte[] file = Encoder.encode(Sound.wav(Sound.tone(8000, seconds, 440, 0.3), 8000), "ogg",
                "-c:a", "libopus", "-b:a", "8k", "-application", "lowdelay");
        long before = usedMemory();
        Recording recording = decode(file);
        long kept = usedMemory() - before;
        assertThat(recording.seconds()).isCloseTo(seconds, within(0.1));
        assertThat(kept).as("two bytes a sample and little more").isLessThan((long) (seconds * 32_000 * 1.2));
        assertThat(Sound.rms(recording.window(recording.size() - 32_000, recording.size() - 16_000)))
                .isCloseTo(0.3 / Math.sqrt(2), within(0.03));
    }

    private static long usedMemory() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private Recording decode(byte[] file) {
        return decoder.decode(file, null, null, JobScope.NONE);
    }

    private void assertInvalid(byte[] file, String message) {
        assertThatThrownBy(() -> decode(file)).isInstanceOf(JobException.class).hasMessageContaining(message)
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.INVALID_AUDIO);
    }
}
