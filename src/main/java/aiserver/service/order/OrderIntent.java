package aiserver.service.order;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a customer wants with a sentence; the words are the contract's. */
enum OrderIntent {
    ORDER, INQUIRY, RECOMMENDATION, CHANGE, CANCEL, OTHER;

    String wireName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    static List<String> wireNames() {
        return Arrays.stream(values()).map(OrderIntent::wireName).toList();
    }

    static Optional<OrderIntent> ofWireName(String name) {
        return Arrays.stream(values()).filter(intent -> intent.wireName().equals(name)).findFirst();
    }
}
