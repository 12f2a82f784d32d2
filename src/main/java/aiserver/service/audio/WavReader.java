package aiserver.service.audio;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Samples of a WAV stream, mixed to one channel as they are read, with count of those at full scale. Both a file as
 * it was sent and what ffmpeg writes come through here. Owned and closed by nobody: the caller owns the stream.
 * One thread.
 */
final class WavReader {
    /** Full scale for all codings: mu-law ends at 0.980, 8 bits at 0.992. */
    private static final float FULL_SCALE = 0.975f;
    /** A float file that goes this far holds integers, not floats. */
    private static final float ABSURD = 64f;

    private final InputStream in;
    private final WavHeader header;
    private final ByteBuffer block;
    private long framesRead;
    private long clipped;

    private WavReader(InputStream in, WavHeader header) {
        this.in = in;
        this.header = header;
        int frame = header.coding().bytes() * header.channels();
        this.block = ByteBuffer.allocate(frame * 2048).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** @param header with a coding, read from the same stream just before */
    static WavReader of(InputStream in, WavHeader header) {
        return new WavReader(in, header);
    }

    int rate() {
        return header.rate();
    }

    /** Samples of one channel so far. */
    long framesRead() {
        return framesRead;
    }

    /** How many of all frames so far had a channel at full scale. */
    long clipped() {
        return clipped;
    }

    /**
     * Reads up to {@code mono.length} samples, finite, within -1 to 1.
     *
     * @return how many, or 0 at the end
     * @throws JobException INVALID_AUDIO for a sample that is no number or a stream that ends too early
     */
    int read(float[] mono) throws IOException {
        SampleCoding coding = header.coding();
        int channels = header.channels();
        int frame = coding.bytes() * channels;
        long left = header.frames() < 0 ? Long.MAX_VALUE : header.frames() - framesRead;
        int wanted = (int) Math.min(Math.min(mono.length, block.capacity() / frame), left);
        int bytes = in.readNBytes(block.array(), 0, wanted * frame);
        int frames = bytes / frame;
        if (frames < wanted && header.frames() >= 0) {
            throw new JobException(ErrorCode.INVALID_AUDIO, "audio_bytes is a WAV file that was cut: it should have "
                    + header.frames() + " samples, but " + (framesRead + frames) + " are there");
        }
        block.clear();
        for (int i = 0; i < frames; i++) {
            float sum = 0;
            boolean full = false;
            for (int channel = 0; channel < channels; channel++) {
                float sample = coding.read(block);
                if (!(Math.abs(sample) < ABSURD)) {
                    throw notANumber(sample, framesRead + i);
                }
                full |= Math.abs(sample) >= FULL_SCALE;
                sum += sample;
            }
            mono[i] = Math.clamp(sum / channels, -1f, 1f);
            clipped += full ? 1 : 0;
        }
        framesRead += frames;
        return frames;
    }

    private static JobException notANumber(float sample, long index) {
        return new JobException(ErrorCode.INVALID_AUDIO, "audio_bytes has the sample " + sample + " at " + index
                + "; samples must be numbers from -1 to 1");
    }
}
