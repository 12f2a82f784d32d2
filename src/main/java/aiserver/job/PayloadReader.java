package aiserver.job;

import com.fasterxml.jackson.databind.JsonNode;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * One JSON value of a payload together with its path, so that every complaint names both. A missing field and a null one
 * are the same. Strict about types: a number in quotes is no number. Part of {@link JobCodec}; any thread.
 */
record PayloadReader(String path, JsonNode node) {
    private static final Set<String> LANGUAGES = Set.of(Locale.getISOLanguages());
    /** Numbers beyond a double's range have no meaning here and are slow to write out. */
    private static final int MAX_EXPONENT = 400;

    static Job job(TaskType kind, JobHeader header, JsonNode payload) {
        PayloadReader reader = new PayloadReader("payload", payload);
        return switch (kind) {
            case STT -> reader.speech(header);
            case LLM -> reader.language(header);
            case IMAGE -> new ImageJob(header, reader.field("prompt").required().text(),
                    reader.field("negative_prompt").text(), reader.field("seed").whole());
        };
    }

    private SpeechJob speech(JobHeader header) {
        return new SpeechJob(header, field("audio_bytes").required().base64(), field("filename").text(),
                field("mime_type").text(), field("language").languageCode());
    }

    private LanguageJob language(JobHeader header) {
        String name = field("operation").text();
        LanguageJob.Operation operation = name == null ? LanguageJob.Operation.ANALYZE_VOICE_ORDER
                : field("operation").oneOf(LanguageJob.Operation.values(), LanguageJob.Operation::wireName);
        String transcript = operation == LanguageJob.Operation.ANALYZE_VOICE_ORDER
                ? field("transcript").required().text() : field("transcript").text();
        return new LanguageJob(header, operation, transcript, field("context").context(),
                field("user_history").items(PayloadReader::pastOrder), field("events").items(PayloadReader::shopEvent));
    }

    private OrderContext context() {
        if (absent()) {
            return OrderContext.EMPTY;
        }
        requireObject();
        PayloadReader stage = field("state");
        return new OrderContext(field("user").map(), field("menu").items(PayloadReader::menuItem),
                field("dialogue").items(PayloadReader::utterance), field("order_state").map(),
                stage.absent() ? null : stage.oneOf(OrderStage.values(), OrderStage::wireName));
    }

    private OrderContext.MenuItem menuItem() {
        return new OrderContext.MenuItem(field("name").required().text(), field("price").whole(), field("styles").texts(),
                field("options").texts());
    }

    private OrderContext.Utterance utterance() {
        return new OrderContext.Utterance(
                field("role").required().oneOf(OrderContext.Utterance.Role.values(), r -> r.name().toLowerCase(Locale.ROOT)),
                field("content").required().text());
    }

    private PastOrder pastOrder() {
        return new PastOrder(field("menu").required().text(), field("style").text(), field("options").texts(),
                field("price").whole(), field("ordered_at").text());
    }

    private ShopEvent shopEvent() {
        return new ShopEvent(field("name").required().text(), field("description").text(), field("discount_percent").real(),
                field("menus").texts(), field("ends_at").text());
    }

    private boolean absent() {
        return node.isMissingNode() || node.isNull();
    }

    private PayloadReader field(String name) {
        return new PayloadReader(path + "." + name, node.path(name));
    }

