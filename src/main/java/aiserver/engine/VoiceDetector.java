package aiserver.engine;

import java.util.List;

/** Tells where in a recording somebody speaks. All methods may be called from any thread. */
public interface VoiceDetector extends AutoCloseable {
    /**
     * Samples on either side of a piece of a recording that are looked at with it, so that the piece's border cuts off
     * no quiet beginning of a word.
     */
    int OVERLAP = 2 * SpeechEngine.RATE;

    /**
     * Loads the model, where there is one; returns at once if it is loaded. Else the first {@link #find} does it.
     *
     * @throws EngineException MODEL_NOT_AVAILABLE
     */
    void load();

    /**
     * Stretches with speech in them, in order, apart from each other, within the samples.
     *
     * @param samples mono, {@link SpeechEngine#RATE}, -1 to 1, finite
     * @throws EngineException MODEL_NOT_AVAILABLE, CANCELLED, ENGINE_FAILED
     */
    List<Stretch> find(float[] samples, RunControl control);

    /** Frees the model. A later call fails as MODEL_NOT_AVAILABLE; a later close does nothing. */
    @Override
    void close();

    /** Samples {@code from} to before {@code to}. */
    record Stretch(int from, int to) {
        public Stretch {
            if (from < 0 || to <= from) {
                throw new IllegalArgumentException("stretch from " + from + " to " + to);
            }
        }

        /** Adds a stretch to those before it, as one with the last of them where they touch. */
        public static void add(List<Stretch> before, int from, int to) {
            int begin = from;
            int end = to;
            while (!before.isEmpty() && begin <= before.getLast().to()) {
                Stretch last = before.removeLast();
                begin = Math.min(begin, last.from());
                end = Math.max(end, last.to());
            }
            before.add(new Stretch(begin, end));
        }
    }
}
