package aiserver.engine;

/**
 * How a caller steers native work under way. Asked from native threads between pieces of work, many times a second:
 * both methods are quick and safe from any thread.
 */
public interface RunControl {
    /** True: stop at the next chance; the run ends with {@link EngineException.Kind#CANCELLED}. */
    boolean cancelled();

    /** How far the load or run is, 0 to 1. May block to hold the work back (an image lane gives way between steps). */
    default void progress(double fraction) {
    }

    RunControl NONE = () -> false;
}