    private PayloadReader required() {
        if (absent()) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, path + " is missing");
        }
        return this;
    }

    private PayloadReader requireObject() {
        if (!node.isObject()) {
            throw mustBe("an object");
        }
        return this;
    }

    /** Text or null. Half a surrogate pair cannot be sent to anybody, and a NUL ends the text in every engine. */
    private String text() {
        if (absent()) {
            return null;
        }
        if (!node.isTextual()) {
            throw mustBe("a string");
        }
        return wellFormed(path, node.textValue());
    }

    private static String wellFormed(String path, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                throw new JobException(ErrorCode.INVALID_PAYLOAD, path + " has a NUL character at " + i);
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                throw new JobException(ErrorCode.INVALID_PAYLOAD, path + " has half a surrogate pair at " + i);
            }
        }
        return text;
    }

    private Long whole() {
        if (absent()) {
            return null;
        }
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw mustBe("a whole number of at most 63 bits");
        }
        return node.longValue();
    }

    private Double real() {
        if (absent()) {
            return null;
        }
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw mustBe("a number");
        }
        return node.doubleValue();
    }

    private byte[] base64() {
        String text = text();
        if (text.isEmpty()) {
            throw new JobException(ErrorCode.INVALID_AUDIO, path + " is empty");
        }
        try {
            return Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD,
                    path + " is not base64 (RFC 4648, no line breaks): " + Quoted.plain(e.getMessage(), 80));
        }
    }

    private String languageCode() {
        String code = text();
        if (code != null && !LANGUAGES.contains(code)) {
            throw mustBe("an ISO 639-1 code such as ko, or null");
        }
        return code;
    }

    private <E> E oneOf(E[] values, Function<E, String> wireName) {
        List<String> names = new ArrayList<>();
        for (E value : values) {
            String name = wireName.apply(value);
            if (node.isTextual() && name.equals(node.textValue())) {
                return value;
            }
            names.add(name);
        }
        throw mustBe("one of " + String.join(", ", names));
    }

    private <T> List<T> items(Function<PayloadReader, T> read) {
        if (absent()) {
            return List.of();
        }
        if (!node.isArray()) {
            throw mustBe("an array");
        }
        List<T> items = new ArrayList<>(node.size());
        for (int i = 0; i < node.size(); i++) {
            items.add(read.apply(new PayloadReader(path + "[" + i + "]", node.get(i)).requireObject()));
        }
        return items;
    }

    private List<String> texts() {
        if (absent()) {
            return List.of();
        }
        if (!node.isArray()) {
            throw mustBe("an array of strings");
        }
        List<String> texts = new ArrayList<>(node.size());
        for (int i = 0; i < node.size(); i++) {
            texts.add(new PayloadReader(path + "[" + i + "]", node.get(i)).required().text());
        }
        return texts;
    }

    private Map<String, Object> map() {
        if (absent()) {
            return Map.of();
        }
        requireObject();
        Map<String, Object> map = new LinkedHashMap<>();
        node.properties().forEach(entry -> {
            String inner = path + "." + Quoted.plain(entry.getKey(), 40);
            map.put(wellFormed(inner, entry.getKey()), new PayloadReader(inner, entry.getValue()).value());
        });
        return map;
    }

    /** Any JSON value as String, Boolean, Number, List, Map or null. */
    private Object value() {
        return switch (node.getNodeType()) {
            case OBJECT -> map();
            case ARRAY -> {
                List<Object> values = new ArrayList<>(node.size());
                node.forEach(item -> values.add(new PayloadReader(path + "[" + values.size() + "]", item).value()));
                yield values;
            }
            case STRING -> text();
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> number();
            default -> null;
        };
    }

    private Number number() {
        if (node.isBigDecimal()) {
            BigDecimal decimal = node.decimalValue();
            if (Math.abs((long) decimal.precision() - decimal.scale()) > MAX_EXPONENT) {
                throw mustBe("a number within 1e" + MAX_EXPONENT);
            }
        }
        return node.numberValue();
    }

    private JobException mustBe(String what) {
        String is = switch (node.getNodeType()) {
            case STRING -> Quoted.of(node.textValue());
            case OBJECT -> "an object";
            case ARRAY -> "an array";
            case NULL, MISSING -> "null";
            default -> Quoted.plain(node.asText(), 40);
        };
        return new JobException(ErrorCode.INVALID_PAYLOAD, path + " must be " + what + " but is " + is);
    }
}
