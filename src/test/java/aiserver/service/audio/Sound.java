package aiserver.service.audio;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Sounds that tests make themselves, and WAV files of them in every coding, well-formed or not. */
public final class Sound {
    private Sound() {
    }

    /** A chirp from 200 to 3000 Hz whose loudness comes and goes three times a second, as syllables do. */
    public static float[] chirp(int rate, double seconds) {
        float[] samples = new float[(int) Math.round(rate * seconds)];
        for (int i = 0; i < samples.length; i++) {
            double t = (double) i / rate;
            double phase = 2 * Math.PI * (200 * t + 1400 / seconds * t * t);
            samples[i] = (float) (0.5 * Math.sin(phase) * (0.55 - 0.45 * Math.cos(2 * Math.PI * 3 * t)));
        }
        return samples;
    }

    public static float[] tone(int rate, double seconds, double hertz, double amplitude) {
        float[] samples = new float[(int) Math.round(rate * seconds)];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (float) (amplitude * Math.sin(2 * Math.PI * hertz * i / rate));
        }
        return samples;
    }

    /** White noise of a given effective value. */
    public static float[] noise(int rate, double seconds, double rms, long seed) {
        Random random = new Random(seed);
        float[] samples = new float[(int) Math.round(rate * seconds)];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (float) Math.clamp(random.nextGaussian() * rms, -1, 1);
        }
        return samples;
    }

    public static double rms(float[] samples) {
        double sum = 0;
        for (float sample : samples) {
            sum += sample * sample;
        }
        return Math.sqrt(sum / Math.max(1, samples.length));
    }

    /** The best normalised correlation over shifts of up to {@code maxShift} samples, edges left out. */
    public static double likeness(float[] a, float[] b, int maxShift) {
        double best = 0;
        int end = Math.min(a.length, b.length) - maxShift;
        for (int shift = -maxShift; shift <= maxShift; shift++) {
            double ab = 0;
            double aa = 0;
            double bb = 0;
            for (int i = maxShift; i < end; i++) {
                ab += a[i] * b[i + shift];
                aa += a[i] * a[i];
                bb += b[i + shift] * b[i + shift];
            }
            best = Math.max(best, ab / Math.sqrt(aa * bb + 1e-12));
        }
        return best;
    }

    /** Writes mono samples in a coding, the same in each channel. */
    public static byte[] wav(float[] samples, int rate, int channels, SampleCoding coding) {
        byte[] data = data(samples, channels, coding);
        return file(fmt(tag(coding), rate, channels, coding.bytes() * 8), "data", data.length, data);
    }

    public static byte[] wav(float[] samples, int rate) {
        return wav(samples, rate, 1, SampleCoding.PCM_S16);
    }

    /** The 16 bytes of a plain format chunk. */
    public static byte[] fmt(int tag, int rate, int channels, int bits) {
        return little(16).putShort((short) tag).putShort((short) channels).putInt(rate)
                .putInt(rate * channels * bits / 8).putShort((short) (channels * bits / 8)).putShort((short) bits).array();
    }

    /** The 40 bytes of an extensible format chunk, the true tag in its GUID. */
    public static byte[] extensible(int tag, int rate, int channels, int bits) {
        ByteBuffer out = little(40).put(fmt(0xFFFE, rate, channels, bits));
        out.putShort((short) 22).putShort((short) bits).putInt(0).putShort((short) tag);
        return out.put(new byte[] {0, 0, 0, 0, 0x10, 0, (byte) 0x80, 0, 0, (byte) 0xAA, 0, 0x38, (byte) 0x9B, 0x71}).array();
    }

    /** A file of a format chunk and one more chunk, which announces {@code size} bytes whatever it has. */
    public static byte[] file(byte[] fmt, String id, long size, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("RIFF".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(int32(36 + content.length));
        out.writeBytes("WAVE".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(chunk("fmt ", fmt));
        out.writeBytes(id.getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(int32((int) size));
        out.writeBytes(content);
        return out.toByteArray();
    }

    public static byte[] chunk(String id, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(id.getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(int32(content.length));
        out.writeBytes(content);
        if (content.length % 2 == 1) {
            out.write(0);
        }
        return out.toByteArray();
    }

    public static byte[] int32(int value) {
        return little(4).putInt(value).array();
    }

    static int tag(SampleCoding coding) {
        return switch (coding) {
            case PCM_U8, PCM_S16, PCM_S24, PCM_S32 -> 1;
            case FLOAT_32, FLOAT_64 -> 3;
            case A_LAW -> 6;
            case MU_LAW -> 7;
        };
    }

    static byte[] data(float[] samples, int channels, SampleCoding coding) {
        ByteBuffer out = little(samples.length * channels * coding.bytes());
        for (float sample : samples) {
            for (int channel = 0; channel < channels; channel++) {
                write(out, coding, sample);
            }
        }
        return out.array();
    }

    private static void write(ByteBuffer out, SampleCoding coding, float sample) {
        switch (coding) {
            case PCM_U8 -> out.put((byte) Math.clamp(Math.round(sample * 128f) + 128L, 0, 255));
            case PCM_S16 -> out.putShort((short) Math.clamp(Math.round(sample * 32768f), -32768, 32767));
            case PCM_S24 -> {
                int value = Math.clamp(Math.round(sample * 8388608f), -8388608, 8388607);
                out.putShort((short) value).put((byte) (value >> 16));
            }
            case PCM_S32 -> out.putInt(Math.clamp(Math.round(sample * 2147483648.0), Integer.MIN_VALUE, Integer.MAX_VALUE));
            case FLOAT_32 -> out.putFloat(sample);
            case FLOAT_64 -> out.putDouble(sample);
            case A_LAW, MU_LAW -> out.put(nearestCode(coding, sample));
        }
    }

    /** The code whose value is nearest, by trying all 256: slow, and free of the tables that it tests. */
    private static byte nearestCode(SampleCoding coding, float sample) {
        int best = 0;
        float bestError = Float.MAX_VALUE;
        for (int code = 0; code < 256; code++) {
            float error = Math.abs(coding.read(ByteBuffer.wrap(new byte[] {(byte) code})) - sample);
            if (error < bestError) {
                best = code;
                bestError = error;
            }
        }
        return (byte) best;
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
