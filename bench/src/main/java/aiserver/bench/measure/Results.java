package aiserver.bench.measure;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The file of a day's results on a machine: written after each row, so that a run can be stopped and gone on with. Owned
 * by the command; one thread.
 */
final class Results {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path file;
    private final Map<String, Object> content;
    private final String mode;
    private final Map<String, Object> build;

    private Results(Path file, Map<String, Object> content, String mode, Map<String, Object> build) {
        this.file = file;
        this.content = content;
        this.mode = mode;
        this.build = build;
    }

    /** Goes on with the file where there is one: what another mode or build measured stays beside. */
    static Results open(Path file, Map<String, Object> machine, String mode, Map<String, Object> build) {
        Map<String, Object> content = new LinkedHashMap<>();
        try {
            if (Files.exists(file)) {
                content = JSON.readValue(file.toFile(), new TypeReference<LinkedHashMap<String, Object>>() { });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be read; move it away to begin anew", e);
        }
        content.put("machine", machine);
        content.putIfAbsent("rows", new ArrayList<>());
        content.putIfAbsent("parts", new LinkedHashMap<>());
        Results results = new Results(file, content, mode, build);
        results.nameModes();
        return results;
    }

    // A file from before parts and rows named their mode has one for all.
    private void nameModes() {
        if (content.remove("mode") instanceof String all) {
            rows().forEach(row -> row.putIfAbsent("mode", all));
            Map<String, Object> parts = new LinkedHashMap<>();
            states().forEach((part, state) -> parts.put(part, Map.of("state", state)));
            states().clear();
            states().put(all, parts);
        }
    }

    @SuppressWarnings("unchecked")
    private List<Map<String, Object>> rows() {
        return (List<Map<String, Object>>) content.get("rows");
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> states() {
        return (Map<String, Object>) content.get("parts");
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> parts() {
        return (Map<String, Object>) states().computeIfAbsent(mode, first -> new LinkedHashMap<>());
    }

    /** Whether this mode has measured the part of this build. */
    boolean done(String part) {
        return parts().get(part) instanceof Map<?, ?> known && "done".equals(known.get("state")) && sameBuild(known.get("build"));
    }

    private boolean sameBuild(Object other) {
        return other instanceof Map<?, ?> known && Objects.equals(known.get("sources"), build.get("sources"))
                && Objects.equals(known.get("native"), build.get("native"));
    }

    /** @param state "done", or why not */
    void part(String part, String state) {
        Map<String, Object> known = new LinkedHashMap<>();
        known.put("state", state);
        known.put("build", build);
        known.put("at", Instant.now().toString());
        parts().put(part, known);
        save();
    }

    /** Adds a row or replaces the one of its id and this mode. */
    void add(Row row) {
        rows().removeIf(old -> row.id().equals(old.get("id")) && mode.equals(old.get("mode")));
        Map<String, Object> json = row.json();
        json.put("mode", mode);
        json.put("build", build);
        rows().add(json);
        save();
        System.err.printf("bench: %s = %.4g %s (%.4g to %.4g)%s%n", row.id(), row.figure().median(), row.unit(),
                row.figure().low(), row.figure().high(), row.contended() ? "  CONTENDED" : "");
    }

    private void save() {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Path part = file.resolveSibling(file.getFileName() + ".part");
            JSON.writeValue(part.toFile(), content);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
