package aiserver.job;

import java.util.Arrays;
import java.util.Optional;

/** How far an order is; the words are the contract's, the order is the order of the call. */
public enum OrderStage {
    GREETING("greeting"),
    MENU_SELECTION("menu_selection"),
    STYLE_SELECTION("style_selection"),
    CUSTOMIZATION("customization"),
    CONFIRMATION("confirmation");

    private final String wireName;

    OrderStage(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    public static Optional<OrderStage> ofWireName(String name) {
        return Arrays.stream(values()).filter(stage -> stage.wireName.equals(name)).findFirst();
    }
}
