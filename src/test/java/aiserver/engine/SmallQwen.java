package aiserver.engine;

import aiserver.models.RandomQwenModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The small random model of the tests, written once. */
public final class SmallQwen {
    private static final Path FOLDER = Path.of(System.getProperty("aiserver.test.models", "target/test-models"));

    private SmallQwen() {
    }

    public static synchronized Path file(long seed) {
        Path file = FOLDER.resolve("qwen3-random-" + seed + ".gguf");
        if (!Files.exists(file)) {
            try {
                Files.createDirectories(FOLDER);
                RandomQwenModel.small(seed).write(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return file;
    }
}
