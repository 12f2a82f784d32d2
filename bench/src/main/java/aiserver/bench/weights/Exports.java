package aiserver.bench.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** TorchScript of the worker's own model files, made by training/torchscript when first asked for and kept in the work folder. */
public final class Exports {
    private final WorkFolder work;

    public Exports(WorkFolder work) {
        this.work = work;
    }

    /** @param type fp32, bf16 or int8 */
    public Path language(Path model, String type, int context) throws IOException {
        return made("language", model, type, "-" + context, "--context=" + context);
    }

    public Path speech(Path model, String type) throws IOException {
        return made("speech", model, type, "");
    }

    public Path picture(Path model, Path taesd, String type, int side) throws IOException {
        return made("picture", model, type, "-" + side, "--side=" + side, "--taesd=" + taesd,
                "--clip-tokenizer=" + work.folder().resolve("clip"), "--engine=" + work.sources().resolve("stable-diffusion"));
    }

    private Path made(String kind, Path model, String type, String suffix, String... options) throws IOException {
        String name = model.getFileName().toString().replaceFirst("\\.[a-z]+$", "");
        Path folder = work.folder().resolve("torchscript").resolve(name + "-" + type + suffix);
        Path meta = folder.resolve("meta.json");
        if (!Files.exists(meta) || Files.getLastModifiedTime(meta).compareTo(Files.getLastModifiedTime(model)) < 0) {
            if (!Files.isExecutable(work.python())) {
                throw new IOException("no Python at " + work.python() + ": make an environment with training/requirements.txt,"
                        + " or name one by --python");
            }
            System.err.println("bench: exporting " + folder);
            Files.createDirectories(folder.getParent());
            if (Files.exists(folder)) { // of the model before
                try (Stream<Path> old = Files.walk(folder)) {
                    for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(path);
                    }
                }
            }
            List<String> command = new ArrayList<>(List.of(work.python().toString(),
                    work.home().resolve("training/torchscript/export.py").toString(), kind, model.toString(), folder.toString(), "--type=" + type));
            command.addAll(List.of(options));
            work.make(command);
        }
        return folder;
    }
}
