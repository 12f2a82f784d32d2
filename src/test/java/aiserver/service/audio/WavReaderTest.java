package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WavReaderTest {
    private static final float[] CHIRP = Sound.chirp(8000, 0.5);

    @ParameterizedTest
    @EnumSource(SampleCoding.class)
    void readsEveryCoding(SampleCoding coding) throws IOException {
        for (int channels : new int[] {1, 2, 6}) {
            float[] read = read(Sound.wav(CHIRP, 8000, channels, coding));
            assertThat(read).hasSize(CHIRP.length);
            float tolerance = switch (coding) {
                case PCM_U8 -> 1 / 250f;
                case A_LAW, MU_LAW -> 0.02f;
                default -> 1 / 32000f;
            };
            for (int i = 0; i < read.length; i++) {
                assertThat(read[i]).as("%s, %d channels, sample %d", coding, channels, i)
                        .isCloseTo(CHIRP[i], within(tolerance));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0xFF, 0", "0x7F, 0", "0x80, 32124", "0x00, -32124", "0xCF, 924", "0xEF, 132"})
    void mulawIsThatOfG711(String code, int value) {
        float read = SampleCoding.MU_LAW.read(ByteBuffer.wrap(new byte[] {(byte) (int) Integer.decode(code)}));
        assertThat(read * 32768).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({"0xD5, 8", "0x55, -8", "0xAA, 32256", "0x2A, -32256", "0x80, 5504"})
    void alawIsThatOfG711(String code, int value) {
        float read = SampleCoding.A_LAW.read(ByteBuffer.wrap(new byte[] {(byte) (int) Integer.decode(code)}));
        assertThat(read * 32768).isEqualTo(value);
    }

    @Test
    void mixesChannelsToTheirMean() throws IOException {
        byte[] stereo = ByteBuffer.allocate(8).order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putShort((short) 16384).putShort((short) 0).putShort((short) -8192).putShort((short) 8192).array();
        assertThat(read(Sound.file(Sound.fmt(1, 16000, 2, 16), "data", 8, stereo))).containsExactly(0.25f, 0f);
    }

    @Test
    void readsExtensibleFormat() throws IOException {
        byte[] data = Sound.data(CHIRP, 2, SampleCoding.FLOAT_32);
        assertThat(read(Sound.file(Sound.extensible(3, 48000, 2, 32), "data", data.length, data))).containsExactly(CHIRP);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0xFFFF_FFFFL, 0x7FFF_FFFFL, 0x7FFF_F000L, 0x8000_0000L})
    void readsStreamedFilesToTheirEnd(long size) throws IOException {
        byte[] data = Sound.data(CHIRP, 1, SampleCoding.PCM_S16);
        assertThat(read(Sound.file(Sound.fmt(1, 8000, 1, 16), "data", size, data))).hasSize(CHIRP.length);
    }

    @Test
    void stepsOverOddChunks() throws IOException {
        byte[] odd = Sound.chunk("LIST", "odd".getBytes(StandardCharsets.US_ASCII));
        byte[] data = Sound.data(CHIRP, 1, SampleCoding.PCM_S16);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes("RIFF\0\0\0\0WAVE".getBytes(StandardCharsets.US_ASCII));
        file.writeBytes(odd);
        file.writeBytes(Sound.chunk("fmt ", Sound.fmt(1, 8000, 1, 16)));
        file.writeBytes(odd);
        file.writeBytes(Sound.chunk("data", data));
        file.writeBytes(odd);
        assertThat(read(file.toByteArray())).hasSize(CHIRP.length);
    }

    @Test
    void readsTheLengthOfHugeFilesFromDs64() throws IOException {
        byte[] data = Sound.data(CHIRP, 1, SampleCoding.PCM_S16);
        byte[] ds64 = ByteBuffer.allocate(28).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(0).putLong(data.length).array();
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes("RF64\0\0\0\0WAVE".getBytes(StandardCharsets.US_ASCII));
        file.writeBytes(Sound.chunk("ds64", ds64));
        file.writeBytes(Sound.chunk("fmt ", Sound.fmt(1, 8000, 1, 16)));
        file.writeBytes("data".getBytes(StandardCharsets.US_ASCII));
        file.writeBytes(Sound.int32(-1));
        file.writeBytes(data);
        file.writeBytes(Sound.chunk("LIST", new byte[40]));
        assertThat(read(file.toByteArray())).hasSize(CHIRP.length);
    }

    @Test
    void headerOnlyHasNoFrames() throws IOException {
        assertThat(read(Sound.file(Sound.fmt(1, 8000, 1, 16), "data", 0, new byte[0]))).isEmpty();
        byte[] listBehind = Sound.chunk("LIST", new byte[20]);
        assertThat(read(Sound.file(Sound.fmt(1, 8000, 1, 16), "data", 0, listBehind))).isEmpty();
    }

    @Test
    void countsFullScale() throws IOException {
        WavReader reader = open(Sound.wav(new float[] {1, -1, 0.5f, 0}, 8000));
        reader.read(new float[100]);
        assertThat(reader.clipped()).isEqualTo(2);
        assertThat(reader.framesRead()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 32767f})
    void refusesWhatIsNoSample(float sample) {
        assertInvalid(Sound.wav(new float[] {0, 0, sample}, 8000, 1, SampleCoding.FLOAT_32), "the sample " + sample + " at 2");
    }

    @Test
    void refusesCutFiles() {
        byte[] file = Sound.wav(CHIRP, 8000);
        assertInvalid(Arrays.copyOf(file, file.length - 100), "should have 8000 bytes, but 7900 are there");
        assertInvalid(Arrays.copyOf(file, 30), "\"fmt \" chunk should have 16 bytes, but 10 are there");
        assertInvalid(Arrays.copyOf(file, 36), "ends before its \"data\" chunk");
        assertInvalid(Arrays.copyOf(file, 10), "ends before its RIFF header");
    }

    @Test
    void refusesImpossibleHeaders() {
        assertInvalid(Sound.file(Sound.fmt(1, 8000, 0, 16), "data", 2, new byte[2]), "0 channels");
        assertInvalid(Sound.file(Sound.fmt(1, 8000, 1000, 16), "data", 2, new byte[2]), "1000 channels");
        assertInvalid(Sound.file(Sound.fmt(1, 0, 1, 16), "data", 2, new byte[2]), "0 samples a second");
        assertInvalid(Sound.file(Sound.fmt(1, -1, 1, 16), "data", 2, new byte[2]), "4294967295 samples a second");
        byte[] fmt = Sound.fmt(1, 8000, 2, 16);
        fmt[12] = 3;
        assertInvalid(Sound.file(fmt, "data", 2, new byte[2]), "blocks have 3 bytes; 2 channels of 16 bits need 4");
        assertInvalid("RIFF\0\0\0\0WAVEdata\0\0\0\0".getBytes(StandardCharsets.US_ASCII), "data comes before");
        assertInvalid("no wav at all".getBytes(StandardCharsets.US_ASCII), "begins with \"no w\"");
    }

    private static void assertInvalid(byte[] file, String message) {
        assertThatThrownBy(() -> read(file)).isInstanceOf(JobException.class).hasMessageContaining(message)
                .extracting(e -> ((JobException) e).code()).isEqualTo(ErrorCode.INVALID_AUDIO);
    }

    private static WavReader open(byte[] file) throws IOException {
        ByteArrayInputStream in = new ByteArrayInputStream(file);
        return WavReader.of(in, WavHeader.read(in, file.length));
    }

    private static float[] read(byte[] file) throws IOException {
        WavReader reader = open(file);
        float[] all = new float[1 << 16];
        float[] part = new float[333];
        int size = 0;
        for (int count = reader.read(part); count > 0; count = reader.read(part)) {
            System.arraycopy(part, 0, all, size, count);
            size += count;
        }
        return Arrays.copyOf(all, size);
    }
}
