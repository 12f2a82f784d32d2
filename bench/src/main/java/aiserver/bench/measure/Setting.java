package aiserver.bench.measure;

import aiserver.bench.weights.WorkFolder;
import aiserver.engine.NativeLibraries;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How a run measures.
 *
 * @param quick      fewer rounds and smaller jobs: half an hour on two processors
 * @param trial      measure even while others use the machine; what comes out is marked and never reported
 * @param processors that the contenders are pinned to, as taskset takes them
 * @param threads    that each of them gets
 * @param foreign    processors that others may keep busy in a round that counts
 * @param patience   seconds to wait for a quiet machine before a part
 * @param redone     rounds that may be thrown away for each that counts, before a part is given up
 * @param least      rounds of each figure, also where the mode has fewer; 0 or less: as the mode has them
 */
record Setting(WorkFolder work, boolean quick, boolean trial, String processors, int threads, double foreign, int patience,
               int redone, int least) {
    /** The Java program that starts contenders of its own kind: this one's JVM and class path. */
    List<String> java(List<String> flags, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8"));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "aiserver.bench.Bench"));
        command.addAll(List.of(arguments));
        return command;
    }

    /** One of the worker's engines by itself, in a JVM of the kind that {@code ai-server} starts. */
    List<String> worker(String... arguments) {
        return java(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"), arguments);
    }

    /** What every contender with the native engines needs to know. */
    Map<String, String> engines() {
        return Map.of("LIMIT_BACKENDS", NativeLibraries.folder().toString(), "GGML_NO_BACKTRACE", "1", "AISERVER_NO_BUILD", "1",
                "AISERVER_LOG", "WARN", "DJL_CACHE_DIR", work.folder().resolve("djl").toString());
    }

    /** As rows name it. */
    String mode() {
        return quick ? "quick" : "full";
    }

    /** What the DJL variant is timed in. In bf16 it took longer than in int8 wherever both were timed. */
    List<String> djlTypes() {
        return quick ? List.of("fp32", "int8") : List.of("fp32", "bf16", "int8");
    }

    /** How often a figure is taken. */
    int rounds(int whenQuick, int whenFull) {
        return Math.max(least, size(whenQuick, whenFull));
    }

    /** How much a job has to do: tokens, steps, orders, seconds. */
    int size(int whenQuick, int whenFull) {
        return quick ? whenQuick : whenFull;
    }
}
