package aiserver.check;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The check on the processor with tiny models: it writes them, the processor agrees with itself, the language model is
 * measured, and the result is a JSON and a table. What the script adds is a process for each part and the loops in C.
 */
class GpuCheckIT {
    @TempDir
    Path folder;

    @Test
    @SuppressWarnings("unchecked")
    void itRunsWholeWhereThereIsNoGpu() throws Exception {
        CheckSetting setting = new CheckSetting("cpu", true, folder, folder.resolve("out"), null, 2);
        for (String part : List.of("models", "agree", "language", "report")) {
            GpuCheck.run(part, setting);
        }
        Map<String, Object> result = JsonObjects.read(Files.readString(folder.resolve("out/gpu-check.json")));
        assertThat((String) result.get("device")).startsWith("CPU: ");
        assertThat(result).containsEntry("tiny", true);
        Map<String, Object> parts = (Map<String, Object>) result.get("parts");
        assertThat((List<Map<String, Object>>) parts.get("agree")).extracting(row -> ((Number) row.get("worker")).doubleValue())
                .containsExactly(1.0, 1.0, 99.0);
        assertThat((List<Map<String, Object>>) parts.get("language")).filteredOn(row -> row.get("unit").equals("tok/s")).hasSize(2)
                .allSatisfy(row -> assertThat(((Number) row.get("worker")).doubleValue()).isPositive());
        assertThat(Files.readString(folder.resolve("out/gpu-check.md"))).contains("| Qwen3 F16: 1 answer | tok/s | ")
                .contains("tiny models, which show that the check runs and nothing else");
    }
}
