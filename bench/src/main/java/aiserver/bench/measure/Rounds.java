package aiserver.bench.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * Figures of several contenders from alternating rounds on one machine: in each round every contender runs once, every
 * second round in reverse order. A round in which others used the machine does not count and is run again. The ratio of
 * two contenders is taken within each round, so that what changes slowly changes both.
 */
final class Rounds {
    private final Map<String, List<Double>> figures = new LinkedHashMap<>();
    private int thrown;
    private double foreign;
    private boolean contended;

    private Rounds() {
    }

    /**
     * Runs them, once before without counting.
     *
     * @param contenders by name, each giving its figure for a run
     * @throws Contended where too many rounds were disturbed
     */
    static Rounds of(Setting setting, int count, Map<String, DoubleSupplier> contenders) {
        Rounds rounds = new Rounds();
        List<String> names = new ArrayList<>(contenders.keySet());
        contenders.values().forEach(DoubleSupplier::getAsDouble);
        names.forEach(name -> rounds.figures.put(name, new ArrayList<>()));
        int most = count * (1 + setting.redone());
        for (int round = 0; rounds.count() < count; round++) {
            if (round == most) {
                throw new Contended(rounds.thrown + " of " + round + " rounds were disturbed by other programs");
            }
            Map<String, Double> once = new LinkedHashMap<>();
            Contention contention = Contention.begin();
            for (String name : round % 2 == 0 ? names : names.reversed()) {
                once.put(name, contenders.get(name).getAsDouble());
            }
            Contention.Share share = contention.end();
            if (share.tooMuch(setting.foreign()) && !setting.trial()) {
                rounds.thrown++;
                System.err.println("bench: a round does not count: " + share);
                continue;
            }
            rounds.contended |= share.tooMuch(setting.foreign());
            rounds.foreign = Math.max(rounds.foreign, share.foreign());
            once.forEach((name, figure) -> rounds.figures.get(name).add(figure));
        }
        return rounds;
    }

    private int count() {
        return figures.values().iterator().next().size();
    }

    Spread of(String contender) {
        return Spread.of(figures.get(contender));
    }

    /** Of one contender's figure to another's, round by round. */
    Spread ratio(String contender, String to) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < count(); i++) {
            ratios.add(figures.get(contender).get(i) / figures.get(to).get(i));
        }
        return Spread.of(ratios);
    }

    /** Every figure, and how quiet it was. */
    Map<String, Object> details(String unit) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("unit", unit);
        details.put("contenders", new LinkedHashMap<>(figures));
        details.put("rounds", count());
        details.put("rounds_thrown_away", thrown);
        details.put("processors_others_used_at_most", foreign);
        return details;
    }

    int thrown() {
        return thrown;
    }

    /** Only in a trial: some rounds that count were disturbed. */
    boolean contended() {
        return contended;
    }

    /** The machine is not quiet enough to measure. */
    static final class Contended extends RuntimeException {
        Contended(String message) {
            super(message);
        }
    }
}
