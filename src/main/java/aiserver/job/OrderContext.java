package aiserver.job;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The call so far, as the backend knows it; every part may be empty.
 *
 * @param user       what is known of the customer: {@code name} and whatever else; values are JSON values
 * @param menu       what the shop sells, at most {@value #MAX_MENU} items; empty: anything may be ordered
 * @param dialogue   what was said, oldest first
 * @param orderState the order so far: JSON values by key, kept as they came
 * @param stage      where the call is, or null: at its beginning
 */
public record OrderContext(Map<String, Object> user, List<MenuItem> menu, List<Utterance> dialogue,
                           Map<String, Object> orderState, OrderStage stage) {
    public static final int MAX_MENU = 200;
    public static final OrderContext EMPTY = new OrderContext(Map.of(), List.of(), List.of(), Map.of(), null);

    public OrderContext {
        user = ordered(user);
        menu = List.copyOf(menu);
        dialogue = List.copyOf(dialogue);
        orderState = ordered(orderState);
        if (menu.size() > MAX_MENU) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD,
                    "payload.context.menu may have at most " + MAX_MENU + " items but has " + menu.size());
        }
    }

    // Map.copyOf would lose the order of the keys and refuse null values; both matter to a JSON object.
    private static Map<String, Object> ordered(Map<String, Object> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(Objects.requireNonNull(map)));
    }

    /** One thing that the shop sells; {@code price} in the shop's currency or null. */
    public record MenuItem(String name, Long price, List<String> styles, List<String> options) {
        public MenuItem {
            Objects.requireNonNull(name, "name");
            styles = List.copyOf(styles);
            options = List.copyOf(options);
        }
    }

    /** One line of the dialogue. */
    public record Utterance(Role role, String content) {
        public enum Role { USER, ASSISTANT }

        public Utterance {
            Objects.requireNonNull(role, "role");
            Objects.requireNonNull(content, "content");
        }
    }
}
