package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.config.RunOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Where small models go when the program's folder cannot be written: a file in a folder's place holds off root, too. */
class ModelsTest {
    @TempDir
    Path folder;
    private Path small;
    private Path cache;

    @BeforeEach
    void install() {
        small = folder.resolve("home/models-gguf/small");
        cache = folder.resolve("cache/ai-server");
        System.setProperty("aiserver.home", folder.resolve("home").toString());
    }

    @AfterEach
    void uninstall() {
        System.clearProperty("aiserver.home");
    }

    @Test
    void aModelThatIsNotSetIsWrittenBesideTheProgram() {
        RunOptions options = options("--tasks=stt");
        assertThat(Models.chosen(options, cache).noise()).containsExactly("stt");
        assertThat(options.speech.model).isEqualTo(small.resolve("whisper-random.bin")).isNotEmptyFile();
        assertThat(cache).doesNotExist();
    }

    @Test
    void aReadOnlyInstallHasItInTheCache() throws IOException {
        block(folder.resolve("home"));
        RunOptions options = options("--tasks=stt");
        Models.chosen(options, cache);
        assertThat(options.speech.model).isEqualTo(cache.resolve("small/whisper-random.bin")).isNotEmptyFile();
    }

    @Test
    void whatIsThereIsTakenWhereverItIs() throws IOException {
        Path cached = cache.resolve("small/clip.gguf");
        Files.createDirectories(cached.getParent());
        Files.createFile(cached);
        Path own = folder.resolve("clip.gguf");
        assertThat(Models.place("--image-clip-l", own, cache)).isEqualTo(cached);
        Files.createFile(own);
        assertThat(Models.place("--image-clip-l", own, cache)).isEqualTo(own);
    }

    @Test
    void whereNothingCanBeWrittenTheOptionIsNamed() throws IOException {
        block(folder.resolve("home"));
        block(folder.resolve("cache"));
        RunOptions options = options("--tasks=stt,llm", "--stt-model=x.bin");
        assertThatThrownBy(() -> Models.chosen(options, cache))
                .as("wrong use: exit status 2").isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no model for --llm-model, and a small one can be written neither to " + small + " nor to "
                        + cache.resolve("small") + ": set the option, or leave its task out with --tasks");
    }

    @Test
    void aWriteThatFailsIsToldInASentence() throws IOException {
        // A link to nowhere: its folder looks as if it could be made.
        Files.createSymbolicLink(folder.resolve("home"), folder.resolve("nowhere/home"));
        RunOptions options = options("--tasks=stt");
        assertThatThrownBy(() -> Models.chosen(options, cache)).isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith("the small model " + small.resolve("whisper-random.bin") + " cannot be written: ");
    }

    private static void block(Path folder) throws IOException {
        Files.createDirectories(folder.getParent());
        Files.createFile(folder);
    }

    private static RunOptions options(String... given) {
        RunOptions options = new RunOptions();
        new CommandLine(options).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(given);
        return options;
    }
}
