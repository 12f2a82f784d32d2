package aiserver.engine;

/**
 * A native engine with one model: what the three have in common.
 *
 * <p>An engine is made unloaded, knows its files and settings, and may be loaded and unloaded any number of times.
 * All methods may be called from any thread; native work runs on threads of the engine's own with a large stack,
 * while the caller waits. Every failure is an {@link EngineException}; after one that says the model must be
 * reloaded, the engine has unloaded itself and the next load or run starts afresh.
 */
public interface Engine extends AutoCloseable {
    /**
     * Loads the model; returns at once if it is loaded.
     *
     * @throws EngineException MODEL_NOT_AVAILABLE for a missing, damaged or wrong file, OUT_OF_MEMORY, CANCELLED
     */
    void load(RunControl control);

    /** Frees the model and its memory, after the runs in hand; does nothing when it is not loaded. */
    void unload();

    boolean loaded();

    /** Where the model runs, as ggml names it: {@code CPU}, {@code CUDA0} …; the configured one before a load. */
    String device();

    /**
     * Unloads and ends the engine's threads. A later load or run, and one that still waits, fails as MODEL_NOT_AVAILABLE
     * with a message that names the engine; a later unload or close does nothing.
     */
    @Override
    void close();
}
