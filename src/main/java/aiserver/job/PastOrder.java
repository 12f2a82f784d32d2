package aiserver.job;

import java.util.List;
import java.util.Objects;

/**
 * An order of the past; {@code style}, {@code price} and {@code orderedAt} may be null.
 *
 * @param price     in the shop's currency
 * @param orderedAt as the backend wrote it, ISO 8601
 */
public record PastOrder(String menu, String style, List<String> options, Long price, String orderedAt) {
    public PastOrder {
        Objects.requireNonNull(menu, "menu");
        options = List.copyOf(options);
    }
}
