package aiserver.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How fast a processor really goes, as a share of the rate that it says it has: a chain of multiplications, each of which
 * waits for the one before. A hypervisor can slow a machine down to a fraction without counting that as stolen; nothing
 * else shows it. Any thread; takes some 30 ms at the full rate.
 */
final class Pace {
    /** Three of a multiplication and one of an addition, on x86 since 2008. */
    private static final int CYCLES = 4;
    private static final int STEPS = 4_000_000;
    private static final int TRIES = 5;
    private static volatile long kept;

    private Pace() {
    }

    /** The best of a few tries to the named rate; NaN where the kernel names none, as on Arm. */
    static double share() {
        double nominal = nominal();
        double best = 0;
        for (int i = 0; i < TRIES && !Double.isNaN(nominal); i++) {
            long begin = System.nanoTime();
            kept = chain(kept);
            best = Math.max(best, (double) CYCLES * STEPS / (System.nanoTime() - begin));
        }
        return Double.isNaN(nominal) ? nominal : best / nominal;
    }

    // Squares, since the compiler makes one multiplication of several by a constant.
    private static long chain(long number) {
        long x = number;
        for (int i = 0; i < STEPS; i++) {
            x = x * x + 3;
        }
        return x;
    }

    // In gigahertz, now on bare metal, the machine's own in a virtual one.
    private static double nominal() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("cpu MHz"))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(':') + 1).strip()) / 1000).max().orElse(Double.NaN);
        } catch (IOException | NumberFormatException e) {
            return Double.NaN;
        }
    }
}
