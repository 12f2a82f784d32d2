package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AudioFormatTest {
    @ParameterizedTest
    @CsvSource({
        "audio/wav, WAV", "audio/x-wav, WAV", "audio/mpeg, MP3", "audio/mp4, MP4", "audio/x-m4a, MP4", "audio/3gpp, MP4",
        "video/mp4, MP4", "audio/webm;codecs=opus, WEBM", "'video/webm; codecs=\"vp8,opus\"', WEBM", "AUDIO/OGG, OGG",
        "audio/flac, FLAC", "audio/aiff, AIFF", "audio/AMR-WB, AMR", "audio/aac, AAC", "application/ogg, OGG",
        "audio/x-caf, CAF", "text/plain, ", "image/webm, ", "nonsense, ", "'', ", ", ",
    })
    void knowsMimeTypes(String mimeType, AudioFormat format) {
        assertThat(AudioFormat.ofMimeType(mimeType).orElse(null)).isEqualTo(format);
    }

    @ParameterizedTest
    @CsvSource({
        "order.wav, WAV", "a.b.MP3, MP3", "voice.m4a, MP4", "clip.3gp, MP4", "blob.webm, WEBM", "note.opus, OGG",
        "x.aif, AIFF", "x.awb, AMR", "wav, WAV", "order.txt, ", "'', ", ", ",
    })
    void knowsFileNames(String filename, AudioFormat format) {
        assertThat(AudioFormat.ofFilename(filename).orElse(null)).isEqualTo(format);
    }

    @ParameterizedTest
    @CsvSource({
        "5249464600000000574156450000, WAV", "5249465800000000574156450000, WAV", "5246363400000000574156450000, WAV",
        "1a45dfa3934282887765626d, WEBM", "4f67675300020000, OGG", "664c614300000022, FLAC",
        "464f524d00000000414946460000, AIFF", "464f524d00000000414946430000, AIFF", "2321414d520a, AMR",
        "2321414d522d57420a, AMR", "00000020667479704d344120, MP4", "0000000866726565, MP4", "0000100d6d6f6f76, MP4",
        "63616666000100000000, CAF", "4944330400000000000a00000000000000000000ffff, MP3",
    })
    void knowsContent(String hex, AudioFormat format) {
        assertThat(AudioSignature.format(HexFormat.of().parseHex(hex))).contains(format);
    }

    @Test
    void tellsMpegFramesByTheSecondOne() {
        byte[] file = new byte[1000];
        System.arraycopy(new byte[] {(byte) 0xFF, (byte) 0xFB, (byte) 0x90, 0}, 0, file, 0, 4);
        assertThat(AudioSignature.format(file)).as("a lone header is chance").isEmpty();
        // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
        System.arraycopy(file, 0, file, 417, 4);
        assertThat(AudioSignature.format(file)).contains(AudioFormat.MP3);
    }

    @Test
    void stepsOverAnId3TagToTheTrueFormat() {
        byte[] file = new byte[40];
        System.arraycopy("ID3".getBytes(StandardCharsets.US_ASCII), 0, file, 0, 3);
        file[9] = 10;
        System.arraycopy("fLaC".getBytes(StandardCharsets.US_ASCII), 0, file, 20, 4);
        assertThat(AudioSignature.format(file)).contains(AudioFormat.FLAC);
        file[8] = 127;
        assertThat(AudioSignature.afterId3(file)).isGreaterThan(file.length);
    }

    @ParameterizedTest
    @CsvSource({
        "504b030414000900, a zip archive", "255044462d312e34, a PDF", "89504e470d0a1a0a, a PNG picture",
        "ffd8ffe000104a46, a JPEG picture", "1f8b0800, gzip data", "7f454c46, a program",
    })
    void namesWhatIsNoAudio(String hex, String name) {
        byte[] file = HexFormat.of().parseHex(hex);
        assertThat(AudioSignature.format(file)).isEmpty();
        assertThat(AudioSignature.other(file)).contains(name);
    }

    @Test
    void neverFailsOnAnyBytes() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            byte[] file = new byte[random.nextInt(64)];
            random.nextBytes(file);
            if (i % 2 == 0 && file.length > 12) {
                byte[] start = "ID3OggSfLaC#!AMRftyp".getBytes(StandardCharsets.US_ASCII);
                int from = random.nextInt(start.length - 4);
                System.arraycopy(start, from, file, random.nextInt(2) * 4, 4);
            }
            AudioSignature.format(file);
            for (AudioFormat format : AudioFormat.values()) {
                ContainerEnd.cut(format, file);
            }
        }
        assertThat(AudioSignature.format(new byte[0])).isEmpty();
        assertThat(Arrays.stream(AudioFormat.values()).map(AudioFormat::demuxer)).doesNotHaveDuplicates();
    }
}
