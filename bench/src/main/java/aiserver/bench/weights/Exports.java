package aiserver.bench.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * TorchScript of the worker's own model files, made by training/torchscript when first asked for and kept in the work folder. One
 * is made anew where the model or the scripts that made it are others, by a stamp beside it.
 */
public final class Exports {
    /** Bytes up to which a file is read as a whole for its stamp, and what is read of a larger one. */
    private static final long WHOLE = 256L << 20;
    private static final long BEGINNING = 1 << 20;

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
        Path stamp = folder.resolve("stamp");
        String wanted = stamp(model, options);
        if (!Files.exists(stamp) || !Files.readString(stamp).equals(wanted)) {
            if (!Files.isExecutable(work.python())) {
                throw new IOException("no Python at " + work.python() + ": make an environment with training/requirements.txt,"
                        + " or name one by --python");
            }
            System.err.println("bench: exporting " + folder);
            Files.createDirectories(folder.getParent());
            if (Files.exists(folder)) { // of another model or by other scripts
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
            Files.writeString(stamp, wanted);
        }
        return folder;
    }

    /** SHA-256 of what an export is made from: options, files named there, the model, the scripts. */
    String stamp(Path model, String... options) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        digest(digest, model);
        for (String option : options) {
            digest.update(option.getBytes(StandardCharsets.UTF_8));
            Path file = Path.of(option.substring(option.indexOf('=') + 1));
            if (Files.isRegularFile(file)) {
                digest(digest, file);
            }
        }
        try (Stream<Path> scripts = Files.list(work.home().resolve("training/torchscript"))) {
            for (Path script : scripts.filter(file -> file.toString().endsWith(".py")).sorted().toList()) {
                digest(digest, script);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    // Of a large file its size, time and beginning: to read gigabytes takes minutes, and such models have a version in their name.
    private static void digest(MessageDigest digest, Path file) throws IOException {
        long size = Files.size(file);
        digest.update((file.getFileName() + " " + size + " " + (size > WHOLE ? Files.getLastModifiedTime(file).toMillis() : "")).getBytes(
                StandardCharsets.UTF_8));
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[1 << 16];
            long left = size > WHOLE ? BEGINNING : size;
            for (int count; left > 0 && (count = in.read(buffer, 0, (int) Math.min(buffer.length, left))) > 0; left -= count) {
                digest.update(buffer, 0, count);
            }
        }
    }
}
