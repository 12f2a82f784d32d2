package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The committed bindings are what the pins, allow-lists and guard make; nobody edited them or forgot to make them anew. */
class BindingsTest {
    private static final String ANEW = "run scripts/generate-bindings.sh and commit what it writes";

    @Test
    void theInputsAreThoseThatTheBindingsWereMadeFrom() throws Exception {
        List<String> files = recorded("file");
        assertThat(files).hasSizeGreaterThanOrEqualTo(6);
        for (String line : files) {
            String[] part = line.split(" ");
            assertThat(sha256(Path.of(part[0]))).as("%s has changed; %s", part[0], ANEW).isEqualTo(part[1]);
        }
        try (Stream<Path> lists = Files.list(Path.of("bindings/includes"))) {
            lists.forEach(list -> assertThat(files).as("%s is not recorded; %s", list, ANEW)
                    .anyMatch(line -> line.startsWith(list + " ")));
        }
    }

    @Test
    void theVersionOfJextractIsRecorded() throws IOException {
        assertThat(Files.readAllLines(Path.of("bindings/GENERATED"))).anyMatch(line -> line.matches("jextract \\S+"));
    }

    @Test
    void theLayoutTableIsThatOfTheGeneratedClasses() throws Exception {
        List<String> table = NativeLibraries.Abi.expectedLayouts().lines().toList();
        List<Class<?>> structs = structs();
        assertThat(table).hasSameSizeAs(structs).hasSizeGreaterThan(20);
        for (Class<?> struct : structs) {
            GroupLayout layout = (GroupLayout) struct.getMethod("layout").invoke(null);
            StringBuilder line = new StringBuilder(struct.getSimpleName()).append(' ').append(layout.byteSize());
            for (MemoryLayout member : layout.memberLayouts()) {
                member.name().ifPresent(name -> line.append(' ').append(name).append(' ')
                        .append(layout.byteOffset(PathElement.groupElement(name))));
            }
            assertThat(table).as(ANEW).contains(line.toString());
        }
    }

    @Test
    void aStructThatDiffersIsNamed() {
        String layouts = NativeLibraries.Abi.expectedLayouts().replaceFirst("llama_batch 56", "llama_batch 64");
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> NativeLibraries.Abi.check("ggml 1", "ggml 1.0", layouts)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("the bindings have the struct [llama_batch 56")
                .hasMessageContaining("were compiled with [llama_batch 64")
                .hasMessageContaining("scripts/generate-bindings.sh");
    }

    @Test
    void librariesThatDoNotBelongTogetherAreNamed() {
        String layouts = NativeLibraries.Abi.expectedLayouts();
        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                () -> NativeLibraries.Abi.check("ggml 0.26.0\nllama 0.6.0", "ggml 0.26.0\nllama 0.7.0-dev", layouts)))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("compiled with llama 0.6.0 but llama 0.7.0-dev was loaded");
    }

    private static List<Class<?>> structs() throws IOException, ReflectiveOperationException {
        try (Stream<Path> files = Files.walk(Path.of("bindings/java"))) {
            List<String> names = files.map(Path::toString).filter(name -> name.endsWith(".java"))
                    .map(name -> name.substring("bindings/java/".length(), name.length() - ".java".length()).replace('/', '.'))
                    .toList();
            List<Class<?>> structs = new java.util.ArrayList<>();
            for (String name : names) {
                Class<?> type = Class.forName(name, false, BindingsTest.class.getClassLoader());
                if (Stream.of(type.getDeclaredMethods()).anyMatch(method -> method.getName().equals("layout")
                        && GroupLayout.class.isAssignableFrom(method.getReturnType()))) {
                    structs.add(type);
                }
            }
            return structs;
        }
    }

    private static List<String> recorded(String kind) throws IOException {
        return Files.readAllLines(Path.of("bindings/GENERATED")).stream().filter(line -> line.startsWith(kind + " "))
                .map(line -> line.substring(kind.length() + 1)).toList();
    }

    private static String sha256(Path file) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
