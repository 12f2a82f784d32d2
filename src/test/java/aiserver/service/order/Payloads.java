package aiserver.service.order;

import aiserver.job.JobHeader;
import aiserver.job.JsonObjects;
import aiserver.job.LanguageJob;
import aiserver.job.OrderContext.MenuItem;
import aiserver.job.OrderContext.Utterance;
import aiserver.job.OrderContext;
import aiserver.job.OrderStage;
import aiserver.job.PastOrder;
import aiserver.job.ShopEvent;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Language jobs from the payload's JSON, without the worker's checks: for tests of what comes after them. */
final class Payloads {
    private Payloads() {
    }

    static LanguageJob analysis(String json) {
        return job(LanguageJob.Operation.ANALYZE_VOICE_ORDER, JsonObjects.read(json));
    }

    static LanguageJob recommendation(String json) {
        return job(LanguageJob.Operation.GENERATE_PERSONALIZED_RECOMMENDATION, JsonObjects.read(json));
    }

    static String resource(String name) {
        try (InputStream in = Payloads.class.getResourceAsStream("/prompts/" + name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static LanguageJob job(LanguageJob.Operation operation, Map<String, Object> payload) {
        Map<String, Object> context = object(payload, "context");
        OrderContext parsed = new OrderContext(object(context, "user"),
                objects(context, "menu").stream().map(m -> new MenuItem((String) m.get("name"), number(m, "price"),
                        texts(m, "styles"), texts(m, "options"))).toList(),
                objects(context, "dialogue").stream().map(d -> new Utterance(
                        Utterance.Role.valueOf(((String) d.get("role")).toUpperCase(Locale.ROOT)),
                        (String) d.get("content"))).toList(),
                object(context, "order_state"),
                context.get("state") == null ? null : OrderStage.ofWireName((String) context.get("state")).orElseThrow());
        return new LanguageJob(new JobHeader("r-1", null, null), operation, (String) payload.get("transcript"), parsed,
                objects(payload, "user_history").stream().map(h -> new PastOrder((String) h.get("menu"),
                        (String) h.get("style"), texts(h, "options"), number(h, "price"), (String) h.get("ordered_at"))).toList(),
                objects(payload, "events").stream().map(e -> new ShopEvent((String) e.get("name"),
                        (String) e.get("description"),
                        e.get("discount_percent") == null ? null : ((Number) e.get("discount_percent")).doubleValue(),
                        texts(e, "menus"), (String) e.get("ends_at"))).toList());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Map<String, Object> map, String key) {
        return (Map<String, Object>) map.getOrDefault(key, Map.of());
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> objects(Map<String, Object> map, String key) {
        return (List<Map<String, Object>>) map.getOrDefault(key, List.of());
    }

    @SuppressWarnings("unchecked")
    private static List<String> texts(Map<String, Object> map, String key) {
        return (List<String>) map.getOrDefault(key, List.of());
    }

    private static Long number(Map<String, Object> map, String key) {
        return map.get(key) == null ? null : ((Number) map.get(key)).longValue();
    }
}
