package aiserver.bench.measure;

import aiserver.engine.NativeLibraries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was measured, written beside each figure. Two builds are the same where the sources that a figure depends on and the
 * native libraries are: a commit of results or pages alone makes no other build.
 *
 * @param commit      as git describes the project, with a + where what is measured was changed on top
 * @param sources     the last commit that changed what is measured, with the same mark; "unknown" without git
 * @param nativeStamp of the native libraries, from their BUILD-INFO
 */
record Build(String commit, String sources, String nativeStamp) {
    private static final String UNKNOWN = "unknown";
    private static final List<String> MEASURED = List.of("src/main", "bindings", "native", "pom.xml", "ai-server", "models-gguf/demo",
            "bench/src/main", "bench/c", "bench/peers", "training/torchscript");

    static Build of(Path home) {
        List<String> last = new ArrayList<>(List.of("log", "-1", "--format=%h", "--"));
        List<String> changes = new ArrayList<>(List.of("status", "--porcelain", "--"));
        last.addAll(MEASURED);
        changes.addAll(MEASURED);
        String sources = git(home, last).orElse("");
        // Not what git calls dirty: results and pages change while they are written.
        String mark = git(home, changes).orElse("").isEmpty() ? "" : "+";
        return new Build(git(home, List.of("describe", "--always")).map(commit -> commit + mark).orElse(UNKNOWN),
                sources.isEmpty() ? UNKNOWN : sources + mark, stamp());
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("commit", commit);
        json.put("sources", sources);
        json.put("native", nativeStamp);
        return json;
    }

    // What git says; nothing where there is no git or no repository.
    private static Optional<String> git(Path home, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("git", "-C", home.toString()));
        command.addAll(arguments);
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? Optional.of(said) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static String stamp() {
        return ofLibraries().stream().filter(line -> line.startsWith("stamp ")).map(line -> line.split(" ")[1]).findFirst().orElse(UNKNOWN);
    }

    /** The lines that the native build wrote of itself; none where it wrote none. */
    static List<String> ofLibraries() {
        Path info = NativeLibraries.folder().resolve("BUILD-INFO");
        try {
            return Files.isReadable(info) ? Files.readAllLines(info) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(info + " cannot be read", e);
        }
    }
}
