package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.NativeLibraries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The launcher itself, a shell script, on the jar that was just packed and the libraries of this build. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LauncherIT {
    @TempDir
    Path folder;

    @BeforeAll
    void findLibraries() {
        NativeLibraries.load();
    }

    private String launch(int status, String... arguments) throws IOException, InterruptedException {
        return run(status, Stream.concat(Stream.of("bash", Path.of("ai-server").toAbsolutePath().toString()), Stream.of(arguments)).toList());
    }

    private String run(int status, List<String> command) throws IOException, InterruptedException {
        Path words = Files.createTempFile(folder, "launch", ".log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(words.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("AISERVER_NATIVE_DIST", NativeLibraries.folder().getParent().toString());
        Process process = builder.start();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("%s ends", command).isTrue();
        String text = Files.readString(words, StandardCharsets.UTF_8);
        assertThat(process.exitValue()).as(text).isEqualTo(status);
        return text;
    }

    @Test
    void preparingMakesACacheThatAStartTakes() throws Exception {
        String first = launch(0, "prepare");
        assertThat(first).doesNotContain("no start cache could be made");
        assertThat(launch(0, "prepare")).as("a second time there is nothing to do").isEmpty();
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            // Those of other JDKs stay.
            String jdk = System.getProperty("java.runtime.version").replaceAll("[^A-Za-z0-9.]", "_");
            List<Path> caches = files.filter(file -> file.toString().endsWith("-" + jdk + ".aot")).toList();
            if (Runtime.version().feature() < 25) {
                assertThat(caches).as("older JDKs make none in one go").isEmpty();
                return;
            }
            assertThat(caches).hasSize(1);
            String jar = caches.get(0).toString().replaceFirst("(SNAPSHOT|[0-9])-[^-]*\\.aot$", "$1.jar");
            // AOTMode=on: a cache that the JVM cannot take ends it with an error.
            run(0, List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:AOTMode=on", "-XX:AOTCache=" + caches.get(0),
                    "-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow", "-cp", jar, "aiserver.cli.Main", "--version"));
        }
    }

    @Test
    void aWrongCommandIsToldInALine() throws Exception {
        assertThat(launch(2, "serve").lines().filter(line -> line.startsWith("ai-server: "))).singleElement().asString().contains("serve");
    }
}
