package aiserver.service.speech;

import aiserver.engine.RunControl;
import aiserver.engine.SpeechEngine;
import aiserver.engine.VoiceDetector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Voice activity by loudness alone, for workers without the Silero model: a stretch is speech where it stands clearly
 * above the quietest tenth of the recording and above near-silence, both as a whole and in the treble. Steady noise of
 * any level and colour is thereby none, and neither are beeps that go up and down; what rattles or knocks for long
 * passes, and is left to the model's own thresholds. Stateless; any thread.
 */
final class EnergyGate implements VoiceDetector {
    /** 20 ms. */
    private static final int FRAME = SpeechEngine.RATE / 50;
    /** Lifts the treble: the rumble of traffic, wind and fans comes and goes, its treble does not. */
    private static final float PRE_EMPHASIS = 0.97f;
    /** Takes the hum below 200 Hz away, twice: what is left of a gliding tone is always as loud. */
    private static final float HIGH_PASS = 0.92f;
    /** Decibels to full scale in the treble, below which nothing is speech. */
    private static final double SILENCE = -65;
    /** At 8, telephone speech in noise lost words, and at times the whole of a sentence. */
    private static final double ABOVE_FLOOR = 5;
    private static final double FLOOR_SHARE = 0.1;
    private static final int SMOOTHING = 2;
    private static final int BRIDGED_FRAMES = 15;
    /** A single click lasts {@code 2 * SMOOTHING + 1} frames after smoothing. */
    private static final int SHORTEST_FRAMES = 7;
    /** A second: the first and last words of a sentence are often too quiet to stand out of noise. */
    private static final int MARGIN_FRAMES = 50;

    @Override
    public void load() {
        // there is no model
    }

    @Override
    public List<Stretch> find(float[] samples, RunControl control) {
        if (samples.length == 0) {
            return List.of();
        }
        boolean[] loud = loud(samples);
        List<Stretch> stretches = new ArrayList<>();
        int frame = 0;
        while (frame < loud.length) {
            if (!loud[frame]) {
                frame++;
                continue;
            }
            int begin = frame;
            int end = frame;
            int active = 0;
            for (; frame < loud.length && frame - end <= BRIDGED_FRAMES; frame++) {
                if (loud[frame]) {
                    end = frame;
                    active++;
                }
            }
            frame = end + 1;
            if (active >= SHORTEST_FRAMES) {
                Stretch.add(stretches, Math.max(0, (begin - MARGIN_FRAMES) * FRAME),
                        Math.min(samples.length, (end + 1 + MARGIN_FRAMES) * FRAME));
            }
        }
        return List.copyOf(stretches);
    }

    private static boolean[] loud(float[] samples) {
        int frames = (samples.length + FRAME - 1) / FRAME;
        double[] whole = new double[frames];
        double[] treble = new double[frames];
        float before = samples[0];
        float once = 0;
        float twice = 0;
        for (int i = 0; i < samples.length; i++) {
            float lifted = samples[i] - PRE_EMPHASIS * before;
            float passed = samples[i] - before + HIGH_PASS * once;
            twice = passed - once + HIGH_PASS * twice;
            once = passed;
            before = samples[i];
            int length = Math.min(FRAME, samples.length - i / FRAME * FRAME);
            treble[i / FRAME] += lifted * lifted / length;
            whole[i / FRAME] += twice * twice / length;
        }
        double[] wholeLoudness = smoothed(whole);
        double[] trebleLoudness = smoothed(treble);
        double wholeThreshold = floor(wholeLoudness) + ABOVE_FLOOR;
        double trebleThreshold = Math.max(SILENCE, floor(trebleLoudness) + ABOVE_FLOOR);
        boolean[] loud = new boolean[frames];
        for (int i = 0; i < frames; i++) {
            loud[i] = wholeLoudness[i] > wholeThreshold && trebleLoudness[i] > trebleThreshold;
        }
        return loud;
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
