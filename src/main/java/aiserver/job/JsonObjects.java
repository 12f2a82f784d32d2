package aiserver.job;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.util.Map;

/**
 * JSON for those outside this package who need a little of it: a value to its compact text, and an object's text to a
 * map. Whole numbers come as Integer or Long, others as Double, arrays as List, objects as Map in the order of the
 * text. Stateless; any thread.
 */
public final class JsonObjects {
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build()).build());
    private static final ObjectReader OBJECT = MAPPER.readerForMapOf(Object.class)
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonObjects() {
    }

    /** The text of a JSON value: null, Boolean, Number, String, or Lists and Maps of these; no blanks between tokens. */
    public static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a JSON value: " + e.getOriginalMessage(), e);
        }
    }

    /** @throws IllegalArgumentException where the text is not one whole JSON object */
    public static Map<String, Object> read(String text) {
        try {
            Map<String, Object> object = OBJECT.readValue(text);
            if (object == null) {
                throw new IllegalArgumentException("not a JSON object: " + text);
            }
            return object;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a JSON object: " + e.getOriginalMessage(), e);
        }
    }
}
