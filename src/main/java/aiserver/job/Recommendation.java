package aiserver.job;

import java.util.List;
import java.util.Map;

/**
 * A recommendation for one customer.
 *
 * @param recommendedMenu {@code name} and more, or null where there is nothing to recommend
 */
public record Recommendation(Map<String, Object> recommendedMenu, List<Object> alternatives, String reason,
                             Profile profile, List<AppliedEvent> appliedEvents, List<String> notes) implements JobResult {

    /** What the history tells; {@code preferredStyle} and {@code averageAmount} null where it tells nothing. */
    public record Profile(List<String> frequentMenus, String preferredStyle, Double averageAmount) {
    }

    /** A promotion that holds today; {@code priceAfter} null where the price is not known. */
    public record AppliedEvent(String name, double discountPercent, Long priceAfter) {
    }
}
