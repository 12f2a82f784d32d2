package aiserver.service.order;

import aiserver.job.OrderAnalysis.Transition;
import aiserver.job.OrderContext;
import aiserver.job.OrderStage;
import aiserver.service.order.OrderRules.Move;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which stage a call moves to: the model proposes one, the rules decide. Forward moves end at the furthest stage whose
 * needs the order meets, an intent that may not go back stays, and a stage whose needs are no longer met is left.
 * Immutable, any thread.
 */
final class OrderStages {
    private final OrderRules rules;
    private final OrderMenu menu;

    OrderStages(OrderRules rules, OrderMenu menu) {
        this.rules = rules;
        this.menu = menu;
    }

    /** The stage that a call is in; one that does not say is at its beginning. */
    static OrderStage from(OrderContext context) {
        return context.stage() == null ? OrderStage.GREETING : context.stage();
    }

    /**
     * @param wanted what the model proposed
     * @param order  already merged
     */
    Transition decide(OrderStage from, OrderStage wanted, OrderIntent intent, Map<String, Object> order) {
        Set<Move> moves = rules.moves().get(intent);
        OrderStage to = from;
        String reason = "stays";
        if (wanted.compareTo(from) > 0) {
            if (!moves.contains(Move.NEXT)) {
                reason = "held back: " + intent.wireName() + " does not move on";
            } else {
                to = furthest(rules.next().get(from), wanted, order, from);
                reason = to == wanted ? "moved on" : heldBack(from, wanted, order);
            }
        } else if (wanted.compareTo(from) < 0) {
            if (!moves.contains(Move.BACK)) {
                reason = "held back: " + intent.wireName() + " does not go back";
            } else if (!rules.back().get(from).contains(wanted)) {
                reason = "held back: no way back from " + from.wireName() + " to " + wanted.wireName();
            } else {
                to = wanted;
                reason = "went back";
            }
        }
        List<OrderField> missing = missing(to, order);
        if (!missing.isEmpty()) {
            reason = to.wireName() + " needs " + words(missing);
            to = furthest(Set.of(OrderStage.values()), to, order, OrderStage.GREETING);
        }
        return new Transition(from, to, to.compareTo(from) > 0, reason);
    }

    /** What an order lacks for a stage, in the order of {@link OrderField}. */
    List<OrderField> missing(OrderStage stage, Map<String, Object> order) {
        return rules.needs().get(stage).stream().sorted()
                .filter(field -> !field.isIn(order))
                .filter(field -> field != OrderField.STYLE || menu.hasStyle(order.get(OrderField.MENU.wireName())))
                .toList();
    }

    private OrderStage furthest(Set<OrderStage> allowed, OrderStage limit, Map<String, Object> order, OrderStage otherwise) {
        return allowed.stream().filter(stage -> stage.compareTo(limit) <= 0 && missing(stage, order).isEmpty())
                .max(Comparator.naturalOrder()).orElse(otherwise);
    }

    private String heldBack(OrderStage from, OrderStage wanted, Map<String, Object> order) {
        return rules.next().get(from).contains(wanted)
                ? "held back: " + wanted.wireName() + " needs " + words(missing(wanted, order))
                : "held back: no way from " + from.wireName() + " to " + wanted.wireName();
    }

    private static String words(List<OrderField> fields) {
        return String.join(", ", fields.stream().map(OrderField::wireName).toList());
    }
}
