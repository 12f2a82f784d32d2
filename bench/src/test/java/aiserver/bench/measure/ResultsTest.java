package aiserver.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {
    private static final Map<String, Object> BUILD = new Build("v1", "abc", "stamp").json();

    @TempDir
    private Path folder;

    @Test
    void aFullRunMeasuresWhatAQuickOneOfTheSameDayHas() throws IOException {
        Results quick = open("quick", BUILD);
        quick.add(row(1));
        quick.part("order", "done");
        assertThat(open("quick", BUILD).done("order")).isTrue();
        Results full = open("full", BUILD);
        assertThat(full.done("order")).isFalse();
        full.add(row(2));
        JsonNode rows = read().path("rows");
        assertThat(rows).hasSize(2);
        assertThat(rows.get(0).path("mode").asText()).isEqualTo("quick");
        assertThat(rows.get(1).path("mode").asText()).isEqualTo("full");
        assertThat(rows.get(1).at("/build/sources").asText()).isEqualTo("abc");
    }

    @Test
    void anotherBuildIsMeasuredAnewAndAnotherCommitOfTheSameIsNot() {
        open("quick", BUILD).part("order", "done");
        assertThat(open("quick", new Build("v2", "abc", "stamp").json()).done("order")).isTrue();
        assertThat(open("quick", new Build("v2", "abd", "stamp").json()).done("order")).isFalse();
        assertThat(open("quick", new Build("v1", "abc", "other").json()).done("order")).isFalse();
    }

    @Test
    void aFileWithOneModeForAllIsGoneOnWith() throws IOException {
        Files.writeString(file(), """
                {"machine": {}, "mode": "quick", "rows": [{"id": "order", "figure": 1.0}], "parts": {"order": "done"}}""");
        Results results = open("full", BUILD);
        assertThat(results.done("order")).isFalse();
        results.part("speech", "failed: why");
        JsonNode content = read();
        assertThat(content.has("mode")).isFalse();
        assertThat(content.at("/rows/0/mode").asText()).isEqualTo("quick");
        assertThat(content.at("/parts/quick/order/state").asText()).isEqualTo("done");
        assertThat(content.at("/parts/full/speech/state").asText()).isEqualTo("failed: why");
    }

    private Path file() {
        return folder.resolve("results.json");
    }

    private Results open(String mode, Map<String, Object> build) {
        return Results.open(file(), Map.of(), mode, build);
    }

    private JsonNode read() throws IOException {
        return JsonMapper.builder().build().readTree(file().toFile());
    }

    private static Row row(double figure) {
        return new Row("order", "an order", MemoryPart.one(figure), "s", "here", Map.of(), false);
    }
}
