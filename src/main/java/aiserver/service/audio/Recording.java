package aiserver.service.audio;

import aiserver.engine.SpeechEngine;
import java.util.ArrayList;
import java.util.List;

/**
 * Decoded audio: one channel, 16 kHz, kept as 16 bits, so that 30 minutes are 58 MB and not 115. The engine takes a
 * window at a time as floats. Filled by the decoder, then read only; any thread after that.
 */
public final class Recording {
    public static final int RATE = SpeechEngine.RATE;
    private static final int BLOCK = 1 << 15;

    private final List<short[]> blocks = new ArrayList<>();
    private int size;

    Recording() {
    }

    /** A recording of samples that are at hand, -1 to 1. */
    public static Recording of(float[] samples) {
        Recording recording = new Recording();
        recording.append(samples, samples.length);
        return recording;
    }

    void append(float[] samples, int count) {
        for (int i = 0; i < count; i++) {
            int place = size % BLOCK;
            if (place == 0) {
                blocks.add(new short[BLOCK]);
            }
            blocks.getLast()[place] = (short) Math.clamp(Math.round(samples[i] * 32768f), Short.MIN_VALUE, Short.MAX_VALUE);
            size++;
        }
    }

    /** Samples. */
    public int size() {
        return size;
    }

    public double seconds() {
        return (double) size / RATE;
    }

    /** Samples {@code from} to before {@code to} as floats; a fresh array. */
    public float[] window(int from, int to) {
        if (from < 0 || to < from || to > size) {
            throw new IndexOutOfBoundsException("window " + from + " to " + to + " of " + size + " samples");
        }
        float[] window = new float[to - from];
        for (int i = from; i < to; i++) {
            window[i - from] = blocks.get(i / BLOCK)[i % BLOCK] / 32768f;
        }
        return window;
    }
}
