package aiserver.bench.measure;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One figure of the report.
 *
 * @param id        of the goal that it answers, or of its own
 * @param title     what was measured
 * @param unit      of the figure; "ratio" for a ratio
 * @param setting   models, threads, sizes
 * @param details   the figures that it comes from
 * @param contended measured while others used the machine: never reported
 */
public record Row(String id, String title, Spread figure, String unit, String setting, Map<String, Object> details,
                  boolean contended) {
    /** In the details of what depends on it: the lowest rate that a processor went at meanwhile, to the one that it says it has. */
    public static final String PACE = "pace";

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("title", title);
        json.put("figure", figure.median());
        json.put("low", figure.low());
        json.put("high", figure.high());
        json.put("unit", unit);
        json.put("setting", setting);
        json.put("details", details);
        json.put("contended", contended);
        json.put("measured_at", Instant.now().toString());
        return json;
    }
}
