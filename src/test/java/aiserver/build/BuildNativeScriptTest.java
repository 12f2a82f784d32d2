package aiserver.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The ways in which scripts/build-native.sh gives up: one sentence that says what to do. It runs in a copy of the project
 * on a PATH of its own, where cargo, cmake and df are what a test makes of them; nothing is compiled or downloaded.
 */
class BuildNativeScriptTest {
    private static final List<String> TOOLS = List.of("bash", "sh", "cat", "cut", "awk", "sed", "grep", "sha256sum", "mkdir",
            "rm", "mv", "uname", "tr", "dirname", "nproc", "tail", "ls", "readlink", "find", "flock", "head");

    @TempDir
    Path folder;
    private Path project;
    private Path bin;

    @BeforeEach
    void copyProject() throws IOException {
        project = folder.resolve("project");
        bin = Files.createDirectories(folder.resolve("bin"));
        for (String part : List.of("native/CMakeLists.txt", "native/engines.pins", "native/stable-diffusion.sed",
                "native/whisper.sed", "scripts/build-native.sh")) {
            copy(Path.of(part));
        }
        for (String part : List.of("native/guard", "native/layout-probe")) {
            try (Stream<Path> files = Files.list(Path.of(part))) {
                for (Path file : files.toList()) {
                    copy(file);
                }
            }
        }
        for (String tool : TOOLS) {
            for (String place : List.of("/usr/bin/", "/bin/")) {
                if (Files.exists(Path.of(place + tool)) && !Files.exists(bin.resolve(tool))) {
                    Files.createSymbolicLink(bin.resolve(tool), Path.of(place + tool));
                }
            }
        }
        tool("df", "printf 'Filesystem M\\n/dev 1 1 99999 1 /\\n'");
        tool("cmake", "exit 1");
        tool("c++", "exit 0");
        tool("cargo", "exit 1");
    }

    @Test
    void aMissingToolIsNamedWithWhatToInstall() throws Exception {
        Files.delete(bin.resolve("cmake"));
        assertThat(run()).isEqualTo("build-native: cmake is missing: install CMake 3.18 or newer\n");
    }

    @Test
    void aMissingCompilerIsNamed() throws Exception {
        Files.delete(bin.resolve("c++"));
        assertThat(run()).isEqualTo("build-native: c++ is missing: install a C++17 compiler (g++ or clang++)\n");
    }

    @Test
    void withoutCargoItSaysHowElseToGetTheSources() throws Exception {
        Files.delete(bin.resolve("cargo"));
        assertThat(run()).startsWith("build-native: cargo is missing: install Rust's cargo")
                .contains("LLAMA_CPP_DIR, WHISPER_CPP_DIR and SD_CPP_DIR").hasLineCount(1);
    }

    @Test
    void withoutNetworkItSaysSoAfterCargosLastWords() throws Exception {
        tool("cargo", "echo 'error: failed to get `llama-cpp-sys-2`' >&2; exit 101");
        assertThat(run()).contains("failed to get `llama-cpp-sys-2`")
                .endsWith("build-native: cargo could not bring the engine sources; check the network (its last words are above)"
                        + " and run this again\n");
        assertThat(project.resolve("native/.work/sources")).doesNotExist();
    }

    @Test
    void anotherPackageThanThePinnedOneIsNotBuilt() throws Exception {
        tool("cargo", """
                for package in llama-cpp-sys-2 whisper-rs-sys diffusion-rs-sys; do
                    mkdir -p "vendor/$package"
                    echo '{"files":{},"package":"0000"}' > "vendor/$package/.cargo-checksum.json"
                done""");
        assertThat(run()).contains("llama-cpp-sys-2 0.1.161 has the SHA-256 0000, not e9bea77f").contains("do not build it");
        assertThat(project.resolve("native/.work/sources")).doesNotExist();
    }

    @Test
    void aFullDiskIsNoticedBeforeAnythingIsWritten() throws Exception {
        tool("df", "printf 'Filesystem M\\n/dev 1 1 12 99%% /\\n'");
        assertThat(run()).startsWith("build-native: only 12 MB are free").contains("the build needs 1500").hasLineCount(1);
    }

    @Test
    void wrongUseIsRefused() throws Exception {
        assertThat(run("--fast")).contains("usage: scripts/build-native.sh").endsWith("build-native: unknown option --fast\n");
        assertThat(run("--jobs", "many")).isEqualTo("build-native: --jobs must be a number from 1 but is 'many'\n");
        assertThat(run("--cuda")).startsWith("build-native: --cuda needs nvcc");
        assertThat(run("--cuda-toolkit", "/nowhere")).isEqualTo("build-native: --cuda-toolkit /nowhere has no bin/nvcc\n");
    }

    private String run(String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(
                Stream.of(bin.resolve("bash").toString(), project.resolve("scripts/build-native.sh").toString()),
                Stream.of(arguments)).toList());
        builder.environment().clear();
        builder.environment().put("PATH", bin.toString());
        builder.redirectErrorStream(true);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isEqualTo(1);
        return output.replace("build-native: fetching the engine sources\n", "");
    }

    private void tool(String name, String body) throws IOException {
        Path file = bin.resolve(name);
        Files.deleteIfExists(file);
        Files.writeString(file, "#!" + bin.resolve("bash") + "\n" + body + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private void copy(Path part) throws IOException {
        Path target = project.resolve(part);
        Files.createDirectories(target.getParent());
        Files.copy(part, target, StandardCopyOption.COPY_ATTRIBUTES);
    }
}
