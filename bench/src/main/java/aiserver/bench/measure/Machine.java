package aiserver.bench.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What is measured on: processor, memory, system, and the build of the native half. */
final class Machine {
    private Machine() {
    }

    static Map<String, Object> description() {
        Map<String, Object> machine = new LinkedHashMap<>();
        List<String> processor = lines(Path.of("/proc/cpuinfo"));
        machine.put("processor", value(processor, "model name"));
        machine.put("processors", Runtime.getRuntime().availableProcessors());
        String flags = " " + value(processor, "flags") + " ";
        machine.put("instructions", List.of("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8").stream()
                .filter(flag -> flags.contains(" " + flag + " ")).toList());
        machine.put("memory_mb", Long.parseLong(value(lines(Path.of("/proc/meminfo")), "MemTotal").replaceAll("\\D", "")) / 1024);
        machine.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("java", Runtime.version().toString());
        List<String> build = new ArrayList<>(Build.ofLibraries());
        build.removeIf(line -> line.startsWith("stamp ") || line.contains("/"));
        if (!build.isEmpty()) {
            machine.put("native_build", build);
        }
        return machine;
    }

    /** A name for a file: letters, digits and dashes of the processor's. */
    static String fileName() {
        return value(lines(Path.of("/proc/cpuinfo")), "model name").toLowerCase(Locale.ROOT).replaceAll("\\(r\\)|\\(tm\\)|@.*", "")
                .replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "") + "-" + Runtime.getRuntime().availableProcessors();
    }

    private static String value(List<String> lines, String key) {
        return lines.stream().filter(line -> line.startsWith(key)).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown");
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
