package aiserver.check;

import aiserver.engine.Devices;
import aiserver.job.JsonObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Puts the parts' rows together: gpu-check.json with the machine's name, and gpu-check.md with the table. */
final class CheckReport {
    private CheckReport() {
    }

    static void write(CheckSetting setting) throws IOException {
        Map<String, Object> parts = new LinkedHashMap<>();
        StringBuilder table = new StringBuilder();
        Devices.Device device = setting.chosen();
        String processor = processor();
        table.append("On ").append(device.gpu() ? device.description() + " (" + device.name() + "), " : "").append(processor)
                .append(", ").append(Runtime.getRuntime().availableProcessors()).append(" processors")
                .append(setting.tiny() ? "; tiny models, which show that the check runs and nothing else" : "").append(".\n\n")
                .append("| | unit | worker | C loop | ratio |\n|---|---|---|---|---|\n");
        List<Path> files;
        try (Stream<Path> listed = Files.list(setting.out())) {
            files = listed.filter(file -> file.getFileName().toString().matches("part-.*\\.jsonl")).sorted().toList();
        }
        requireRows(files, setting.out());
        for (Path file : files) {
            List<Map<String, Object>> rows = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                Map<String, Object> row = JsonObjects.read(line);
                rows.add(row);
                Object cLoop = row.get("c_loop");
                table.append("| ").append(row.get("what")).append(" | ").append(row.get("unit")).append(" | ").append(row.get("worker"))
                        .append(" | ").append(cLoop == null ? "" : cLoop).append(" | ").append(cLoop == null ? "" : String.format(Locale.ROOT, "%.2f",
                                ((Number) row.get("worker")).doubleValue() / ((Number) cLoop).doubleValue())).append(" |\n");
            }
            parts.put(file.getFileName().toString().replaceAll("^part-|\\.jsonl$", ""), rows);
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("device", device.name() + ": " + device.description());
        result.put("processor", processor);
        result.put("processors", Runtime.getRuntime().availableProcessors());
        result.put("threads", setting.threads());
        result.put("tiny", setting.tiny());
        result.put("parts", parts);
        Files.writeString(setting.out().resolve("gpu-check.json"), JsonObjects.write(result) + "\n");
        Files.writeString(setting.out().resolve("gpu-check.md"), table);
        System.out.println(table);
    }

    static void requireRows(List<Path> files, Path folder) throws IOException {
        if (files.isEmpty()) {
            throw new IOException("no part has measured anything in " + folder);
        }
    }

    private static String processor() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name")).findFirst().map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("a processor without a name");
        }
    }
}
