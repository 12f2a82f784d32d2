package aiserver.engine;

import bindings.guard.guard_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The devices that ggml found, the choice among them by a setting, and their memory. The libraries must be loaded, but
 * for the choice from a list. Any thread.
 */
public final class Devices {
    /** What a device is. */
    public enum Type { CPU, GPU, INTEGRATED_GPU, OTHER }

    /** @param name as ggml and its engines name it: {@code CPU}, {@code CUDA0} … */
    public record Device(int index, String name, String description, Type type) {
        public boolean gpu() {
            return type == Type.GPU || type == Type.INTEGRATED_GPU;
        }
    }

    /** A device's memory in bytes; other processes' use counts, too. */
    public record Memory(long freeBytes, long totalBytes) {
    }

    private Devices() {
    }

    public static List<Device> all() {
        return IntStream.range(0, guard_h.ag_device_count()).mapToObj(Devices::device).toList();
    }

    /** Asking a GPU takes a few hundred megabytes of its memory for this process, until the process ends. */
    public static Memory memory(Device device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
            boolean known = guard_h.ag_device_memory(device.index(), free, total);
            return known ? new Memory(free.get(ValueLayout.JAVA_LONG, 0), total.get(ValueLayout.JAVA_LONG, 0)) : new Memory(0, 0);
        }
    }

    /**
     * The devices for a setting, one or more: {@code auto} (the first GPU, else the CPU), {@code cpu}, a name or its short
     * form such as {@code cuda:0}, or several GPUs as in {@code cuda:0,cuda:1}.
     *
     * @throws EngineException MODEL_NOT_AVAILABLE that lists what there is
     */
    public static List<Device> choose(String setting) {
        return choose(all(), setting);
    }

    static List<Device> choose(List<Device> all, String setting) {
        List<Device> chosen = new ArrayList<>();
        for (String name : Arrays.stream(setting.split(",", -1)).map(String::strip).toList()) {
            Device device = one(all, name);
            if (chosen.contains(device)) {
                throw unavailable("device '" + setting + "' names " + device.name() + " twice");
            }
            chosen.add(device);
        }
        if (chosen.size() > 1 && !chosen.stream().allMatch(Device::gpu)) {
            throw unavailable("device '" + setting + "' may name several GPUs, or one device");
        }
        return List.copyOf(chosen);
    }

    private static Device one(List<Device> all, String name) {
        String wanted = name.toLowerCase(Locale.ROOT).replace(":", "");
        return switch (wanted) {
            case "auto" -> all.stream().filter(Device::gpu).findFirst().orElseGet(() -> cpu(all));
            case "cpu" -> cpu(all);
            default -> all.stream().filter(device -> device.name().toLowerCase(Locale.ROOT).equals(wanted)).findFirst()
                    .orElseThrow(() -> unavailable("device '" + name + "' is not on this machine, which has " + names(all)
                            + (wanted.startsWith("cuda") && NativeLibraries.noGpu() != null ? ": " + NativeLibraries.noGpu() : "")));
        };
    }

    private static Device cpu(List<Device> all) {
        return all.stream().filter(device -> device.type() == Type.CPU).findFirst()
                .orElseThrow(() -> unavailable("no CPU backend is loaded"));
    }

    static String names(List<Device> devices) {
        return devices.stream().map(Device::name).collect(Collectors.joining(", "));
    }

    // Of no job's making: the lane's model cannot be had.
    private static EngineException unavailable(String message) {
        return new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, message);
    }

    private static Device device(int index) {
        return new Device(index, NativeText.copy(guard_h.ag_device_name(index)), NativeText.copy(guard_h.ag_device_description(index)),
                Type.values()[guard_h.ag_device_type(index)]);
    }
}
