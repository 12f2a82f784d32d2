package aiserver.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ResultsTest {
    private final Results results = new Results();

    @Test
    void rowsOfAnotherBuildThanTheNewestAreMarked() throws IOException {
        add("1.json", row("order", "quick", "a", "2026-01-01") + "," + row("speech", "quick", "a", "2026-01-01"));
        add("2.json", row("order", "quick", "b", "2026-01-02"));
        assertThat(results.build(results.rows().get("order"))).isEqualTo("vb");
        assertThat(results.build(results.rows().get("speech"))).isEqualTo("va (older build)");
    }

    @Test
    void rowsWithoutABuildSaySo() throws IOException {
        results.add("0.json", json("""
                {"mode": "quick", "rows": [{"id": "order", "measured_at": "2025-01-01"}],
                 "parts": {"order": "done", "form": "failed: why"}}"""), false);
        assertThat(results.build(results.rows().get("order"))).isEqualTo("not recorded");
        assertThat(results.rows().get("order").path("mode").asText()).isEqualTo("quick");
        assertThat(results.unfinished()).containsExactly("`form` (quick, `0.json`): failed: why");
    }

    @Test
    void ofOneBuildAFullRunCountsAndAnotherBuildsNewerOneDoes() throws IOException {
        add("1.json", row("order", "full", "a", "2026-01-01") + "," + row("order", "quick", "a", "2026-01-02"));
        assertThat(results.rows().get("order").path("mode").asText()).isEqualTo("full");
        add("2.json", row("order", "quick", "b", "2026-01-03"));
        assertThat(results.rows().get("order").path("mode").asText()).isEqualTo("quick");
    }

    @Test
    void aPartThatIsDoneLaterIsNotMissing() throws IOException {
        results.add("1.json", json("{\"parts\": {\"quick\": {\"form\": {\"state\": \"contended\"}}}}"), false);
        assertThat(results.unfinished()).hasSize(1);
        results.add("2.json", json("{\"parts\": {\"full\": {\"form\": {\"state\": \"done\"}}}}"), false);
        assertThat(results.unfinished()).isEmpty();
    }

    private void add(String file, String rows) throws IOException {
        results.add(file, json("{\"machine\": {\"processor\": \"x\"}, \"rows\": [" + rows + "]}"), false);
    }

    private static String row(String id, String mode, String build, String at) {
        return """
                {"id": "%s", "mode": "%s", "measured_at": "%s", "build": {"commit": "v%s", "sources": "%s", "native": "n"}}"""
                .formatted(id, mode, at, build, build);
    }

    private static JsonNode json(String text) throws IOException {
        return JsonMapper.builder().build().readTree(text);
    }
}
