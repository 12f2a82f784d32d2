package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.Reply;
import aiserver.job.TaskType;
import aiserver.redis.Claim;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

class WorkerMetricsTest {
    private static final Pattern NAME = Pattern.compile("^\\| (`ai_[a-z_]+`(?:, `ai_[a-z_]+`)*) \\|", Pattern.MULTILINE);

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final WorkerMetrics metrics = new WorkerMetrics(registry, 3);

    @BeforeEach
    void count() {
        metrics.watch(new Lane(TaskType.STT, LaneSettings.of(1, Duration.ofSeconds(1)), (job, scope) -> null));
        metrics.queue(TaskType.STT, 7, 1_500);
        metrics.answered(new Reply("r", TaskType.STT, "w", 2, 40, 300, null, new JobException(ErrorCode.EXPIRED, "late")));
        metrics.dropped(TaskType.STT, Claim.Verdict.LOST);
        metrics.buried(TaskType.STT);
        metrics.recovered(5);
    }

    @Test
    void whatIsCountedIsShown() {
        assertThat(registry.scrape()).contains("ai_jobs_total{kind=\"stt\",outcome=\"expired\"} 1.0",
                "ai_jobs_repeated_total{kind=\"stt\",outcome=\"expired\"} 1.0", "ai_jobs_dropped_total{kind=\"stt\",why=\"lost\"} 1.0",
                "ai_queue_depth{kind=\"stt\"} 7.0", "ai_queue_oldest_seconds{kind=\"stt\"} 1.5", "ai_worker_restarts 3.0",
                "ai_jobs_recovered_total 5.0", "ai_job_run_seconds_bucket{kind=\"stt\",le=\"0.5\"} 1");
    }

    @Test
    void residentMemoryIsWhatTheSystemSays() throws IOException {
        double kilobytes = Held.by(ProcessHandle.current().pid()).residentKb();
        assertThat(registry.get("ai.process.resident").gauge().value()).isBetween(kilobytes * 512, kilobytes * 2048);
    }

    @Test
    void thePageForOperatorsNamesWhatIsThere() throws IOException {
        List<String> names = NAME.matcher(Files.readString(Path.of("docs/operations.md"))).results()
                .flatMap(m -> Pattern.compile("ai_[a-z_]+").matcher(m.group(1)).results().map(n -> n.group())).toList();
        assertThat(names).hasSizeGreaterThan(10);
        // Those of the GPUs are not the worker's: GpuMetricsTest looks for them on the page.
        assertThat(names).filteredOn(name -> !name.startsWith("ai_gpu_")).allSatisfy(name -> assertThat(registry.scrape()).containsPattern("(?m)^" + name + "(_count)?[ {]"));
    }
}
