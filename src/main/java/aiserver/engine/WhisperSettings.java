package aiserver.engine;

import java.nio.file.Path;
import java.util.Objects;

/**
 * How the speech engine is set up.
 *
 * @param model          a ggml Whisper file
 * @param device         {@code auto}, {@code cpu} or a device's name
 * @param states         runs at a time over the one model, 1 to 16; each takes memory of its own from its first run on
 * @param threads        of the processor for each run, 1 to 256
 * @param flashAttention one fused step for attention: less memory and time; or null: on a processor. On a GPU whisper.cpp
 *                       fills its keys up to a multiple of 256 and counts the filling, with what the run before left
 *                       there, so that a small model hears other things and a run depends on the one before
 */
public record WhisperSettings(Path model, String device, int states, int threads, Boolean flashAttention) {
    public static final int MAX_STATES = 16;
    public static final int MAX_THREADS = 256;

    public WhisperSettings {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(device, "device");
        require(states >= 1 && states <= MAX_STATES, "states", states);
        require(threads >= 1 && threads <= MAX_THREADS, "threads", threads);
    }

    /** One run at a time, on the processor's cores. */
    public static WhisperSettings of(Path model) {
        return new WhisperSettings(model, "auto", 1, Math.min(8, Runtime.getRuntime().availableProcessors()), null);
    }

    private static void require(boolean ok, String field, Number value) {
        if (!ok) {
            throw new IllegalArgumentException("speech engine's " + field + " cannot be " + value);
        }
    }
}
