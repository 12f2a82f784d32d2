package aiserver.service.audio;

import aiserver.engine.SpeechEngine;
import java.util.Arrays;

/**
 * Brings a stream of samples to 16 kHz: a polyphase filter bank of Kaiser-windowed sincs, 80 dB down in the stop
 * band, flat to 6.8 kHz (or to 85 % of the lower Nyquist frequency). Output sample n stands exactly at input time
 * n · rate / 16000, so segments keep their times. Owned by one decoding; one thread.
 */
final class Resampler {
    private static final int RATE = SpeechEngine.RATE;
    /** Zero crossings of the sinc on either side. */
    private static final int CROSSINGS = 32;
    /** Of the lower Nyquist frequency, where the filter is 6 dB down. */
    private static final double CUTOFF = 0.93;
    /** Kaiser's formula for 80 dB: 0.1102 · (80 − 8.7). */
    private static final double BETA = 7.857;
    private static final int MAX_COEFFICIENTS = 1 << 21;

    private final int up;
    private final int down;
    private final int taps;
    private final float[][] phases;
    /** Input not used up yet; the first one belongs to input index {@link #first}. */
    private float[] history;
    private int filled;
    private long first;
    private long inputs;
    private long outputs;

    /** @param rate of the input, {@value WavHeader#MIN_RATE} to {@value WavHeader#MAX_RATE} */
    Resampler(int rate) {
        if (rate < WavHeader.MIN_RATE || rate > WavHeader.MAX_RATE) {
            throw new IllegalArgumentException("cannot resample " + rate + " samples a second");
        }
        // The sinc is as wide as the slower of the two rates asks.
        double scale = CUTOFF * Math.min(1.0, (double) RATE / rate);
        int half = (int) Math.ceil(CROSSINGS / scale);
        taps = 2 * half;
        int divisor = gcd(rate, RATE);
        // An odd rate is met within 20 parts in a million rather than by a bank of a hundred megabytes.
        up = Math.min(RATE / divisor, MAX_COEFFICIENTS / taps);
        down = up == RATE / divisor ? rate / divisor : Math.toIntExact(Math.round((double) rate * up / RATE));
        phases = up == 1 && down == 1 ? null : phases(half, scale);
        history = new float[taps + 4096];
        // Silence before the first sample, so that the filter can look back.
        filled = half - 1;
        first = -filled;
    }

    /** How many samples can come out at most when {@code count} go in. */
    int bound(int count) {
        return (int) ((long) (count + taps) * up / down) + 2;
    }

    /**
     * Takes {@code count} samples and writes what they complete.
     *
     * @param out at least {@link #bound} long
     * @return how many were written
     */
    int push(float[] in, int count, float[] out) {
        inputs += count;
        if (phases == null) {
            System.arraycopy(in, 0, out, 0, count);
            outputs += count;
            return count;
        }
        append(in, count);
        return drain(out, Long.MAX_VALUE);
    }

    /** Writes what the end of the stream still holds; afterwards the resampler is used up. */
    int finish(float[] out) {
        if (phases == null) {
            return 0;
        }
        append(new float[taps], taps);
        // As many outputs as the time of the input holds.
        return drain(out, (inputs * up + down - 1) / down);
    }

    private void append(float[] in, int count) {
        if (filled + count > history.length) {
            history = Arrays.copyOf(history, Math.max(filled + count, 2 * history.length));
        }
        System.arraycopy(in, 0, history, filled, count);
        filled += count;
    }

    private int drain(float[] out, long limit) {
        int half = taps / 2;
        int written = 0;
        while (outputs < limit) {
            long position = outputs * down;
            // The filter for this output begins half - 1 inputs before the one at or left of its time.
            long begin = position / up - (half - 1);
            int at = (int) (begin - first);
            if (at + taps > filled) {
                break;
            }
            out[written++] = filter(phases[(int) (position % up)], at);
            outputs++;
        }
        int used = (int) Math.min(filled, outputs * down / up - (half - 1) - first);
        if (used > 0) {
            System.arraycopy(history, used, history, 0, filled - used);
            filled -= used;
            first += used;
        }
        return written;
    }

    private float filter(float[] phase, int at) {
        // Four sums, since one would wait for each addition before the next; the number of taps is even.
        float a = 0;
        float b = 0;
        float c = 0;
        float d = 0;
        int i = 0;
        for (; i + 3 < taps; i += 4) {
            a += phase[i] * history[at + i];
            b += phase[i + 1] * history[at + i + 1];
            c += phase[i + 2] * history[at + i + 2];
            d += phase[i + 3] * history[at + i + 3];
        }
        for (; i < taps; i++) {
            a += phase[i] * history[at + i];
        }
        return a + b + (c + d);
    }

    /** One filter for each of the {@code up} places that an output can have between two inputs. */
    private float[][] phases(int half, double scale) {
        float[][] filters = new float[up][taps];
        double windowAtZero = bessel(BETA);
        for (int phase = 0; phase < up; phase++) {
            double fraction = (double) phase / up;
            double sum = 0;
            double[] filter = new double[taps];
            for (int i = 0; i < taps; i++) {
                double distance = i - (half - 1) - fraction;
                double x = distance / half;
                double window = Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / windowAtZero;
                double angle = Math.PI * distance * scale;
                filter[i] = window * (Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle);
                sum += filter[i];
            }
            for (int i = 0; i < taps; i++) {
                // Each phase passes a constant unchanged; otherwise the phases would hum at their own rate.
                filters[phase][i] = (float) (filter[i] / sum);
            }
        }
        return filters;
    }

    /** The modified Bessel function of the first kind, order zero, by its series. */
    private static double bessel(double x) {
        double term = 1;
        double sum = 1;
        for (int k = 1; term > 1e-12 * sum; k++) {
            term *= x * x / (4.0 * k * k);
            sum += term;
        }
        return sum;
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }
}
