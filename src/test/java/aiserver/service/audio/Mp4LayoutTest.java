package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.JobException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class Mp4LayoutTest {
    private static final byte[] FTYP = box("ftyp", "M4A ".getBytes(StandardCharsets.US_ASCII));
    private static final byte[] MDAT = box("mdat", "the sound itself".getBytes(StandardCharsets.US_ASCII));

    @Test
    void movesTheIndexAheadAndItsOffsetsAlong() {
        int sound = FTYP.length + 8;
        byte[] file = join(FTYP, MDAT, moov(stco(sound, sound + 4)), box("free", new byte[3]));
        byte[] streamable = join(Mp4Layout.streamable(file));
        assertThat(streamable).hasSameSizeAs(file);
        assertThat(AudioSignature.tag(streamable, FTYP.length + 4)).isEqualTo("moov");
        int[] offsets = {lastInt(streamable, "stco", 12), lastInt(streamable, "stco", 16)};
        assertThat(new String(streamable, offsets[0], 9, StandardCharsets.US_ASCII)).isEqualTo("the sound");
        assertThat(new String(streamable, offsets[1], 5, StandardCharsets.US_ASCII)).isEqualTo("sound");
        assertThat(AudioSignature.tag(streamable, streamable.length - 7)).isEqualTo("free");
    }

    @Test
    void movesWideOffsets() {
        long sound = FTYP.length + 8;
        byte[] co64 = box("co64", ByteBuffer.allocate(16).putInt(0).putInt(1).putLong(sound).array());
        byte[] streamable = join(Mp4Layout.streamable(join(FTYP, MDAT, moov(co64))));
        int offset = lastInt(streamable, "co64", 16);
        assertThat(new String(streamable, offset, 9, StandardCharsets.US_ASCII)).isEqualTo("the sound");
    }

    @Test
    void leavesAFileWithItsIndexAheadAlone() {
        byte[] file = join(FTYP, moov(stco(0)), MDAT);
        List<ByteBuffer> parts = Mp4Layout.streamable(file);
        assertThat(parts).hasSize(1);
        assertThat(parts.getFirst().array()).isSameAs(file);
    }

    @Test
    void refusesCutAndDamagedFiles() {
        byte[] file = join(FTYP, MDAT, moov(stco(20)));
        assertInvalid(Arrays.copyOf(file, file.length - 3), "was cut: its \"moov\" box");
        assertInvalid(Arrays.copyOf(file, FTYP.length + 10), "was cut: its \"mdat\" box should have 24 bytes, but 10");
        assertInvalid(join(FTYP, MDAT), "has no index");
        assertInvalid(join(FTYP, ByteBuffer.allocate(8).putInt(4).put("mdat".getBytes()).array()), "has the size 4");
        byte[] tooMany = box("stco", ByteBuffer.allocate(12).putInt(0).putInt(Integer.MAX_VALUE).putInt(1).array());
        assertInvalid(join(FTYP, MDAT, moov(tooMany)), "too short for its table");
        byte[] huge = box("mdat", new byte[16]);
        ByteBuffer.wrap(huge).putInt(0, 1).putLong(8, Long.MAX_VALUE);
        assertInvalid(join(FTYP, huge), "was cut");
    }

    private static void assertInvalid(byte[] file, String message) {
        assertThatThrownBy(() -> Mp4Layout.streamable(file)).isInstanceOf(JobException.class).hasMessageContaining(message);
    }

    private static byte[] stco(int... offsets) {
        ByteBuffer content = ByteBuffer.allocate(8 + 4 * offsets.length).putInt(0).putInt(offsets.length);
        Arrays.stream(offsets).forEach(content::putInt);
        return box("stco", content.array());
    }

    private static byte[] moov(byte[] table) {
        return box("moov", join(box("mvhd", new byte[4]),
                box("trak", box("mdia", box("minf", box("stbl", table))))));
    }

    private static byte[] box(String type, byte[] content) {
        return ByteBuffer.allocate(8 + content.length).putInt(8 + content.length)
                .put(type.getBytes(StandardCharsets.US_ASCII)).put(content).array();
    }

    private static int lastInt(byte[] file, String type, int behind) {
        int at = new String(file, StandardCharsets.ISO_8859_1).indexOf(type) - 4;
        return ByteBuffer.wrap(file).getInt(at + 4 + behind);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static byte[] join(List<ByteBuffer> parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        parts.forEach(part -> out.write(part.array(), part.arrayOffset() + part.position(), part.remaining()));
        return out.toByteArray();
    }
}
