package aiserver.config;

/** How many threads an engine gets where the setting leaves it open. */
final class Threads {
    private static final int MOST = 8;

    private Threads() {
    }

    /** The setting, or for 0 the cores of this machine, eight at most: more seldom helps and always disturbs. */
    static int orCores(int setting) {
        return setting > 0 ? setting : Math.min(MOST, Runtime.getRuntime().availableProcessors());
    }
}
