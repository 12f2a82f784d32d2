package aiserver.service.order;

import aiserver.job.OrderStage;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;

/**
 * The rules of an order as {@code rules.properties} gives them; that file explains each. Immutable, any thread.
 *
 * @param next             from each stage, the stages that may come after it
 * @param back             from each stage, the stages that one may return to
 * @param needs            what an order must hold before a stage
 * @param moves            which moves an intent may make
 * @param cancelConfidence 0 to 1; a cancellation below it is asked back
 */
record OrderRules(Map<OrderStage, Set<OrderStage>> next, Map<OrderStage, Set<OrderStage>> back,
                  Map<OrderStage, Set<OrderField>> needs, Map<OrderIntent, Set<Move>> moves,
                  double cancelConfidence, RankWeights rank) {
    enum Move { NEXT, BACK, RESET }

    /** How much each sign counts in a ranking, each 0 or more; see {@link RecommendationRanking}. */
    record RankWeights(double frequency, double style, double discount, double price) {
    }

    /** @throws IllegalArgumentException that names the key and the value */
    static OrderRules of(Properties file) {
        Map<OrderStage, Set<OrderStage>> next = new EnumMap<>(OrderStage.class);
        Map<OrderStage, Set<OrderStage>> back = new EnumMap<>(OrderStage.class);
        Map<OrderStage, Set<OrderField>> needs = new EnumMap<>(OrderStage.class);
        for (OrderStage stage : OrderStage.values()) {
            next.put(stage, words(file, "next." + stage.wireName(), OrderStage.class, OrderStage::ofWireName));
            back.put(stage, words(file, "back." + stage.wireName(), OrderStage.class, OrderStage::ofWireName));
            needs.put(stage, words(file, "needs." + stage.wireName(), OrderField.class, OrderField::ofWireName));
        }
        Map<OrderIntent, Set<Move>> moves = new EnumMap<>(OrderIntent.class);
        for (OrderIntent intent : OrderIntent.values()) {
            moves.put(intent, words(file, "moves." + intent.wireName(), Move.class, OrderRules::moveOf));
        }
        return new OrderRules(next, back, needs, moves, number(file, "cancel.confidence", 1),
                new RankWeights(number(file, "rank.frequency", 1000), number(file, "rank.style", 1000),
                        number(file, "rank.discount", 1000), number(file, "rank.price", 1000)));
    }

    private static Optional<Move> moveOf(String word) {
        return Arrays.stream(Move.values()).filter(m -> m.name().equalsIgnoreCase(word)).findFirst();
    }

    private static <T extends Enum<T>> Set<T> words(Properties file, String key, Class<T> type,
                                                    Function<String, Optional<T>> reader) {
        Set<T> set = EnumSet.noneOf(type);
        for (String word : List.of(value(file, key).split("\\s+"))) {
            if (!word.isEmpty()) {
                set.add(reader.apply(word).orElseThrow(() ->
                        new IllegalArgumentException("rules.properties " + key + " has the unknown word " + word)));
            }
        }
        return Collections.unmodifiableSet(set);
    }

    private static double number(Properties file, String key, double max) {
        String text = value(file, key);
        try {
            double value = Double.parseDouble(text);
            if (value >= 0 && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below, with the value
        }
        throw new IllegalArgumentException("rules.properties " + key + " must be 0 to " + max + " but is " + text);
    }

    private static String value(Properties file, String key) {
        String value = file.getProperty(key);
        if (value == null) {
            throw new IllegalArgumentException("rules.properties lacks " + key);
        }
        return value.strip();
    }
}
