package aiserver.service;

import aiserver.engine.RunControl;
import aiserver.engine.VoiceDetector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Voice activity by loudness alone, for workers without the Silero model: a stretch is speech where it stands clearly
 * above the quietest tenth of the recording and above near-silence. Steady noise of any level is thereby none; what
 * rattles or knocks for long passes, and is left to the model's own thresholds. Stateless; any thread.
 */
final class EnergyGate implements VoiceDetector {
    static final int RATE = 16_000;
    /** 20 ms. */
    private static final int FRAME = RATE / 50;
    /** Lifts what tells speech from the rumble of traffic, wind and fans. */
    private static final float PRE_EMPHASIS = 0.97f;
    /** Decibels to full scale after pre-emphasis, below which nothing is speech. */
    private static final double SILENCE = -65;
    private static final double ABOVE_FLOOR = 8;
    private static final double FLOOR_SHARE = 0.1;
    private static final int SMOOTHING = 2;
    private static final int BRIDGED_FRAMES = 15;
    /** A single click lasts {@code 2 * SMOOTHING + 1} frames after smoothing. */
    private static final int SHORTEST_FRAMES = 7;
    private static final int MARGIN_FRAMES = 15;

    @Override
    public List<Stretch> find(float[] samples, RunControl control) {
        if (samples.length == 0) {
            return List.of();
        }
        double[] loudness = smoothed(powers(samples));
        double threshold = Math.max(SILENCE, floor(loudness) + ABOVE_FLOOR);
        List<Stretch> stretches = new ArrayList<>();
        int frame = 0;
        while (frame < loudness.length) {
            if (loudness[frame] <= threshold) {
                frame++;
                continue;
            }
            int begin = frame;
            int end = frame;
            int active = 0;
            for (; frame < loudness.length && frame - end <= BRIDGED_FRAMES; frame++) {
                if (loudness[frame] > threshold) {
                    end = frame;
                    active++;
                }
            }
            frame = end + 1;
            if (active >= SHORTEST_FRAMES) {
                add(stretches, (begin - MARGIN_FRAMES) * FRAME, (end + 1 + MARGIN_FRAMES) * FRAME, samples.length);
            }
        }
        return List.copyOf(stretches);
    }

    private static void add(List<Stretch> stretches, int from, int to, int size) {
        int begin = Math.max(0, from);
        if (!stretches.isEmpty() && begin <= stretches.getLast().to()) {
            begin = stretches.removeLast().from();
        }
        stretches.add(new Stretch(begin, Math.min(size, to)));
    }

    private static double[] powers(float[] samples) {
        double[] powers = new double[(samples.length + FRAME - 1) / FRAME];
        for (int frame = 0; frame < powers.length; frame++) {
            int from = frame * FRAME;
            int to = Math.min(samples.length, from + FRAME);
            double sum = 0;
            for (int i = from; i < to; i++) {
                float lifted = samples[i] - (i == 0 ? samples[0] : samples[i - 1]) * PRE_EMPHASIS;
                sum += lifted * lifted;
            }
            powers[frame] = sum / (to - from);
        }
        return powers;
    }

    /** Mean power over neighbouring frames in decibels. */
    private static double[] smoothed(double[] powers) {
        double[] decibels = new double[powers.length];
        for (int i = 0; i < powers.length; i++) {
            int from = Math.max(0, i - SMOOTHING);
            int to = Math.min(powers.length, i + SMOOTHING + 1);
            double sum = 0;
            for (int j = from; j < to; j++) {
                sum += powers[j];
            }
            decibels[i] = 10 * Math.log10(sum / (to - from) + 1e-12);
        }
        return decibels;
    }

    private static double floor(double[] loudness) {
        double[] sorted = loudness.clone();
        Arrays.sort(sorted);
        return sorted[(int) (FLOOR_SHARE * (sorted.length - 1))];
    }

    @Override
    public void close() {
        // nothing is held
    }
}
