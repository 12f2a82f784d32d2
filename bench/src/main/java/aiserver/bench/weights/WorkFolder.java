package aiserver.bench.weights;

import aiserver.engine.NativeLibraries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import picocli.CommandLine.Option;

/** Where the benchmarks keep what they make, and where they find what run.sh built. Options of every command. */
public final class WorkFolder {
    @Option(names = "--work", paramLabel = "DIR", defaultValue = "bench/.work",
            description = "Models, exports and programs that are made on the spot. Default: ${DEFAULT-VALUE}.")
    Path folder;

    @Option(names = "--home", paramLabel = "DIR", defaultValue = ".", description = "The project. Default: ${DEFAULT-VALUE}.")
    Path home;

    @Option(names = "--tokenizer", paramLabel = "DIR",
            description = "Qwen's vocab.json and merges.txt. Default: tokenizer in the work folder.")
    Path tokenizer;

    @Option(names = "--python", paramLabel = "FILE", defaultValue = "training/.venv/bin/python",
            description = "Python with training/requirements.txt, for exports and peers. Default: ${DEFAULT-VALUE}.")
    Path python;

    @Option(names = "--sources", paramLabel = "DIR", defaultValue = "native/.work/sources",
            description = "The engines' unpacked sources, whose tokenizer the exports take. Default: ${DEFAULT-VALUE}.")
    Path sources;

    public Path folder() {
        return folder.toAbsolutePath().normalize();
    }

    public Path home() {
        return home.toAbsolutePath().normalize();
    }

    public Path models() {
        return folder().resolve("models");
    }

    public Path demo() {
        return home().resolve("models-gguf/demo");
    }

    public Path tokenizer() {
        return tokenizer != null ? tokenizer : folder().resolve("tokenizer");
    }

    public Path python() {
        return python.toAbsolutePath();
    }

    public Path sources() {
        return sources.toAbsolutePath();
    }

    /** The C loops. */
    public Path limit() {
        return folder().resolve("limit");
    }

    /** Has the engine write a model in another type. */
    void quantize(Path from, Path to, String type) throws IOException {
        Path part = to.resolveSibling(to.getFileName() + ".part");
        make(List.of(limit().toString(), "quantize", from.toString(), part.toString(), type));
        Files.move(part, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Runs a program that makes a file; its errors go to ours. */
    void make(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().putIfAbsent("LIMIT_BACKENDS", NativeLibraries.folder().toString());
        Process process = builder.start();
        try {
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException(String.join(" ", command) + " ended with status " + status);
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
