package aiserver.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Resident memory of a process with all its descendants, from the kernel's {@code smaps_rollup}, in MB.
 *
 * @param rss whole pages, shared ones counted in full for each process
 * @param pss shared pages divided among their users
 */
record Memory(double rss, double pss) {
    static Memory of(Contender contender) {
        double rss = 0;
        double pss = 0;
        List<Long> pids = Stream.concat(Stream.of(contender.pid()),
                ProcessHandle.of(contender.pid()).stream().flatMap(ProcessHandle::descendants).map(ProcessHandle::pid)).toList();
        for (long pid : pids) {
            try {
                for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup"))) {
                    if (line.startsWith("Rss:")) {
                        rss += megabytes(line);
                    } else if (line.startsWith("Pss:")) {
                        pss += megabytes(line);
                    }
                }
            } catch (IOException e) {
                throw new IllegalStateException(contender.name() + "'s memory cannot be read: " + e.getMessage(), e);
            }
        }
        return new Memory(rss, pss);
    }

    /** The middle of each figure. */
    static Memory middle(List<Memory> rounds) {
        return new Memory(Spread.of(rounds.stream().map(Memory::rss).toList()).median(),
                Spread.of(rounds.stream().map(Memory::pss).toList()).median());
    }

    private static double megabytes(String line) {
        return Double.parseDouble(line.replaceAll("\\D", "")) / 1024;
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("rss_mb", rss);
        json.put("pss_mb", pss);
        return json;
    }
}
