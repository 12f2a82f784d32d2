package aiserver.engine;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why no GPU can be used, in one line for people: made of whether the CUDA plugin lies beside the other libraries, and of
 * what the loader or the plugin said. Stateless.
 */
final class GpuAbsence {
    private static final Pattern MISSING_LIBRARY = Pattern.compile("(lib[\\w.+-]+\\.so[\\w.]*): cannot open shared object file");

    private GpuAbsence() {
    }

    /**
     * @param plugin whether libggml-cuda.so is there
     * @param words  of the loader and of the plugin while the backends were loaded; may be empty
     */
    static String reason(boolean plugin, String words) {
        if (!plugin) {
            return "the native libraries were built without CUDA (scripts/build-native.sh --cuda)";
        }
        String lower = words.toLowerCase(Locale.ROOT);
        Matcher missing = MISSING_LIBRARY.matcher(words);
        if (missing.find()) {
            String library = missing.group(1);
            return library.startsWith("libcuda.so") ? "the NVIDIA driver is not installed (" + library + " was not found)"
                    : "the CUDA library " + library + " was not found; install the CUDA runtime, or copy it beside libggml-cuda.so";
        }
        if (lower.contains("driver version is insufficient")) {
            return "the NVIDIA driver is missing, or older than these libraries need (" + tail(words) + ")";
        }
        if (lower.contains("no cuda-capable device")) {
            return "the NVIDIA driver shows no GPU";
        }
        return "libggml-cuda.so found no GPU" + (words.isBlank() ? "" : " (" + tail(words) + ")");
    }

    // The engine puts the function's name before what it says.
    private static String tail(String words) {
        String line = words.strip().lines().findFirst().orElse("");
        return line.replaceFirst("^\\w+: ", "");
    }
}
