package aiserver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonObjectsTest {
    @Test
    void writesCompactTextWithOnlyTheNeededEscapes() {
        assertThat(JsonObjects.write("케이크 \"하나\" \\ 🎂")).isEqualTo("\"케이크 \\\"하나\\\" \\\\ 🎂\"");
        assertThat(JsonObjects.write(List.of(1, "a"))).isEqualTo("[1,\"a\"]");
    }

    @Test
    void readsAnObjectInTheOrderOfItsText() {
        assertThat(JsonObjects.read("{\"z\":1,\"a\":[null,2.5],\"m\":{}}").toString()).isEqualTo("{z=1, a=[null, 2.5], m={}}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{\"a\":1} x", "{\"a\":", "nonsense"})
    void refusesAnythingElse(String text) {
        assertThatThrownBy(() -> JsonObjects.read(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("not a JSON object");
    }

    @Test
    void refusesDeepNesting() {
        assertThatThrownBy(() -> JsonObjects.read("{\"a\":" + "[".repeat(1000) + "]".repeat(1000) + "}"))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("depth");
    }
}
