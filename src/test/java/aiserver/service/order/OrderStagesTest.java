package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.OrderAnalysis.Transition;
import aiserver.job.OrderContext.MenuItem;
import aiserver.job.OrderStage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrderStagesTest {
    private static final OrderRules RULES = new PromptLibrary(null).rules();
    private static final OrderMenu MENU = new OrderMenu(List.of(
            new MenuItem("딸기", null, List.of("클래식"), List.of()), new MenuItem("쿠키", null, List.of(), List.of())));
    private final OrderStages stages = new OrderStages(RULES, MENU);

    private static Map<String, Object> order(String held) {
        Map<String, Object> order = new LinkedHashMap<>();
        for (String field : held.split(" ")) {
            order.put(field, field.equals("menu") ? "딸기" : field.equals("quantity") ? (Object) 1 : "x");
        }
        order.remove("");
        return order;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
        // from | proposed | intent | order holds | to | why
        "GREETING | GREETING | OTHER | - | GREETING | stays",
        "GREETING | MENU_SELECTION | ORDER | - | MENU_SELECTION | moved on",
        "GREETING | STYLE_SELECTION | ORDER | - | MENU_SELECTION | held back: style_selection needs menu",
        "GREETING | STYLE_SELECTION | ORDER | menu | STYLE_SELECTION | moved on",
        "GREETING | CONFIRMATION | ORDER | menu style quantity pickup_at | CONFIRMATION | moved on",
        "MENU_SELECTION | STYLE_SELECTION | ORDER | - | MENU_SELECTION | held back: style_selection needs menu",
        "MENU_SELECTION | CUSTOMIZATION | ORDER | style | MENU_SELECTION | held back: customization needs menu",
        "MENU_SELECTION | CUSTOMIZATION | ORDER | menu | STYLE_SELECTION | held back: customization needs style",
        "MENU_SELECTION | CONFIRMATION | ORDER | menu style | CUSTOMIZATION | held back: confirmation needs quantity, pickup_at",
        "STYLE_SELECTION | CUSTOMIZATION | ORDER | menu style | CUSTOMIZATION | moved on",
        "CUSTOMIZATION | CONFIRMATION | CHANGE | menu style quantity pickup_at | CONFIRMATION | moved on",
        "CONFIRMATION | CONFIRMATION | ORDER | menu style quantity pickup_at | CONFIRMATION | stays",
        // going back is for those who change their mind
        "CUSTOMIZATION | MENU_SELECTION | CHANGE | menu style | MENU_SELECTION | went back",
        "CONFIRMATION | STYLE_SELECTION | CHANGE | menu style quantity pickup_at | STYLE_SELECTION | went back",
        "CUSTOMIZATION | MENU_SELECTION | ORDER | menu style | CUSTOMIZATION | held back: order does not go back",
        "CUSTOMIZATION | GREETING | CHANGE | menu style | CUSTOMIZATION | held back: no way back from customization to greeting",
        "GREETING | MENU_SELECTION | OTHER | - | GREETING | held back: other does not move on",
        // a stage whose needs are no longer met is left
        "CUSTOMIZATION | CUSTOMIZATION | CHANGE | menu | STYLE_SELECTION | customization needs style",
        "CONFIRMATION | CONFIRMATION | ORDER | - | MENU_SELECTION | 'confirmation needs menu, style, quantity, pickup_at'"})
    void theTableHolds(OrderStage from, OrderStage proposed, OrderIntent intent, String held, OrderStage to, String why) {
        Transition transition = stages.decide(from, proposed, intent, order(held == null ? "" : held));
        assertThat(transition).isEqualTo(new Transition(from, to, to.compareTo(from) > 0, why));
    }

    @Test
    void aStyleIsNotNeededForAMenuWithoutStyles() {
        Map<String, Object> order = new LinkedHashMap<>(Map.of("menu", "쿠키"));
        assertThat(stages.missing(OrderStage.CUSTOMIZATION, order)).isEmpty();
        order.put("menu", "딸기");
        assertThat(stages.missing(OrderStage.CUSTOMIZATION, order)).containsExactly(OrderField.STYLE);
    }

    @Test
    void aStyleIsNeededWhereTheShopListsNone() {
        OrderStages free = new OrderStages(RULES, new OrderMenu(List.of(new MenuItem("딸기", null, List.of(), List.of()))));
        assertThat(free.missing(OrderStage.CUSTOMIZATION, Map.of("menu", "딸기"))).containsExactly(OrderField.STYLE);
    }
}
