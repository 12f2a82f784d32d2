package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A distribution with a CUDA plugin that cannot be loaded serves on the processor and says why: in a process of its own,
 * since the libraries are loaded once in a process. Whether a machine has a GPU makes no difference.
 */
class NoGpuIT {
    @TempDir
    Path folder;

    @Test
    void aPluginThatCannotBeLoadedIsOneLineAndTheProcessorServes() throws Exception {
        String output = doctor("no library");
        assertThat(output).containsSubsequence("device   CPU: ", "--stt-device auto: CPU", "--llm-device auto: CPU", "--image-device auto: CPU");
        assertThat(output.lines().filter(line -> line.contains("libggml-cuda.so"))).as(output).anySatisfy(line -> assertThat(line)
                .contains("gpu      none is used: libggml-cuda.so found no GPU (").contains("file too short"));
    }

    @Test
    void withoutThePluginItSaysThatThereIsNone() throws Exception {
        assertThat(doctor(null)).contains("none is used: the native libraries were built without CUDA (scripts/build-native.sh --cuda)");
    }

    private String doctor(String plugin) throws IOException, InterruptedException {
        Path libraries = Files.createDirectories(folder.resolve(NativeLibraries.platform()));
        try (Stream<Path> files = Files.list(NativeLibraries.folder())) {
            for (Path file : files.toList()) {
                if (!file.getFileName().toString().startsWith("libggml-cuda")) {
                    Files.createSymbolicLink(libraries.resolve(file.getFileName()), file.toRealPath());
                }
            }
        }
        if (plugin != null) {
            Files.writeString(libraries.resolve("libggml-cuda.so"), plugin);
        }
        Process process = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED",
                "-D" + NativeLibraries.FOLDER_PROPERTY + "=" + folder, "-Daiserver.home=" + folder,
                "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "aiserver.cli.Main", "doctor")).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }
}
