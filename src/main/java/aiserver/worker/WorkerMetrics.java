package aiserver.worker;

import aiserver.job.Reply;
import aiserver.job.TaskType;
import aiserver.redis.Claim;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/** What a worker counts, under the names that docs/operations.md explains. Owned by {@link AIWorker}; any thread. */
final class WorkerMetrics {
    private static final Duration[] BUCKETS = {Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250),
            Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofMillis(2_500), Duration.ofSeconds(5),
            Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMinutes(1), Duration.ofMinutes(5)};

    private final MeterRegistry registry;
    private final Map<TaskType, AtomicLong> depth = new EnumMap<>(TaskType.class);
    private final Map<TaskType, AtomicLong> oldestMs = new EnumMap<>(TaskType.class);

    WorkerMetrics(MeterRegistry registry, int restarts) {
        this.registry = registry;
        Gauge.builder("ai.worker.restarts", () -> restarts).description("Times this worker was started again after a crash")
                .register(registry);
        Gauge.builder("ai.process.resident", WorkerMetrics::residentBytes).baseUnit("bytes")
                .description("Resident memory of the process, engines included").register(registry);
    }

    /** Shows a lane's gauges. */
    void watch(Lane lane) {
        TaskType kind = lane.kind();
        depth.put(kind, new AtomicLong());
        oldestMs.put(kind, new AtomicLong());
        gauge("ai.queue.depth", kind, depth.get(kind), "Jobs that wait in the queue");
        Gauge.builder("ai.queue.oldest", oldestMs.get(kind), ms -> ms.get() / 1000.0).tag("kind", kind.wireName())
                .baseUnit("seconds").description("Age of the oldest waiting job by its created_at").register(registry);
        Gauge.builder("ai.jobs.running", lane, l -> l.running().size()).tag("kind", kind.wireName()).register(registry);
        Gauge.builder("ai.model.loaded", lane, l -> l.model().loaded() ? 1 : 0).tag("kind", kind.wireName())
                .register(registry);
    }

    void queue(TaskType kind, long length, long ageMs) {
        depth.get(kind).set(length);
        oldestMs.get(kind).set(ageMs);
    }

    void answered(Reply reply) {
        String outcome = reply.success() ? "success" : reply.error().code().name().toLowerCase(Locale.ROOT);
        count("ai.jobs", reply.kind(), "outcome", outcome);
        if (reply.attempt() > 1) {
            count("ai.jobs.repeated", reply.kind(), "outcome", outcome);
        }
        timer("ai.job.run", reply.kind()).record(Duration.ofMillis(reply.runMs()));
        timer("ai.job.queued", reply.kind()).record(Duration.ofMillis(reply.queuedMs()));
    }

    /** A message that was let go without an answer of ours. */
    void dropped(TaskType kind, Claim.Verdict verdict) {
        count("ai.jobs.dropped", kind, "why", verdict.name().toLowerCase(Locale.ROOT));
    }

    void outrun(TaskType kind) {
        count("ai.jobs.dropped", kind, "why", "outrun");
    }

    void buried(TaskType kind) {
        count("ai.dead", kind, "why", "unreadable");
    }

    void putBack(TaskType kind) {
        count("ai.jobs.dropped", kind, "why", "put_back");
    }

    void recovered(int jobs) {
        Counter.builder("ai.jobs.recovered").description("Jobs of dead workers given back to their queues").register(registry)
                .increment(jobs);
    }

    private void count(String name, TaskType kind, String tag, String value) {
        registry.counter(name, "kind", kind.wireName(), tag, value).increment();
    }

    private void gauge(String name, TaskType kind, AtomicLong value, String description) {
        Gauge.builder(name, value, AtomicLong::get).tag("kind", kind.wireName()).description(description).register(registry);
    }

    private Timer timer(String name, TaskType kind) {
        return Timer.builder(name).tag("kind", kind.wireName()).serviceLevelObjectives(BUCKETS).register(registry);
    }

    // In kilobytes, where statm counts in pages, whose size is the machine's.
    private static double residentBytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:")).mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024.0)
                    .findFirst().orElse(Double.NaN);
        } catch (IOException | UncheckedIOException | NumberFormatException e) {
            return Double.NaN;
        }
    }
}
