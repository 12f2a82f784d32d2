package aiserver.bench.measure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * How much of the machine went to others while something was measured: processor time of all less that of this
 * program and its children, time that a hypervisor took, and how fast it let the processors go before and after. From
 * /proc and by trying; a round with more than a few per cent of one processor, or whose pace changed, is thrown away.
 * One reading for one stretch of time; any thread.
 */
final class Contention {
    /** Of the pace at one end of a stretch to that at the other: a machine that is shared out changes by more, a slow one does not. */
    private static final double STEADY = 0.8;
    private static final double TICKS = 100; // of the kernel's USER_HZ, which is 100 on every Linux

    /**
     * What others took.
     *
     * @param foreign processors that other programs kept busy, on average
     * @param stolen  processors that the hypervisor withheld, on average
     * @param waited  share of the time in which somebody waited for a processor (PSI), or NaN where the kernel does not say
     * @param before  the rate that a processor went at to the one that it says it has, or NaN where it says none
     * @param after   the same at the end
     */
    record Share(double foreign, double stolen, double waited, double before, double after) {
        boolean tooMuch(double most) {
            return foreign > most || stolen > most || pace() < STEADY * Math.max(before, after);
        }

        /** The lower of the two. */
        double pace() {
            return Math.min(before, after);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "others kept %.2f processors busy, the hypervisor withheld %.2f, somebody waited %.0f %% of the time,"
                    + " a processor went at %.2f of its rate before and at %.2f after", foreign, stolen, 100 * waited, before, after);
        }
    }

    private final double pace = Pace.share();
    private final long nanos = System.nanoTime();
    private final long[] machine = machine();
    private final double own = own();
    private final double waiting = waiting();

    private Contention() {
    }

    /** Begins a stretch. */
    static Contention begin() {
        return new Contention();
    }

    /** What others took since the beginning. */
    Share end() {
        double seconds = Math.max(1e-3, (System.nanoTime() - nanos) * 1e-9);
        long[] now = machine();
        double busy = (now[0] - machine[0]) / TICKS;
        double stolen = (now[1] - machine[1]) / TICKS;
        return new Share(Math.max(0, busy - (own() - own)) / seconds, stolen / seconds, (waiting() - waiting) / seconds, pace, Pace.share());
    }

    // Busy and stolen ticks of all processors.
    private static long[] machine() {
        String[] fields = line(Path.of("/proc/stat"), "cpu ").trim().split("\\s+");
        long busy = LongStream.of(1, 2, 3, 6, 7).map(i -> Long.parseLong(fields[(int) i])).sum();
        return new long[] {busy, Long.parseLong(fields[8])};
    }

    // Seconds of this process, of its children that have ended, and of all its descendants.
    private static double own() {
        double seconds = seconds(ProcessHandle.current().pid());
        for (ProcessHandle child : ProcessHandle.current().descendants().toList()) {
            seconds += seconds(child.pid());
        }
        return seconds;
    }

    private static double seconds(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            long ticks = 0;
            for (int i = 11; i <= 14; i++) { // user and system, its own and of its ended children
                ticks += Long.parseLong(fields[i]);
            }
            return ticks / TICKS;
        } catch (IOException e) {
            return 0; // it has ended: its parent has its time
        }
    }

    private static double waiting() {
        Path pressure = Path.of("/proc/pressure/cpu");
        if (!Files.isReadable(pressure)) {
            return Double.NaN;
        }
        String some = line(pressure, "some ");
        return Long.parseLong(some.substring(some.indexOf("total=") + 6).trim()) * 1e-6;
    }

    private static String line(Path file, String start) {
        try {
            List<String> lines = Files.readAllLines(file);
            return lines.stream().filter(l -> l.startsWith(start)).findFirst().orElseThrow(
                    () -> new IllegalStateException(file + " has no line '" + start + "': " + lines));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
