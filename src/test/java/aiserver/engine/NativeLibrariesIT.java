package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import bindings.guard.guard_h;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The libraries that were built here are those that the bindings were made for. */
class NativeLibrariesIT {
    @BeforeAll
    static void load() {
        NativeLibraries.load();
    }

    @Test
    void everyStructHasTheLayoutThatTheCompilerGaveIt() {
        String compiled = guard_h.ag_layouts().reinterpret(Long.MAX_VALUE).getString(0);
        assertThat(compiled.lines()).hasSizeGreaterThan(20);
        assertThat(compiled).isEqualTo(NativeLibraries.Abi.expectedLayouts());
    }

    @Test
    void theHeadersAreThoseThatTheBindingsWereMadeFrom() throws IOException {
        List<String> generated = Files.readAllLines(Path.of("bindings/GENERATED")).stream()
                .filter(line -> line.startsWith("header ")).toList();
        List<String> built = Files.readAllLines(NativeLibraries.folder().resolve("BUILD-INFO")).stream()
                .filter(line -> line.startsWith("header ")).toList();
        assertThat(built).as("run scripts/generate-bindings.sh").isNotEmpty().containsExactlyInAnyOrderElementsOf(generated);
    }

    @Test
    void theLibrariesReportTheVersionsThatTheyWereCompiledWith() {
        String built = guard_h.ag_built_versions().reinterpret(Long.MAX_VALUE).getString(0);
        assertThat(built).contains("ggml ").contains("llama ").contains("whisper ").contains("stable-diffusion ");
        assertThat(built.lines()).allMatch(line -> line.matches("\\S+ \\d+\\.\\d+\\.\\d+"));
    }

    @Test
    void thereIsAProcessorToRunOn() {
        Devices.Device cpu = Devices.choose("cpu").getFirst();
        assertThat(cpu.type()).isEqualTo(Devices.Type.CPU);
        assertThat(Devices.memory(cpu).totalBytes()).isPositive();
        assertThat(Devices.choose("auto")).hasSize(1);
    }

    @Test
    void aDeviceThatIsNotThereIsNamedWithThoseThatAre() {
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> Devices.choose("cuda:7")))
                .isInstanceOf(EngineException.class).hasMessageContaining("'cuda:7'").hasMessageContaining("CPU");
    }

    @Test
    void nullPointersThatWouldEndTheProcessAreHarmless() {
        assertThat(guard_h.ag_sd_free(java.lang.foreign.MemorySegment.NULL)).isZero();
        assertThat(guard_h.ag_device(-1)).isEqualTo(java.lang.foreign.MemorySegment.NULL);
        assertThat(guard_h.ag_device_name(99)).isEqualTo(java.lang.foreign.MemorySegment.NULL);
    }
}
