package aiserver.engine;

import bindings.guard.guard_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The devices that ggml found, and the choice among them by a setting. The libraries must be loaded. */
public final class Devices {
    /** What a device is. */
    public enum Type { CPU, GPU, INTEGRATED_GPU, OTHER }

    /**
     * @param name       as ggml and its engines name it: {@code CPU}, {@code CUDA0} …
     * @param freeBytes  of the device's memory, when this was asked
     */
    public record Device(int index, String name, String description, Type type, long freeBytes, long totalBytes) {
        public boolean gpu() {
            return type == Type.GPU || type == Type.INTEGRATED_GPU;
        }
    }

    private Devices() {
    }

    public static List<Device> all() {
        return IntStream.range(0, guard_h.ag_device_count()).mapToObj(Devices::device).toList();
    }

    /**
     * The device for a setting: {@code auto} (the first GPU, else the CPU), {@code cpu}, or a name or its short form
     * such as {@code cuda:0}.
     *
     * @throws EngineException INVALID_INPUT that lists what there is
     */
    public static Device choose(String setting) {
        List<Device> all = all();
        String wanted = setting.strip().toLowerCase(Locale.ROOT).replace(":", "");
        return switch (wanted) {
            case "auto" -> all.stream().filter(Device::gpu).findFirst().orElseGet(() -> cpu(all));
            case "cpu" -> cpu(all);
            default -> all.stream().filter(device -> device.name().toLowerCase(Locale.ROOT).equals(wanted)).findFirst()
                    .orElseThrow(() -> new EngineException(EngineException.Kind.INVALID_INPUT, "device '" + setting
                            + "' is not on this machine, which has " + names(all)));
        };
    }

    private static Device cpu(List<Device> all) {
        return all.stream().filter(device -> device.type() == Type.CPU).findFirst()
                .orElseThrow(() -> new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, "no CPU backend is loaded"));
    }

    private static String names(List<Device> all) {
        return all.stream().map(Device::name).collect(Collectors.joining(", "));
    }

    private static Device device(int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
            boolean known = guard_h.ag_device_memory(index, free, total);
            return new Device(index, NativeText.copy(guard_h.ag_device_name(index)), NativeText.copy(guard_h.ag_device_description(index)),
                    Type.values()[guard_h.ag_device_type(index)],
                    known ? free.get(ValueLayout.JAVA_LONG, 0) : 0, known ? total.get(ValueLayout.JAVA_LONG, 0) : 0);
        }
    }
}
