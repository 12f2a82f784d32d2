package aiserver.service.order;

import aiserver.job.PastOrder;
import aiserver.job.Recommendation;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * What past orders tell of a customer. Of things ordered equally often the one ordered last comes first. Immutable.
 *
 * @param orders         how often each menu was ordered, the most frequent first
 * @param preferredStyle or null
 * @param averageAmount  mean of the known prices, or null
 * @param lastPrices     what each menu cost when it was last ordered at a known price
 */
record CustomerProfile(List<Count> orders, String preferredStyle, Double averageAmount, Map<String, Long> lastPrices) {
    private static final int FREQUENT = 3;

    record Count(String name, int times, Instant last) {
    }

    static CustomerProfile of(List<PastOrder> history, ShopClock clock) {
        List<PastOrder> known = history.stream().filter(order -> !PromptWords.oneLine(order.menu()).isEmpty()).toList();
        OptionalDouble average = known.stream().map(PastOrder::price).filter(Objects::nonNull).mapToDouble(Long::doubleValue).average();
        Map<String, Long> lastPrices = new HashMap<>();
        known.stream().filter(order -> order.price() != null)
                .sorted(Comparator.comparing(order -> moment(order, clock)))
                .forEach(order -> lastPrices.put(PromptWords.oneLine(order.menu()), order.price()));
        return new CustomerProfile(counts(known, PastOrder::menu, clock),
                counts(known, PastOrder::style, clock).stream().findFirst().map(Count::name).orElse(null),
                average.isPresent() ? average.getAsDouble() : null, Map.copyOf(lastPrices));
    }

    List<String> frequentMenus() {
        return orders.stream().limit(FREQUENT).map(Count::name).toList();
    }

    Recommendation.Profile toResult() {
        return new Recommendation.Profile(frequentMenus(), preferredStyle, averageAmount);
    }

    private static List<Count> counts(List<PastOrder> orders, Function<PastOrder, String> what, ShopClock clock) {
        Map<String, Count> counts = new HashMap<>();
        for (PastOrder order : orders) {
            String name = what.apply(order) == null ? "" : PromptWords.oneLine(what.apply(order));
            if (!name.isEmpty()) {
                counts.merge(name, new Count(name, 1, moment(order, clock)), (a, b) ->
                        new Count(name, a.times() + b.times(), a.last().isAfter(b.last()) ? a.last() : b.last()));
            }
        }
        return counts.values().stream().sorted(Comparator.comparing(Count::times).thenComparing(Count::last).reversed()
                .thenComparing(Count::name)).toList();
    }

    private static Instant moment(PastOrder order, ShopClock clock) {
        return clock.moment(order.orderedAt()).orElse(Instant.MIN);
    }
}
