package aiserver.service.speech;

import aiserver.engine.VoiceDetector.Stretch;
import aiserver.service.audio.Recording;
import java.util.ArrayList;
import java.util.List;

/**
 * Divides a recording into windows for the engine: each holds as many stretches of speech as fit, begins and ends in a
 * pause, and is no longer than the engine hears at once. Speech without a pause that long is cut where it is quietest.
 * So a recording of half an hour takes no more of the engine's memory than one of half a minute, and silence between
 * the stretches is not computed. Stateless; any thread.
 */
final class SpeechWindows {
    /** After a longer pause the next stretch gets a window of its own. */
    private static final int LONG_PAUSE = 3 * Recording.RATE;
    /** 100 ms. */
    private static final int CUT_FRAME = Recording.RATE / 10;

    private SpeechWindows() {
    }

    /**
     * Windows in order, apart from each other.
     *
     * @param longest samples in a window at most
     */
    static List<Stretch> of(Recording recording, List<Stretch> speech, int longest) {
        List<Stretch> windows = new ArrayList<>();
        Stretch open = null;
        for (Stretch whole : speech) {
            for (Stretch part : parts(recording, whole, longest)) {
                if (open == null) {
                    open = part;
                } else if (part.from() - open.to() <= LONG_PAUSE && part.to() - open.from() <= longest) {
                    open = new Stretch(open.from(), part.to());
                } else {
                    windows.add(open);
                    open = part;
                }
            }
        }
        if (open != null) {
            windows.add(open);
        }
        return windows;
    }

    private static List<Stretch> parts(Recording recording, Stretch stretch, int longest) {
        List<Stretch> parts = new ArrayList<>();
        int from = stretch.from();
        while (stretch.to() - from > longest) {
            int cut = quietest(recording, from + longest * 2 / 3, from + longest);
            parts.add(new Stretch(from, cut));
            from = cut;
        }
        parts.add(new Stretch(from, stretch.to()));
        return parts;
    }

    /** The middle of the quietest tenth of a second between two samples. */
    private static int quietest(Recording recording, int from, int to) {
        float[] samples = recording.window(from, to);
        int best = 0;
        double least = Double.MAX_VALUE;
        for (int at = 0; at + CUT_FRAME <= samples.length; at += CUT_FRAME) {
            double sum = 0;
            for (int i = at; i < at + CUT_FRAME; i++) {
                sum += samples[i] * samples[i];
            }
            if (sum < least) {
                least = sum;
                best = at;
            }
        }
        return from + best + CUT_FRAME / 2;
    }
}
