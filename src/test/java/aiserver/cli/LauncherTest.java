package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher's decisions, with a JDK and a build that only say that they were called. */
class LauncherTest {
    @TempDir
    Path folder;
    private Path home;

    @BeforeEach
    void layOut() throws IOException {
        home = Files.createDirectories(folder.resolve("sources/ai"));
        Files.copy(Path.of("ai-server"), home.resolve("ai-server"));
        Files.createDirectories(home.resolve("target"));
        for (String jar : List.of("ai-server-1.jar", "ai-server-1-javadoc.jar", "ai-server-1-sources.jar")) {
            Files.createFile(home.resolve("target").resolve(jar));
        }
        script(home.resolve("scripts/build-native.sh"), "echo native build");
        Files.copy(Path.of("scripts/find-jdk.sh"), home.resolve("scripts/find-jdk.sh"), StandardCopyOption.COPY_ATTRIBUTES);
        script(folder.resolve("jdk/bin/java"), "echo \"java $* for ${AISERVER_WORKER_FLAGS:-itself}\"");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"24.0.1\"\n");
    }

    private static void script(Path file, String line) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + line + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private String launch(Map<String, String> more, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(Stream.of("bash", home.resolve("ai-server").toString()),
                Stream.of(arguments)).toList()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", System.getenv("PATH"), "JAVA_HOME", folder.resolve("jdk").toString()));
        builder.environment().putAll(more);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }

    @Test
    void itStartsItsJarWhateverTheFolderIsCalledAndWithoutAHome() throws Exception {
        assertThat(launch(Map.of(), "--version")).contains("-cp " + home.resolve("target/ai-server-1.jar") + " aiserver.cli.Main --version");
    }

    @Test
    void nothingIsBuiltToShowHowItIsUsed() throws Exception {
        assertThat(launch(Map.of())).doesNotContain("native build");
        assertThat(launch(Map.of(), "--help")).doesNotContain("native build");
        assertThat(launch(Map.of(), "doctor")).contains("native build");
    }

    @Test
    void onlyAWatcherIsToldTheFlagsOfAWorker() throws Exception {
        Map<String, String> inherited = Map.of("AISERVER_WORKER_FLAGS", "-Xmx1g");
        assertThat(launch(inherited, "run")).contains("-Xmx128m").contains("for -XX:+UseSerialGC").contains("-Xmx512m");
        assertThat(launch(inherited, "run", "--no-watch")).doesNotContain("-Xmx128m").contains("for itself");
    }
}
