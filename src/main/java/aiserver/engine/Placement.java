package aiserver.engine;

import aiserver.engine.Devices.Device;
import aiserver.engine.Devices.Memory;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a model goes, decided before it is loaded: what does not fit into the GPU's memory is loaded in part (layers of
 * the language model; a picture model without its text encoders), runs on the processor where the setting leaves that
 * open, or is refused with the figures. The decision itself is pure; {@link #choose} and {@link #chooseOne} ask the devices,
 * and log what was not as asked for.
 *
 * @param gpus         that take part; empty: the processor alone
 * @param layers       of a language model on the GPUs; -1: all
 * @param encodersAway whether a picture model's text encoders stay with the processor
 * @param remark       what was not as asked for, with the figures; or null
 */
record Placement(List<Device> gpus, int layers, boolean encodersAway, String remark) {
    static final int ALL = -1;
    private static final Logger LOG = LoggerFactory.getLogger(Placement.class);
    private static final long MB = 1L << 20;

    /** One GPU and what it can give: its free bytes less the share that is to stay free. */
    record Room(Device gpu, Memory memory, double share) {
        long bytes() {
            double kept = (1 - share) * memory.totalBytes();
            return Math.max(0, memory.freeBytes() - (long) kept);
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s has %d MB to give (%d of %d MB are free, --gpu-memory is %s)", gpu.name(),
                    bytes() / MB, memory.freeBytes() / MB, memory.totalBytes() / MB, share);
        }
    }

    static Placement onCpu() {
        return new Placement(List.of(), ALL, false, null);
    }

    /**
     * Asks the devices. {@code need} is worked out only where there is a GPU to fill.
     *
     * @throws EngineException MODEL_NOT_AVAILABLE for a device that is not there, OUT_OF_MEMORY with the figures
     */
    static Placement choose(String setting, int mostLayers, Supplier<MemoryNeed> need) {
        return choose(Devices.choose(setting), setting, mostLayers, need);
    }

    /**
     * As {@link #choose}, for a model that cannot be split.
     *
     * @throws EngineException MODEL_NOT_AVAILABLE also for a setting that names several devices
     */
    static Placement chooseOne(String setting, Supplier<MemoryNeed> need) {
        return chooseOne(Devices.choose(setting), setting, need);
    }

    static Placement chooseOne(List<Device> devices, String setting, Supplier<MemoryNeed> need) {
        if (devices.size() > 1) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, "the " + need.get().what() + " takes one device, not " + setting);
        }
        return choose(devices, setting, ALL, need);
    }

    private static Placement choose(List<Device> devices, String setting, int mostLayers, Supplier<MemoryNeed> need) {
        if (!devices.getFirst().gpu()) {
            return onCpu();
        }
        double share = GpuMemory.share();
        Placement placement = decide(need.get(), devices.stream().map(gpu -> new Room(gpu, Devices.memory(gpu), share)).toList(),
                mostLayers, setting.toLowerCase(Locale.ROOT).contains("auto"));
        if (placement.remark() != null) {
            LOG.warn("{}", placement.remark());
        }
        return placement;
    }

    /**
     * @param mostLayers layers that were asked for, or -1: as many as fit
     * @param open       whether the processor will do where nothing fits
     */
    static Placement decide(MemoryNeed whole, List<Room> rooms, int mostLayers, boolean open) {
        List<Device> gpus = rooms.stream().map(Room::gpu).toList();
        if (mostLayers == 0 && whole.layers() > 0) {
            return onCpu();
        }
        int layers = mostLayers < 0 || mostLayers > whole.layers() ? whole.layers() : mostLayers;
        MemoryNeed need = new MemoryNeed(whole.what(), whole.weights(), whole.layer(), layers, whole.buffers(), whole.movable());
        long room = rooms.stream().mapToLong(Room::bytes).sum();
        if (need.total(gpus.size()) <= room) {
            return new Placement(gpus, layers == whole.layers() ? ALL : layers, false, null);
        }
        String figures = String.format(Locale.ROOT, "the %s needs about %d MB; %s", need.what(), need.total(gpus.size()) / MB,
                rooms.stream().map(Room::toString).collect(Collectors.joining(", ")));
        if (need.layer() > 0) {
            long fitting = (room - need.weights() - need.buffers() * gpus.size()) / need.layer();
            if (fitting >= 1) {
                int some = (int) Math.min(fitting, layers);
                return new Placement(gpus, some, false, figures + ": " + some + " of " + whole.layers()
                        + " layers go there, the others run on the processor");
            }
        }
        if (need.movable() > 0 && need.total(gpus.size()) - need.movable() <= room) {
            return new Placement(gpus, ALL, true, figures + ": its text encoders run on the processor");
        }
        if (!open) {
            throw new EngineException(EngineException.Kind.OUT_OF_MEMORY, figures);
        }
        return new Placement(List.of(), ALL, false, figures + ": it runs on the processor");
    }

    boolean onGpu() {
        return !gpus.isEmpty();
    }

    /** As ggml names the devices: {@code CPU}, {@code CUDA0}, {@code CUDA0+CUDA1}. */
    String device() {
        return gpus.isEmpty() ? "CPU" : gpus.stream().map(Device::name).collect(Collectors.joining("+"));
    }
}
