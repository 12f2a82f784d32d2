package aiserver.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;

import java.nio.charset.StandardCharsets;

/** The published schemas, to hold messages against. */
public final class Schemas {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Schemas() {
    }

    /** Checks a message against {@code job}, {@code result} or {@code progress} and gives it parsed. */
    public static JsonNode assertFits(String schema, byte[] message) {
        JsonSchema loaded = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                .getSchema(Schemas.class.getResourceAsStream("/aiserver/schema/" + schema + ".schema.json"));
        try {
            String text = new String(message, StandardCharsets.UTF_8);
            JsonNode node = JSON.readTree(text);
            assertThat(loaded.validate(node)).as("%s", text).isEmpty();
            return node;
        } catch (JsonProcessingException e) {
            throw new AssertionError(new String(message, StandardCharsets.UTF_8), e);
        }
    }
}
