package aiserver.job;

import java.util.List;
import java.util.Objects;

/**
 * A promotion; {@code description}, {@code discountPercent} and {@code endsAt} may be null.
 *
 * @param discountPercent 0 to 100
 * @param menus           the menus it applies to; empty: all
 * @param endsAt          as the backend wrote it, ISO 8601 date or date and time
 */
public record ShopEvent(String name, String description, Double discountPercent, List<String> menus, String endsAt) {
    public ShopEvent {
        Objects.requireNonNull(name, "name");
        menus = List.copyOf(menus);
        if (discountPercent != null && !(discountPercent >= 0 && discountPercent <= 100)) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD,
                    "payload.events discount_percent must be 0 to 100 but is " + discountPercent);
        }
    }
}
