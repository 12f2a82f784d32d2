package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.config.SettingsSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What the program says to a person who uses it wrongly, or asks how to use it. */
class MainTest {
    @TempDir
    Path folder;
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @BeforeEach
    void listen() {
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        System.setOut(stream);
        System.setErr(stream);
    }

    @AfterEach
    void stopListening() {
        System.setOut(out);
        System.setErr(err);
    }

    @Test
    void helpShowsOptionsWithTheirDefaultsAndVariables() {
        assertThat(Main.run(Map.of(), "run", "--help")).isZero();
        assertThat(said()).contains("--stt-model").contains("--drain-timeout").contains("Default: 30s")
                .contains("--image-steps").contains("Default: 50").contains("REDIS_URL");
        assertThat(said()).doesNotContain("--worker-id").doesNotContain("${DEFAULT-VALUE}");
    }

    @Test
    void anUnknownOptionIsWrongUse() {
        assertThat(Main.run(Map.of(), "run", "--speed=fast")).isEqualTo(2);
        assertThat(said()).contains("--speed=fast");
    }

    @Test
    void aWrongValueNamesTheOptionAndTheValue() {
        assertThat(Main.run(Map.of(), "run", "--idle-unload=soon")).isEqualTo(2);
        assertThat(said()).contains("--idle-unload").contains("'soon'");
        assertThat(Main.run(Map.of("AISERVER_STT_CONCURRENCY", "many"), "run")).isEqualTo(2);
        assertThat(said()).contains("--stt-concurrency").contains("'many'");
        assertThat(Main.run(Map.of(), "run", "--llm-cache-type=q4_0")).isEqualTo(2);
        assertThat(said()).contains("--llm-cache-type").contains("'q4_0'");
    }

    @ParameterizedTest
    @CsvSource({"heartbeat,off", "dead-after,off", "drain-timeout,off", "stuck-after,off", "result-ttl,off", "give-way-most,off",
        "redis-timeout,off", "redis-timeout,0s", "stt-time-limit,off", "stt-max-duration,off", "idle-unload,0ms",
        "idle-unload,9999999h", "dead-after,999999999m", "drain-timeout,876001h", "redis-timeout,25h"})
    void aTimeThatCannotBeLeftOutOrBeNoneSaysSo(String option, String value) {
        assertThat(Main.run(Map.of(), "run", "--" + option + "=" + value, "--redis-url=redis://127.0.0.1:1")).isEqualTo(2);
        assertThat(said()).contains("'--" + option + "'").contains("'" + value + "'").doesNotContain("\tat ");
    }

    @Test
    void aNumberThatNoEngineTakesIsWrongUse() {
        assertWrong("stt", "--stt-threads=300", "--stt-threads must be at most 256 but is 300");
        assertWrong("stt", "--stt-concurrency=17", "--stt-concurrency must be at most 16 but is 17");
        assertWrong("stt", "--stt-concurrency=0", "--stt-concurrency must be 1 to 64 but is 0");
        assertWrong("llm", "--llm-concurrency=65", "--llm-concurrency must be 1 to 64 but is 65");
        assertWrong("stt", "--max-queue=-1", "--max-queue must be 0 or more but is -1");
        assertWrong("stt", "--max-attempts=0", "--max-attempts must be 1 or more but is 0");
        assertWrong("stt", "--http-port=70000", "--http-port must be 0 to 65535 but is 70000");
        assertWrong("stt", "--dead-after=5s", "--dead-after must be at least three times --heartbeat, 6000ms, but is 5000ms");
        assertWrong("llm", "--llm-temperature=3", "--llm-temperature must be 0 to 2 but is 3.0");
    }

    // Neither the models nor the Redis are looked for before the options are.
    private void assertWrong(String task, String option, String message) {
        said.reset();
        assertThat(Main.run(Map.of(), "run", "--no-watch", "--redis-url=redis://127.0.0.1:1", "--tasks=" + task,
                "--stt-model=x.bin", "--llm-model=x.gguf", option)).isEqualTo(2);
        assertThat(said()).endsWith("ai-server: " + message + "\n");
    }

    @Test
    void aTaskThatIsNoneEndsItBeforeAnythingStarts() {
        assertThat(Main.run(Map.of(), "run", "--tasks=stt,tts")).isEqualTo(2);
        assertThat(said()).endsWith("ai-server: --tasks has 'tts', which is none of stt, llm, image\n");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "--image-types=model=q8 | ai-server: weight type 'q8' of x.gguf is none of bf16, f16",
        "--image-threads=600 | ai-server: threads must be 0 to 512 but is 600",
        "--image-words-folder=/nowhere | ai-server: the picture service's words: /nowhere is not a folder",
    })
    void aPictureOptionThatCannotBeIsWrongUseAndNotTriedAgain(String option, String told) {
        assertThat(Main.run(Map.of(), "run", "--no-watch", "--tasks=image", "--redis-url=redis://127.0.0.1:1",
                "--image-model=x.gguf", option)).isEqualTo(2);
        assertThat(said()).contains(told);
    }

    @Test
    void aWorkerNeverWorksWithAWatchersHeap() {
        // As the launcher starts it where a profile alone says no-watch.
        Map<String, String> launchedToWatch = Map.of("AISERVER_WORKER_FLAGS", "-Xmx512m");
        assertThat(RunCommand.worksHere(true, null, launchedToWatch)).isFalse();
        assertThat(RunCommand.worksHere(true, "w-1", launchedToWatch)).isTrue();
        assertThat(RunCommand.worksHere(true, null, Map.of())).isTrue();
        assertThat(RunCommand.worksHere(false, null, Map.of())).isFalse();
    }

    @Test
    void noWatchGivenTwiceIsStillOn() {
        CommandLine line = new CommandLine(new RunCommand()).setCaseInsensitiveEnumValuesAllowed(true);
        line.setDefaultValueProvider(new SettingsSource(Map.of("AISERVER_NO_WATCH", "true"), null));
        assertThat(line.parseArgs("--no-watch").matchedOptionValue("--no-watch", false)).isTrue();
    }

    @Test
    void theProjectsOwnModelsAreTakenWhenNobodyNamesOthers() throws IOException {
        // An unknown key shows that the profile was read.
        Path demo = Files.createDirectories(folder.resolve("models-gguf/demo"));
        Files.writeString(demo.resolve("profile.properties"), "seen=yes\n");
        System.setProperty("aiserver.home", folder.toString());
        try {
            assertThat(Main.run(Map.of(), "doctor")).isEqualTo(2);
            assertThat(said()).contains("[seen]");
            said.reset();
            assertThat(Main.run(Map.of(), "run", "--help")).isZero();
            assertThat(said()).doesNotContain("[seen]");
        } finally {
            System.clearProperty("aiserver.home");
        }
    }

    @Test
    void aProfileWithAnUnknownKeyIsWrongUse() throws IOException {
        Path profile = Files.writeString(folder.resolve("p.properties"), "image-stepps=3\n");
        assertThat(Main.run(Map.of(), "run", "--profile=" + profile)).isEqualTo(2);
        assertThat(said()).contains("has keys that are no options: [image-stepps]");
    }

    @Test
    void withoutACommandItShowsHowToUseIt() {
        assertThat(Main.run(Map.of())).isZero();
        assertThat(said()).contains("run").contains("demo").contains("doctor");
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8);
    }
}
