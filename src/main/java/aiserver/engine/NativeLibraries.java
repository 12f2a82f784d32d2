package aiserver.engine;

import bindings.guard.guard_h;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Brings the native half into the process: finds the folder that scripts/build-native.sh made, loads its libraries,
 * holds what they were compiled with against the bindings, and starts the engines' backends and logging. Done once in
 * a process, by whoever comes first, from any thread; a failure is final for this class loader and is told again to
 * whoever asks again.
 */
public final class NativeLibraries {
    /** System property: the folder with the platforms' folders, in place of {@code native/dist}. */
    public static final String FOLDER_PROPERTY = "aiserver.native.dir";
    /** Environment variable for the same. */
    public static final String FOLDER_VARIABLE = "AISERVER_NATIVE_DIST";

    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    // In the order in which they need each other, so that a missing one is named and not its user.
    private static final List<String> LIBRARIES =
            List.of("ggml-base", "ggml", "llama", "whisper", "stable-diffusion", "ai-guard");

    // Of a kernel with NVIDIA's driver in it.
    private static final Path NVIDIA = Path.of("/proc/driver/nvidia/version");

    private static boolean loaded;
    private static EngineException failure;
    private static volatile String noGpu;

    private NativeLibraries() {
    }

    /** @throws EngineException MODEL_NOT_AVAILABLE, with what to do */
    public static synchronized void load() {
        if (loaded) {
            return;
        }
        if (failure != null) {
            throw new EngineException(failure.kind(), failure.getMessage(), failure);
        }
        try {
            load(folder());
            loaded = true;
        } catch (EngineException e) {
            failure = e;
            throw e;
        }
    }

    /**
     * Gives back to the system what the whole process holds and does not use: freed heap, and pages of code and read-only
     * files, which come back at a touch. Any thread, in some milliseconds; nothing before the libraries are loaded.
     */
    public static void trimMemory() {
        synchronized (NativeLibraries.class) {
            if (!loaded) {
                return;
            }
        }
        guard_h.ag_trim_memory();
    }

    /** Why no GPU can be used; null where one can, and before the libraries are loaded. */
    public static String noGpu() {
        return noGpu;
    }

    /**
     * Whether a GPU is out of the question because there is no plugin for one; then this is said, and nothing needs to be
     * loaded to know it.
     */
    public static synchronized boolean withoutGpu() {
        if (!loaded && Files.isDirectory(folder()) && !Files.exists(plugin(folder()))) {
            sayNoGpu(false, "");
        }
        return noGpu != null;
    }

    private static Path plugin(Path folder) {
        return folder.resolve("libggml-cuda.so");
    }

    // Once: the line is for the start.
    private static void sayNoGpu(boolean plugin, String words) {
        if (noGpu == null) {
            noGpu = GpuAbsence.reason(plugin, words);
            LOG.atLevel(plugin || Files.exists(NVIDIA) ? Level.WARN : Level.INFO).log("no GPU is used: {}", noGpu);
        }
    }

    /** Where the libraries of this platform are expected: {@code <dist>/<os>-<arch>}. */
    public static Path folder() {
        String dist = System.getProperty(FOLDER_PROPERTY, System.getenv(FOLDER_VARIABLE));
        Path root = dist != null && !dist.isBlank() ? Path.of(dist)
                : Path.of(System.getProperty("aiserver.home", ""), "native", "dist");
        return root.resolve(platform()).toAbsolutePath();
    }

    static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).split(" ")[0];
        String arch = System.getProperty("os.arch");
        return os + "-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private static void load(Path folder) {
        NativeEnvironment.setDefaults();
        for (String name : LIBRARIES) {
            Path file = folder.resolve("lib" + name + ".so");
            if (!Files.isRegularFile(file)) {
                throw unavailable("native library " + file + " is missing; run scripts/build-native.sh, or set "
                        + FOLDER_VARIABLE + " to where it put them", null);
            }
            try {
                System.load(file.toString());
            } catch (UnsatisfiedLinkError e) {
                throw unavailable("native library " + file + " cannot be loaded (" + e.getMessage()
                        + "); run scripts/build-native.sh --clean", e);
            }
        }
        Abi.check(NativeText.copy(guard_h.ag_built_versions()), NativeText.copy(guard_h.ag_versions()), NativeText.copy(guard_h.ag_layouts()));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment problem = guard_h.ag_init(arena.allocateFrom(folder.toString()));
            if (!problem.equals(MemorySegment.NULL)) {
                throw unavailable(NativeText.copy(problem).strip()
                        + "; run scripts/build-native.sh here, or with --portable for all processors", null);
            }
        }
        // What was said while the backends were loaded: by the loader, or by a plugin without a device.
        String words = NativeText.copy(guard_h.ag_words());
        NativeLog.start();
        Devices.all().forEach(device -> LOG.info("device {}: {}", device.name(), device.description()));
        if (Devices.all().stream().noneMatch(Devices.Device::gpu)) {
            sayNoGpu(Files.exists(plugin(folder)), words);
        }
    }

    private static EngineException unavailable(String message, Throwable cause) {
        return new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, message, cause);
    }

    /** What the bindings were generated from, held against what the libraries were compiled from. */
    static final class Abi {
        private Abi() {
        }

        /** @throws EngineException naming the first difference */
        static void check(String builtVersions, String reportedVersions, String layouts) {
            String[] built = builtVersions.split("\n");
            String[] reported = reportedVersions.split("\n");
            for (int i = 0; i < built.length; i++) {
                // A library reports "0.6.0-dev" where its build file says 0.6.0.
                if (i >= reported.length || !reported[i].startsWith(built[i])) {
                    throw unavailable("the native libraries do not belong together: the guard was compiled with "
                            + built[i] + " but " + (i < reported.length ? reported[i] : "nothing")
                            + " was loaded; run scripts/build-native.sh --clean", null);
                }
            }
            String[] expected = expectedLayouts().split("\n");
            String[] found = layouts.split("\n");
            for (int i = 0; i < Math.max(expected.length, found.length); i++) {
                String want = i < expected.length ? expected[i] : "nothing";
                String have = i < found.length ? found[i] : "nothing";
                if (!want.equals(have)) {
                    throw unavailable("the native libraries do not fit the bindings: the bindings have the struct ["
                            + want + "], the libraries were compiled with [" + have
                            + "]; build the pinned engines (scripts/build-native.sh), or make the bindings anew"
                            + " for yours (scripts/generate-bindings.sh)", null);
                }
            }
        }

        static String expectedLayouts() {
            try (InputStream in = NativeLibraries.class.getResourceAsStream("/bindings/layouts.txt")) {
                if (in == null) {
                    throw unavailable("bindings/layouts.txt is not in the jar; build it with Maven", null);
                }
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw unavailable("bindings/layouts.txt cannot be read: " + e.getMessage(), e);
            }
        }
    }
}
