package aiserver.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the state of prompts' fixed beginnings on disk, so that a worker that starts again need not compute them: a
 * file for each model and beginning, and beside it its SHA-256. A file that is damaged, or of another model, engine or
 * cache type, is not used. Whatever goes wrong here costs time only. Used by the engine's thread.
 */
final class PrefixStore {
    private static final Logger LOG = LoggerFactory.getLogger(PrefixStore.class);
    private static final int SAMPLE_BYTES = 1 << 20;
    private static final int MOST_FILES = 8;
    /** Writing takes seconds: a part that is older was left by a process that ended. */
    private static final Duration PART_LIFE = Duration.ofHours(1);

    private final Path directory;
    private final String modelKey;

    /**
     * @param directory is made with the first file
     * @param kind      whatever else a state depends on
     * @throws IOException where the model file cannot be read
     */
    PrefixStore(Path directory, Path model, String kind) throws IOException {
        this.directory = directory;
        MessageDigest digest = sha256();
        digest.update(kind.getBytes(StandardCharsets.UTF_8));
        try (RandomAccessFile file = new RandomAccessFile(model.toFile(), "r")) {
            digest.update(ByteBuffer.allocate(8).putLong(0, file.length()));
            byte[] sample = new byte[(int) Math.min(SAMPLE_BYTES, file.length())];
            file.readFully(sample);
            digest.update(sample);
            file.seek(file.length() - sample.length);
            file.readFully(sample);
            digest.update(sample);
        }
        this.modelKey = HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    /** The store of these settings; null where they name none or it cannot be used, which is logged. */
    static PrefixStore open(LlamaSettings settings, LlamaContext context) {
        if (settings.stateFolder() == null) {
            return null;
        }
        try {
            return new PrefixStore(settings.stateFolder(), settings.model(), context.stateKind());
        } catch (IOException e) {
            LOG.warn("prompt states are not kept in {}: {}", settings.stateFolder(), e.toString());
            return null;
        }
    }

    /** Fills an empty sequence with the state of these tokens; false where there is none that can be used. */
    boolean load(LlamaContext context, int sequence, int[] tokens) {
        Path state = file(tokens);
        try {
            if (!Files.exists(state) || !Files.exists(sum(state))) {
                return false;
            }
            if (!Files.readString(sum(state)).equals(sha256(state))) {
                LOG.warn("prompt state {} is damaged and is made anew", state);
                return false;
            }
            Files.setLastModifiedTime(state, FileTime.fromMillis(System.currentTimeMillis()));
            return context.loadState(sequence, state, tokens);
        } catch (IOException e) {
            LOG.warn("prompt state {} cannot be read: {}", state, e.toString());
            return false;
        }
    }

    /** Writes down the state of a sequence that begins with these tokens and holds nothing else. */
    void save(LlamaContext context, int sequence, int[] tokens) {
        Path state = file(tokens);
        // A name of its own: several workers may keep the same beginning in one folder at the same time.
        Path part = state.resolveSibling(state.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            Files.createDirectories(directory);
            dropLeftParts();
            Files.deleteIfExists(sum(state));
            context.saveState(sequence, part, tokens);
            String sum = sha256(part);
            Files.move(part, state, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            Files.writeString(sum(state), sum);
            dropOldest();
        } catch (IOException | EngineException e) {
            LOG.warn("prompt state {} cannot be kept: {}", state, e.toString());
            deleteQuietly(part);
        }
    }

    private Path file(int[] tokens) {
        MessageDigest digest = sha256();
        ByteBuffer bytes = ByteBuffer.allocate(tokens.length * 4);
        bytes.asIntBuffer().put(tokens);
        digest.update(bytes);
        return directory.resolve("prefix-" + modelKey + "-" + HexFormat.of().formatHex(digest.digest(), 0, 8) + ".state");
    }

    private static Path sum(Path state) {
        return state.resolveSibling(state.getFileName() + ".sha256");
    }

    private void dropLeftParts() throws IOException {
        FileTime oldest = FileTime.from(Instant.now().minus(PART_LIFE));
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> file.getFileName().toString().matches("prefix-.*\\.part") && modified(file).compareTo(oldest) < 0)
                    .forEach(PrefixStore::deleteQuietly);
        }
    }

    private void dropOldest() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> states = files.filter(file -> file.getFileName().toString().matches("prefix-.*\\.state"))
                    .sorted(Comparator.comparing(PrefixStore::modified).reversed()).toList();
            for (Path old : states.subList(Math.min(MOST_FILES, states.size()), states.size())) {
                deleteQuietly(old);
                deleteQuietly(sum(old));
            }
        }
    }

    private static FileTime modified(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{} cannot be deleted: {}", file, e.toString());
        }
    }

    private static String sha256(Path file) throws IOException {
        MessageDigest digest = sha256();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
