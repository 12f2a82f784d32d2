package aiserver.bench.measure;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The file of a day's results on a machine: written after each row, so that a run can be stopped and gone on with. Owned
 * by the command; one thread.
 */
final class Results {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private final Path file;
    private final Map<String, Object> content;

    private Results(Path file, Map<String, Object> content) {
        this.file = file;
        this.content = content;
    }

    /** Goes on with the file where there is one. */
    static Results open(Path file, Map<String, Object> machine, String mode) {
        Map<String, Object> content = new LinkedHashMap<>();
        try {
            if (Files.exists(file)) {
                content = JSON.readValue(file.toFile(), new TypeReference<LinkedHashMap<String, Object>>() { });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be read; move it away to begin anew", e);
        }
        content.put("machine", machine);
        content.putIfAbsent("mode", mode);
        content.putIfAbsent("rows", new ArrayList<>());
        content.putIfAbsent("parts", new LinkedHashMap<>());
        return new Results(file, content);
    }

    @SuppressWarnings("unchecked")
    private List<Map<String, Object>> rows() {
        return (List<Map<String, Object>>) content.get("rows");
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> parts() {
        return (Map<String, Object>) content.get("parts");
    }

    boolean done(String part) {
        return "done".equals(parts().get(part));
    }

    /** @param state "done", or why not */
    void part(String part, String state) {
        parts().put(part, state);
        save();
    }

    /** Adds a row or replaces the one of its id. */
    void add(Row row) {
        rows().removeIf(old -> row.id().equals(old.get("id")));
        rows().add(row.json());
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
