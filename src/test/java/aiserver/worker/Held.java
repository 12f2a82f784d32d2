package aiserver.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the system says that a process holds. */
public record Held(long residentKb, long threads, long files) {
    public static Held by(Process process) throws IOException {
        return by(process.pid());
    }

    public static Held by(long pid) throws IOException {
        Path proc = Path.of("/proc", Long.toString(pid));
        String status = Files.readString(proc.resolve("status"));
        try (Stream<Path> files = Files.list(proc.resolve("fd"))) {
            return new Held(field(status, "VmRSS:"), field(status, "Threads:"), files.count());
        }
    }

    private static long field(String status, String name) {
        return status.lines().filter(l -> l.startsWith(name)).map(l -> l.replaceAll("\\D", "")).mapToLong(Long::parseLong)
                .findFirst().orElseThrow();
    }
}
