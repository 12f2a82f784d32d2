package aiserver.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
            "rm", "mv", "uname", "tr", "dirname", "nproc", "tail", "ls", "readlink", "find", "flock", "head", "sort", "ln");

    @TempDir
    Path folder;
    private final Map<String, String> environment = new HashMap<>();
    private Path project;
    private Path bin;

    @BeforeEach
    void copyProject() throws IOException {
        project = folder.resolve("project");
        bin = Files.createDirectories(folder.resolve("bin"));
        for (String part : List.of("native/CMakeLists.txt", "native/engines.pins", "native/stable-diffusion.sed",
                "native/whisper.sed", "native/llama.sed", "scripts/build-native.sh")) {
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
        environment.put("AISERVER_CUDA_FOLDER", ""); // the machine's own
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
    void aCargoThatCannotReadThePackagesIsNamedWithItsVersion() throws Exception {
        tool("cargo", "echo 'cargo 1.75.0 (1d8b05cdd 2023-11-20)'");
        assertThat(run()).contains("build-native: cargo is 1.75.0, and the engine sources need 1.85 or newer").contains("rustup")
                .doesNotContain("network");
        tool("cargo", "[ $1 = --version ] && echo 'cargo 1.85.1' || exit 1");
        assertThat(run()).contains("cargo could not bring the engine sources");
    }

    @Test
    void theSourcesAloneNeedNoCompiler() throws Exception {
        Files.delete(bin.resolve("c++"));
        Files.delete(bin.resolve("cmake"));
        assertThat(run("--sources-only")).contains("cargo could not bring the engine sources");
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

    @Test
    void aToolkitThatIsTooOldIsNamedWithItsVersion() throws Exception {
        Path nvcc = toolkit(folder.resolve("cuda"), "12.3");
        assertThat(run("--cuda-toolkit", folder.resolve("cuda").toString()))
                .isEqualTo("build-native: " + nvcc + " is of CUDA 12.3; the engines need 12.4 to 13\n");
    }

    @Test
    void withAToolkitTooOldAndNothingAskedForItBuildsWithoutCuda() throws Exception {
        takeSourcesFromHere();
        toolkit(folder.resolve("cuda"), "11.8");
        environment.put("CUDA_HOME", folder.resolve("cuda").toString());
        assertThat(run()).startsWith("build-native: without CUDA: ").contains("is of CUDA 11.8, and the engines need 12.4 to 13");
        assertThat(cmakeArguments()).noneMatch(argument -> argument.contains("CUDA"));
    }

    @Test
    void aCompilerOfCudaThatDoesNotRunIsToldAndDoneWithout() throws Exception {
        takeSourcesFromHere();
        Path nvcc = toolkit(folder.resolve("cuda"), "13.0");
        Files.writeString(nvcc, "#!" + bin.resolve("bash") + "\nexit 127\n");
        environment.put("CUDA_HOME", folder.resolve("cuda").toString());
        assertThat(run()).startsWith("build-native: without CUDA: ").contains("is of CUDA (unknown)");
    }

    @Test
    void aConfigurationThatWasCutShortIsToldAndItsCacheIsGone() throws Exception {
        takeSourcesFromHere();
        tool("cmake", "while [ \"$1\" != -B ]; do shift; done; echo half > \"$2/CMakeCache.txt\"; echo 'its last words'; exit 137");
        assertThat(run()).contains("its last words").contains("build-native: CMake could not configure the build");
        try (Stream<Path> files = Files.walk(project.resolve("native/.work"))) {
            assertThat(files.filter(file -> file.endsWith("CMakeCache.txt"))).isEmpty();
        }
    }

    @Test
    void aCheckoutMayBeNamedFromWhereTheScriptIsCalled() throws Exception {
        takeSourcesFromHere();
        environment.put("LLAMA_CPP_DIR", Path.of("").toAbsolutePath().relativize(folder.resolve("sources/llama")).toString());
        run();
        assertThat(cmakeArguments()).contains("-DLLAMA_SOURCE=" + folder.resolve("sources/llama").toRealPath());
    }

    @Test
    void allMajorIsTheLowestOfEachGenerationThatTheToolkitKnows() throws Exception {
        takeSourcesFromHere();
        toolkit(folder.resolve("cuda"), "13.0");
        run("--arch", "all-major", "--cuda-toolkit", folder.resolve("cuda").toString());
        assertThat(cmakeArguments()).contains("-DGGML_CUDA=ON", "-DCMAKE_CUDA_ARCHITECTURES=75-real;80-real;90-real;100-real;120");
        run("--arch", "80,90", "--cuda-toolkit", folder.resolve("cuda").toString());
        assertThat(cmakeArguments()).contains("-DCMAKE_CUDA_ARCHITECTURES=80;90");
        tool("nvidia-smi", "printf '9.0\\n9.0\\n8.6\\n'");
        run("--arch", "native", "--cuda-toolkit", folder.resolve("cuda").toString());
        assertThat(cmakeArguments()).contains("-DCMAKE_CUDA_ARCHITECTURES=86-real;90-real");
    }

    @Test
    void architecturesThatCannotBeAreRefused() throws Exception {
        toolkit(folder.resolve("cuda"), "13.0");
        assertThat(run("--arch", "hopper", "--cuda-toolkit", folder.resolve("cuda").toString()))
                .isEqualTo("build-native: --arch must be native, all-major or numbers like 80,90 but is 'hopper'\n");
        assertThat(run("--arch", "native", "--cuda-toolkit", folder.resolve("cuda").toString()))
                .isEqualTo("build-native: --arch native needs a GPU that nvidia-smi shows; name the architecture instead, as in --arch 90\n");
    }

    @Test
    void wheelsOfPythonAreFoundInTheirEnvironmentAndGivenTheNamesThatTheyLack() throws Exception {
        takeSourcesFromHere();
        Path wheels = folder.resolve("venv/lib/python3.12/site-packages/nvidia/cu13");
        toolkit(wheels, "13.5");
        for (String file : List.of("lib/libcudart.so.13", "lib/libcublas.so.13", "lib/stubs/libcuda.so", "include/cuda.h")) {
            Files.createDirectories(wheels.resolve(file).getParent());
            Files.writeString(wheels.resolve(file), file);
        }
        run("--arch", "90", "--cuda-toolkit", folder.resolve("venv").toString());
        String root = cmakeArguments().stream().filter(argument -> argument.startsWith("-DCUDAToolkit_ROOT=")).findFirst()
                .orElseThrow().substring("-DCUDAToolkit_ROOT=".length());
        assertThat(Path.of(root, "lib64", "libcudart.so")).hasContent("lib/libcudart.so.13");
        assertThat(Path.of(root, "lib", "libcublas.so")).hasContent("lib/libcublas.so.13");
        assertThat(Path.of(root, "include", "cuda.h")).exists();
        assertThat(cmakeArguments()).contains("-DCMAKE_CUDA_COMPILER=" + root + "/bin/nvcc", "-DGGML_CUDA_NO_VMM=OFF",
                "-DCUDA_LIBRARIES_FOLDER=" + wheels.toRealPath().resolve("lib"));
        // The environment is the user's: nothing is added to it.
        assertThat(wheels.resolve("lib/libcudart.so")).doesNotExist();
        assertThat(wheels.resolve("lib64")).doesNotExist();
    }

    @Test
    void whatWasAskedForOnceIsBuiltAgainByARunWithoutOptions() throws Exception {
        Path dist = Files.createDirectories(project.resolve("native/dist/" + platform()));
        Files.writeString(dist.resolve("BUILD-INFO"), "stamp old\nasked --cuda\nasked --arch\nasked 90\n");
        assertThat(run()).startsWith("build-native: --cuda needs nvcc");
        Files.writeString(dist.resolve("BUILD-INFO"), "stamp old\nasked --cpu\n");
        toolkit(folder.resolve("cuda"), "13.0");
        environment.put("CUDA_PATH", folder.resolve("cuda").toString());
        takeSourcesFromHere();
        run();
        assertThat(cmakeArguments()).noneMatch(argument -> argument.contains("CUDA"));
    }

    @Test
    void aPluginGoesIntoADistributionOfTheSameSourcesOnly() throws Exception {
        takeSourcesFromHere();
        toolkit(folder.resolve("cuda"), "13.0");
        String[] arguments = {"--cuda-plugin", "--arch", "90", "--cuda-toolkit", folder.resolve("cuda").toString()};
        assertThat(run(arguments)).startsWith("build-native: --cuda-plugin adds to a distribution, and there is none in native/dist/");
        Path headers = Files.createDirectories(folder.resolve("sources/llama/ggml/include"));
        Files.writeString(headers.resolve("ggml.h"), "");
        Files.writeString(headers.resolve("ggml-backend.h"), "");
        Path dist = Files.createDirectories(project.resolve("native/dist/" + platform()));
        Files.writeString(dist.resolve("BUILD-INFO"), "asked --cpu\nheader ggml.h 0000\n");
        assertThat(run(arguments)).contains("was built from another ggml.h than that in").endsWith("build it anew\n");
        String empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        Files.writeString(dist.resolve("BUILD-INFO"), "asked --cpu\nheader ggml.h " + empty + "\nheader ggml-backend.h " + empty + "\n");
        run(arguments);
        assertThat(cmakeArguments()).contains("-DGGML_CUDA=ON", "-DCUDA_PLUGIN_ONLY=ON");
    }

    /** A folder that looks like a CUDA toolkit to the script; returns its nvcc. */
    private Path toolkit(Path root, String release) throws IOException {
        Path nvcc = Files.createDirectories(root.resolve("bin")).resolve("nvcc");
        Files.writeString(nvcc, "#!" + bin.resolve("bash") + "\n" + """
                case $1 in
                    --version) echo 'Cuda compilation tools, release %s, V%s.1' ;;
                    --list-gpu-arch) printf 'compute_%%s\\n' 75 80 86 89 90 100 103 120 121 ;;
                esac
                """.formatted(release, release));
        assertThat(nvcc.toFile().setExecutable(true)).isTrue();
        Files.createDirectories(root.resolve("lib64"));
        if (!root.endsWith("cu13")) {
            Files.writeString(root.resolve("lib64/libcudart.so"), "");
        } else {
            Files.delete(root.resolve("lib64"));
        }
        return nvcc;
    }

    /** Sources that need no cargo, and a cmake that notes how it was called before it fails. */
    private void takeSourcesFromHere() throws IOException {
        for (String engine : List.of("llama", "whisper", "stable-diffusion")) {
            Path include = Files.createDirectories(folder.resolve("sources/" + engine + "/include"));
            Files.writeString(include.resolve(engine + ".h"), "");
        }
        environment.put("LLAMA_CPP_DIR", folder.resolve("sources/llama").toString());
        environment.put("WHISPER_CPP_DIR", folder.resolve("sources/whisper").toString());
        environment.put("SD_CPP_DIR", folder.resolve("sources/stable-diffusion").toString());
        tool("cmake", "printf '%s\\n' \"$@\" > '" + folder.resolve("cmake-arguments") + "'; exit 1");
    }

    private List<String> cmakeArguments() throws IOException {
        return Files.readAllLines(folder.resolve("cmake-arguments"));
    }

    private static String platform() {
        String arch = System.getProperty("os.arch");
        return "linux-" + (arch.equals("amd64") ? "x86_64" : arch);
    }

    private String run(String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(
                Stream.of(bin.resolve("bash").toString(), project.resolve("scripts/build-native.sh").toString()),
                Stream.of(arguments)).toList());
        builder.environment().clear();
        builder.environment().put("PATH", bin.toString());
        builder.environment().putAll(environment);
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
