package aiserver.check;

import aiserver.engine.Devices;
import aiserver.job.JsonObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** The rows that a part has measured: a line of JSON each, in a file of the part's own that a new run replaces. */
final class CheckRows {
    private final Path file;

    CheckRows(CheckSetting setting, String part) throws IOException {
        Files.createDirectories(setting.out());
        this.file = setting.out().resolve("part-" + part + ".jsonl");
        Files.deleteIfExists(file);
    }

    /**
     * @param what   is measured
     * @param unit   s, tok/s, MB, dB, share
     * @param worker by the worker's engines
     * @param cLoop  by the C loop, or null
     */
    void add(String what, String unit, double worker, Double cLoop) throws IOException {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("what", what);
        row.put("unit", unit);
        row.put("worker", rounded(worker));
        if (cLoop != null) {
            row.put("c_loop", rounded(cLoop));
        }
        Files.writeString(file, JsonObjects.write(row) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        System.err.println("gpu-check: " + JsonObjects.write(row));
    }

    private static double rounded(double value) {
        double scale = Math.pow(10, 3 - Math.ceil(Math.log10(Math.max(1e-9, Math.abs(value)))));
        return scale >= 1 ? Math.round(value * scale) / scale : Math.rint(value);
    }

    /** Memory of this process, and of the GPU as all processes use it. */
    void memory(String what, CheckSetting setting) throws IOException {
        add(what + ": memory of the process", "MB", residentMb(ProcessHandle.current().pid()), null);
        Devices.Device device = setting.chosen();
        if (device.gpu()) {
            add(what + ": memory of the GPU", "MB", usedMb(device), null);
        }
    }

    static double usedMb(Devices.Device device) {
        Devices.Memory memory = Devices.memory(device);
        return (memory.totalBytes() - memory.freeBytes()) / 1048576.0;
    }

    static double residentMb(long pid) throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/" + pid + "/statm")).split(" ")[1]) * 4 / 1024.0;
    }
}
