package aiserver.bench.measure;

import aiserver.bench.client.QueueClient;
import aiserver.engine.NativeLibraries;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** How the workers that are measured are started: ours by its launcher, the DJL variant by this program. */
final class Workers {
    /** The launcher's own. */
    private static final List<String> LEAN_HEAP = Stream.concat(Stream.of("-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=32m", "-Xms12m",
            "-XX:MinHeapSize=8m", "-XX:NewRatio=6", "-XX:MinHeapFreeRatio=5", "-XX:MaxHeapFreeRatio=10", "-XX:-ShrinkHeapInSteps"),
            Runtime.version().feature() < 25 ? Stream.empty() : Stream.of("-XX:+UseCompactObjectHeaders")).toList();

    /** Of an order: noise writes as much as its form allows, which takes a slow machine longer than a worker waits for one. */
    private static final String TIME_LIMIT = "--llm-time-limit=10m";

    private Workers() {
    }

    /** {@code ./ai-server run} in one process, as under systemd. */
    static Contender ours(String name, QueueClient client, Setting setting, String... options) {
        List<String> command = new ArrayList<>(List.of(setting.work().home().resolve("ai-server").toString(), "run", "--no-watch",
                "--redis-url=" + client.uri(), "--crash-folder=" + setting.work().folder().resolve("crashes")));
        command.addAll(List.of(options));
        return Contender.started(name, command, environment(setting), setting);
    }

    /** The DJL variant with glibc's malloc as it is, which is its fastest. */
    static Contender djl(String name, QueueClient client, Setting setting, String... options) {
        return djl(name, client, setting, environment(setting), List.of(), options);
    }

    /**
     * The same with two malloc arenas and a Java heap that gives back what it does not need, as ours has, and blocks from
     * 1 MB on given back at once: slower, and half the memory, since PyTorch's buffers stay with glibc otherwise.
     */
    static Contender leanDjl(String name, QueueClient client, Setting setting, String... options) {
        Map<String, String> environment = new LinkedHashMap<>(environment(setting));
        environment.put("MALLOC_ARENA_MAX", "2");
        environment.put("MALLOC_MMAP_THRESHOLD_", "1048576");
        return djl(name, client, setting, environment, LEAN_HEAP, options);
    }

    private static Contender djl(String name, QueueClient client, Setting setting, Map<String, String> environment, List<String> heap,
                                 String... options) {
        List<String> flags = new ArrayList<>(List.of("-XX:+UseSerialGC", "-Xmx1g"));
        flags.addAll(heap);
        List<String> command = setting.java(flags, "djl", "--redis-url=" + client.uri(),
                "--threads=" + setting.threads());
        command.addAll(List.of(options));
        return Contender.started(name, command, environment, setting);
    }

    static Map<String, String> environment(Setting setting) {
        Map<String, String> environment = new LinkedHashMap<>(setting.engines());
        // Its distribution: the folder above the platform's.
        environment.put("AISERVER_NATIVE_DIST", NativeLibraries.folder().getParent().toString());
        return environment;
    }

    /** The options for a language model of a real shape; greedy, since noise drawn twice is not the same noise. */
    static String[] language(Setting setting, String model, int concurrency, int context) {
        return new String[] {"--tasks=llm", "--llm-model=" + model, "--llm-temperature=0", "--llm-context=" + context,
                "--llm-threads=" + setting.threads(), "--llm-concurrency=" + concurrency, "--llm-state-folder=none", TIME_LIMIT};
    }
}
