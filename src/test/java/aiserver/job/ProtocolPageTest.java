package aiserver.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The page that other programs are written after is true: its examples fit the schemas and the codec, its codes are all there. */
class ProtocolPageTest {
    private static final Pattern EXAMPLE = Pattern.compile("```json (job|result|progress)\n(.*?)```", Pattern.DOTALL);
    private final JobCodec codec = new JobCodec(JobCodec.Limits.DEFAULT);

    private record Example(String schema, byte[] json) {
    }

    private static List<Example> examples() throws IOException {
        return EXAMPLE.matcher(page()).results()
                .map(m -> new Example(m.group(1), m.group(2).getBytes(StandardCharsets.UTF_8))).toList();
    }

    private static String page() throws IOException {
        return Files.readString(Path.of("docs/protocol.md"));
    }

    @Test
    void everyExampleFitsItsSchema() throws IOException {
        assertThat(examples()).hasSizeGreaterThan(9);
        for (Example example : examples()) {
            Schemas.assertFits(example.schema(), example.json());
        }
    }

    @Test
    void everyExampleOfAJobIsRead() throws IOException {
        for (Example example : examples()) {
            if (example.schema().equals("job")) {
                TaskType kind = TaskType.ofWireName(Schemas.assertFits("job", example.json()).get("task_type").asText()).orElseThrow();
                assertThat(codec.read(codec.open(kind, example.json())).type()).isEqualTo(kind);
            }
        }
    }

    @Test
    void everyErrorCodeIsExplainedAsItIs() throws IOException {
        for (ErrorCode code : ErrorCode.values()) {
            assertThat(page()).contains("| `" + code + "` | " + (code.retryable() ? "yes" : "no") + " |");
        }
    }
}
