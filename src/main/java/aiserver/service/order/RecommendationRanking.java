package aiserver.service.order;

import aiserver.job.OrderContext.MenuItem;
import aiserver.job.ShopEvent;
import aiserver.service.order.CustomerProfile.Count;
import aiserver.service.order.OrderRules.RankWeights;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Which menu suits a customer: the sum of four signs, each 0 to 1 and weighted by the rules. Frequency: how often it
 * was ordered against the one ordered most. Style: it is offered in the preferred style. Discount: the best percentage
 * that takes effect today. Price: 1 minus its distance to the average amount as a share of that, at least 0; 0 where
 * either is unknown. Equals stay in the order of the menu. Candidates are the shop's menu; without one, what was
 * ordered before and what events name. Stateless.
 */
final class RecommendationRanking {
    private RecommendationRanking() {
    }

    /**
     * @param price    today, before discounts, or null
     * @param discount the event that takes off most, or null
     */
    record Candidate(MenuItem item, Long price, ShopEvent discount, double score, double frequency, double style) {
        String name() {
            return item.name();
        }
    }

    /** Best first. */
    static List<Candidate> rank(OrderMenu menu, CustomerProfile profile, RunningEvents events, RankWeights weights) {
        // looked up, not searched for: without a menu there may be as many candidates as a message has room for
        Map<String, Integer> times = profile.orders().stream().collect(Collectors.toMap(Count::name, Count::times));
        Function<String, ShopEvent> discounts = events.best();
        return candidates(menu, profile, events).stream().map(item -> {
            Long price = item.price() != null ? item.price() : profile.lastPrices().get(item.name());
            ShopEvent discount = discounts.apply(item.name());
            double frequency = times.containsKey(item.name())
                    ? (double) times.get(item.name()) / profile.orders().getFirst().times() : 0;
            double style = profile.preferredStyle() != null && item.styles().contains(profile.preferredStyle()) ? 1 : 0;
            double score = weights.frequency() * frequency
                    + weights.style() * style
                    + weights.discount() * (discount == null ? 0 : discount.discountPercent() / 100)
                    + weights.price() * nearness(price, profile.averageAmount());
            return new Candidate(item, price, discount, score, frequency, style);
        }).sorted(Comparator.comparingDouble(Candidate::score).reversed()).toList();
    }

    private static List<MenuItem> candidates(OrderMenu menu, CustomerProfile profile, RunningEvents events) {
        if (!menu.isEmpty()) {
            return menu.items();
        }
        Set<String> names = new LinkedHashSet<>();
        profile.orders().forEach(count -> names.add(count.name()));
        events.events().forEach(event -> event.menus().forEach(name -> names.add(PromptWords.oneLine(name))));
        names.remove("");
        return names.stream().map(name -> new MenuItem(name, null, List.of(), List.of())).toList();
    }

    private static double nearness(Long price, Double average) {
        if (price == null || average == null || average <= 0) {
            return 0;
        }
        return Math.max(0, 1 - Math.abs(price - average) / average);
    }
}
