package aiserver.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the report is made of: the rows of some files of one machine, of each id the one that counts; how the parts ended;
 * what machine and build each is from. Filled in the order of the files' days; one thread.
 */
final class Results {
    private final Map<String, JsonNode> rows = new LinkedHashMap<>();
    private final Map<JsonNode, List<String>> machines = new LinkedHashMap<>();
    private final Map<String, String> parts = new LinkedHashMap<>();
    private JsonNode newest;

    /** @param contended whether rows that were measured beside other programs count, which is for trials */
    void add(String file, JsonNode results, boolean contended) {
        if (results.path("machine").deepCopy() instanceof ObjectNode machine) {
            machine.remove("native_build");
            machines.computeIfAbsent(machine, first -> new ArrayList<>()).add(file);
        }
        // Files from before rows and parts named their mode have one for all.
        String all = results.path("mode").asText();
        results.path("rows").forEach(row -> {
            if (contended || !row.path("contended").asBoolean()) {
                ObjectNode own = row.deepCopy();
                if (!own.has("mode")) {
                    own.put("mode", all);
                }
                add(own);
            }
        });
        results.path("parts").properties().forEach(part -> {
            if (part.getValue().isTextual()) {
                ended(part.getKey(), all, file, part.getValue().asText());
            } else {
                part.getValue().properties().forEach(one ->
                        ended(one.getKey(), part.getKey(), file, one.getValue().path("state").asText()));
            }
        });
    }

    private void add(JsonNode row) {
        String id = row.path("id").asText();
        if (newest == null || !at(row).isEmpty() && at(row).compareTo(at(newest)) >= 0) {
            newest = row;
        }
        JsonNode known = rows.get(id);
        if (known == null || !counts(known, row)) {
            rows.put(id, row);
        }
    }

    // Whether the row that is known stays.
    private static boolean counts(JsonNode known, JsonNode row) {
        boolean otherMode = !known.path("mode").equals(row.path("mode"));
        return sameBuild(known, row) && otherMode ? full(known) : at(known).compareTo(at(row)) > 0;
    }

    private void ended(String part, String mode, String file, String state) {
        parts.put(part, state.equals("done") ? "" : "`" + part + "` (" + mode + ", `" + file + "`): " + state);
    }

    Map<String, JsonNode> rows() {
        return rows;
    }

    /** Descriptions of machines, each with the files that are from it. */
    Map<JsonNode, List<String>> machines() {
        return machines;
    }

    /** A line for each part whose last run did not end well. */
    List<String> unfinished() {
        return parts.values().stream().filter(line -> !line.isEmpty()).toList();
    }

    /** The row's build for a reader, and whether it is another than the newest row's. */
    String build(JsonNode row) {
        if (!row.has("build")) {
            return "not recorded";
        }
        return row.path("build").path("commit").asText() + (sameBuild(row, newest) ? "" : " (older build)");
    }

    private static boolean sameBuild(JsonNode one, JsonNode other) {
        return one.path("build").path("sources").equals(other.path("build").path("sources"))
                && one.path("build").path("native").equals(other.path("build").path("native"));
    }

    private static boolean full(JsonNode row) {
        return "full".equals(row.path("mode").asText());
    }

    private static String at(JsonNode row) {
        return row.path("measured_at").asText();
    }
}
