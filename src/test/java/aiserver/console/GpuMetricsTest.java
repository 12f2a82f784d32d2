package aiserver.console;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.Devices;
import aiserver.engine.Devices.Device;
import aiserver.engine.Devices.Memory;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A GPU's memory as a scraper sees it: read anew at each look. */
class GpuMetricsTest {
    @Test
    void eachGpuHasItsGaugesAndTheyFollowTheDevice() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        AtomicLong free = new AtomicLong(3000);
        GpuMetrics.show(registry, List.of(new Device(1, "CUDA0", "a GPU", Devices.Type.GPU), new Device(2, "CUDA1", "a GPU", Devices.Type.GPU)),
                gpu -> new Memory(gpu.index() == 1 ? free.get() : 7, 8000));
        assertThat(registry.scrape()).contains("ai_gpu_memory_free_bytes{device=\"CUDA0\"} 3000.0")
                .contains("ai_gpu_memory_free_bytes{device=\"CUDA1\"} 7.0").contains("ai_gpu_memory_total_bytes{device=\"CUDA0\"} 8000.0");
        free.set(10);
        assertThat(registry.scrape()).contains("ai_gpu_memory_free_bytes{device=\"CUDA0\"} 10.0");
    }

    @Test
    void thePageForOperatorsNamesThem() throws IOException {
        assertThat(Files.readString(Path.of("docs/operations.md"))).contains("`ai_gpu_memory_free_bytes`", "`ai_gpu_memory_total_bytes`");
    }
}
