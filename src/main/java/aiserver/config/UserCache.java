package aiserver.config;

import java.nio.file.Path;

/** The user's own folder for files that the worker can make again: $XDG_CACHE_HOME, else ~/.cache. */
public final class UserCache {
    private UserCache() {
    }

    /** It need not be there. */
    public static Path folder() {
        String configured = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
        Path base = configured.startsWith("/") ? Path.of(configured) : Path.of(System.getProperty("user.home"), ".cache");
        return base.resolve("ai-server");
    }
}
