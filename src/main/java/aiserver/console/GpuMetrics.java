package aiserver.console;

import aiserver.engine.Devices;
import aiserver.engine.Devices.Device;
import aiserver.engine.Devices.Memory;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Gauges of the GPUs' memory as ggml's device interface tells it: of the whole device, other processes included. Read when
 * somebody looks; any thread.
 */
public final class GpuMetrics {
    private GpuMetrics() {
    }

    /** Shows the GPUs that this worker may use; the libraries must be loaded. */
    public static void show(MeterRegistry registry, List<Device> gpus) {
        show(registry, gpus, Devices::memory);
    }

    static void show(MeterRegistry registry, List<Device> gpus, Function<Device, Memory> memory) {
        for (Device gpu : gpus) {
            gauge(registry, "ai.gpu.memory.total", gpu, memory, Memory::totalBytes, "Memory of the GPU");
            gauge(registry, "ai.gpu.memory.free", gpu, memory, Memory::freeBytes, "Memory of the GPU that nobody uses");
        }
    }

    private static void gauge(MeterRegistry registry, String name, Device gpu, Function<Device, Memory> memory,
                              ToLongFunction<Memory> part, String description) {
        Gauge.builder(name, gpu, device -> part.applyAsLong(memory.apply(device))).tag("device", gpu.name())
                .baseUnit("bytes").description(description).strongReference(true).register(registry);
    }
}
