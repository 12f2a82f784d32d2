package aiserver.job;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.json.JsonMapper;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Writes replies and progress exactly as the wire contract has them: every field that it names is there, null where a
 * value is not known. Part of {@link JobCodec}; any thread.
 */
record ReplyWriter(JsonMapper mapper) {

    private interface Body {
        void writeTo(JsonGenerator json) throws IOException;
    }

    byte[] write(Reply reply) {
        return object(reply.result() instanceof CakeImage image ? image.png().length * 4 / 3 + 1024 : 1024, json -> {
            json.writeStringField("request_id", reply.requestId());
            json.writeStringField("task_type", reply.kind().wireName());
            json.writeStringField("status", reply.success() ? "success" : "error");
            if (reply.success()) {
                json.writeObjectFieldStart("result");
                result(json, reply.result());
            } else {
                json.writeObjectFieldStart("error");
                json.writeStringField("code", reply.error().code().name());
                json.writeStringField("message", reply.error().getMessage());
                json.writeBooleanField("retryable", reply.error().code().retryable());
            }
            json.writeEndObject();
            json.writeStringField("worker_id", reply.workerId());
            json.writeNumberField("attempt", reply.attempt());
            json.writeObjectFieldStart("timing");
            json.writeNumberField("queued_ms", reply.queuedMs());
            json.writeNumberField("run_ms", reply.runMs());
            json.writeEndObject();
        });
    }

    byte[] progress(String requestId, TaskType kind, String stage, double fraction) {
        return object(256, json -> {
            json.writeStringField("request_id", requestId);
            json.writeStringField("task_type", kind.wireName());
            json.writeStringField("stage", stage);
            // NaN fails both comparisons and counts as nothing done.
            json.writeNumberField("fraction", fraction > 0 ? Math.min(fraction, 1) : 0);
        });
    }

    private static void result(JsonGenerator json, JobResult result) throws IOException {
        switch (result) {
            case SpeechResult speech -> speech(json, speech);
            case OrderAnalysis analysis -> analysis(json, analysis);
            case Recommendation recommendation -> recommendation(json, recommendation);
            case CakeImage image -> image(json, image);
        }
    }

    private static void speech(JsonGenerator json, SpeechResult speech) throws IOException {
        json.writeStringField("text", speech.text());
        json.writeStringField("language", speech.language());
        number(json, "language_probability", toFourPlaces(speech.languageProbability()));
        number(json, "duration_seconds", speech.durationSeconds());
        json.writeArrayFieldStart("segments");
        for (SpeechResult.Segment segment : speech.segments()) {
            json.writeStartObject();
            number(json, "start", segment.start());
            number(json, "end", segment.end());
            json.writeStringField("text", segment.text());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void analysis(JsonGenerator json, OrderAnalysis analysis) throws IOException {
        json.writeStringField("intent", analysis.intent());
        number(json, "confidence", toFourPlaces(analysis.confidence()));
        json.writeStringField("response", analysis.response());
        json.writeStringField("analysis", analysis.analysis());
        json.writePOJOField("recommended_menu", analysis.recommendedMenu());
        json.writePOJOField("alternatives", orEmpty(analysis.alternatives()));
        json.writePOJOField("additional_questions", orEmpty(analysis.additionalQuestions()));
        json.writePOJOField("order_state", analysis.orderState() == null ? Map.of() : analysis.orderState());
        json.writeStringField("state", wireName(analysis.state()));
        json.writeObjectFieldStart("transition");
        OrderAnalysis.Transition transition = analysis.transition();
        json.writeStringField("from", wireName(transition.from()));
        json.writeStringField("to", wireName(transition.to()));
        json.writeBooleanField("advanced", transition.advanced());
        json.writeStringField("reason", transition.reason());
        json.writeEndObject();
        json.writePOJOField("notes", orEmpty(analysis.notes()));
    }

    private static void recommendation(JsonGenerator json, Recommendation recommendation) throws IOException {
        json.writePOJOField("recommended_menu", recommendation.recommendedMenu());
        json.writePOJOField("alternatives", orEmpty(recommendation.alternatives()));
        json.writeStringField("reason", recommendation.reason());
        json.writeObjectFieldStart("profile");
        json.writePOJOField("frequent_menus", orEmpty(recommendation.profile().frequentMenus()));
        json.writeStringField("preferred_style", recommendation.profile().preferredStyle());
        number(json, "average_amount", recommendation.profile().averageAmount());
        json.writeEndObject();
        json.writeArrayFieldStart("applied_events");
        for (Recommendation.AppliedEvent event : orEmpty(recommendation.appliedEvents())) {
            json.writeStartObject();
            json.writeStringField("name", event.name());
            number(json, "discount_percent", event.discountPercent());
            json.writePOJOField("price_after", event.priceAfter());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writePOJOField("notes", orEmpty(recommendation.notes()));
    }

    private static void image(JsonGenerator json, CakeImage image) throws IOException {
        json.writeBinaryField("image_base64", image.png());
        json.writeStringField("mime_type", "image/png");
        json.writeNumberField("width", image.width());
        json.writeNumberField("height", image.height());
        json.writeStringField("prompt", image.prompt());
        json.writeStringField("negative_prompt", image.negativePrompt());
        json.writeNumberField("seed", image.seed());
        json.writeNumberField("steps", image.steps());
        number(json, "guidance_scale", image.guidanceScale());
        json.writePOJOField("filtered", image.filtered());
        json.writeBooleanField("prompt_truncated", image.promptTruncated());
    }

    // What a model says of itself is not known to more, and sixteen digits are read by nobody.
    private static double toFourPlaces(double probability) {
        return Math.rint(probability * 1e4) / 1e4;
    }

    private static void number(JsonGenerator json, String name, Double value) throws IOException {
        if (value == null) {
            json.writeNullField(name);
            return;
        }
        if (!Double.isFinite(value)) {
            throw new IllegalStateException(name + " is " + value + ", which JSON cannot say");
        }
        // A whole number is written as one, as a person would: 7, not 7.0.
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            json.writeNumberField(name, value.longValue());
        } else {
            json.writeNumberField(name, value);
        }
    }

    private static <T> List<T> orEmpty(List<T> list) {
        return list == null ? List.of() : list;
    }

    private static String wireName(OrderStage stage) {
        return stage == null ? null : stage.wireName();
    }

    // Through a Writer: Java's encoder puts '?' for half a surrogate pair, where the library's own would throw.
    private byte[] object(int size, Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(size);
        try (JsonGenerator json = mapper.getFactory().createGenerator(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
            json.writeStartObject();
            body.writeTo(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("cannot be written as JSON: " + e.getMessage(), e);
        }
        return bytes.toByteArray();
    }
}
