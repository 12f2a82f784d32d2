package aiserver.bench.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * Figures of several contenders from alternating rounds on one machine: in each round every contender runs once, every
 * second round in reverse order. A round in which others used the machine does not count and is run again. The ratio of
 * two contenders is taken within each round, so that what changes slowly changes both.
 */
final class Rounds {
    /** By more than this share two contenders did not do the same work. */
    private static final double SAME_TEXT = 0.05;

    private final Map<String, List<Double>> figures = new LinkedHashMap<>();
    private final Map<String, List<Double>> tokens = new LinkedHashMap<>();
    private int thrown;
    private double foreign;
    private double pace = Double.POSITIVE_INFINITY;
    private boolean contended;

    Rounds() {
    }

    /**
     * One run of a contender.
     *
     * @param figure what is compared
     * @param tokens that it wrote meanwhile; NaN where that is not known or not the point
     */
    record Run(double figure, double tokens) {
        /** The mean of so many runs, one after the other. */
        static Run mean(int count, Supplier<Run> runs) {
            double figure = 0;
            double tokens = 0;
            for (int i = 0; i < count; i++) {
                Run one = runs.get();
                figure += one.figure();
                tokens += one.tokens();
            }
            return new Run(figure / count, tokens / count);
        }
    }

    /**
     * Runs them, once before without counting.
     *
     * @param contenders by name, each giving its figure for a run
     * @throws Contended where too many rounds were disturbed
     */
    static Rounds of(Setting setting, int count, Map<String, DoubleSupplier> contenders) {
        Map<String, Supplier<Run>> runs = new LinkedHashMap<>();
        contenders.forEach((name, contender) -> runs.put(name, () -> new Run(contender.getAsDouble(), Double.NaN)));
        return ofRuns(setting, count, runs);
    }

    /** The same for contenders that say how much they wrote; their figures are times. */
    static Rounds ofRuns(Setting setting, int count, Map<String, Supplier<Run>> contenders) {
        Rounds rounds = new Rounds();
        List<String> names = new ArrayList<>(contenders.keySet());
        contenders.values().forEach(Supplier::get);
        int most = count * (1 + setting.redone());
        for (int round = 0; rounds.count() < count; round++) {
            if (round == most) {
                throw new Contended(rounds.thrown + " of " + round + " rounds were disturbed by other programs");
            }
            Map<String, Run> once = new LinkedHashMap<>();
            Contention contention = Contention.begin();
            for (String name : round % 2 == 0 ? names : names.reversed()) {
                once.put(name, contenders.get(name).get());
            }
            Contention.Share share = contention.end();
            if (share.tooMuch(setting.foreign()) && !setting.trial()) {
                rounds.thrown++;
                System.err.println("bench: a round does not count: " + share);
                continue;
            }
            rounds.contended |= share.tooMuch(setting.foreign());
            rounds.foreign = Math.max(rounds.foreign, share.foreign());
            rounds.pace = Math.min(rounds.pace, share.pace());
            names.forEach(name -> rounds.add(name, once.get(name)));
        }
        return rounds;
    }

    /** Counts a run; every contender has one in each round. */
    void add(String contender, Run run) {
        figures.computeIfAbsent(contender, first -> new ArrayList<>()).add(run.figure());
        if (!Double.isNaN(run.tokens())) {
            tokens.computeIfAbsent(contender, first -> new ArrayList<>()).add(run.tokens());
        }
    }

    private int count() {
        return figures.isEmpty() ? 0 : figures.values().iterator().next().size();
    }

    Spread of(String contender) {
        return Spread.of(figures.get(contender));
    }

    /** What the contender wrote in each round; empty where that is not known. */
    List<Double> tokens(String contender) {
        return tokens.getOrDefault(contender, List.of());
    }

    /** Of one contender's figure to another's, round by round. */
    Spread ratio(String contender, String to) {
        return ratio(contender, to, false);
    }

    /** Of one contender's time to another's, round by round; of the times of a token where they wrote texts of different length. */
    Spread ratioOfTimes(String contender, String to) {
        return ratio(contender, to, perToken(contender, to));
    }

    /**
     * Of the times of a written token, for contenders that are asked for other texts each time.
     *
     * @throws IllegalStateException where one of them wrote nothing at all
     */
    Spread ratioOfTokenTimes(String contender, String to) {
        written(contender, to);
        written(to, contender);
        return ratio(contender, to, true);
    }

    /**
     * Whether two contenders wrote so much more or less that their times alone say nothing.
     *
     * @throws IllegalStateException where one of them wrote nothing at all
     */
    boolean perToken(String contender, String to) {
        if (tokens(contender).isEmpty() || tokens(to).isEmpty()) {
            return false;
        }
        double one = written(contender, to);
        double other = written(to, contender);
        return Math.max(one, other) / Math.min(one, other) > 1 + SAME_TEXT;
    }

    private double written(String contender, String beside) {
        double all = tokens(contender).stream().mapToDouble(Double::doubleValue).sum();
        if (all == 0) {
            throw new IllegalStateException(contender + " wrote nothing: there is no ratio of it and " + beside);
        }
        return all;
    }

    /** What a row says of such a ratio. */
    String basis(String contender, String to) {
        return perToken(contender, to) ? "time of a written token, since the texts differ in length by more than 5 %"
                : tokens(contender).isEmpty() || tokens(to).isEmpty() ? "" : "texts of the same length within 5 %";
    }

    private Spread ratio(String contender, String to, boolean perToken) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < count(); i++) {
            double ratio = figures.get(contender).get(i) / figures.get(to).get(i);
            ratios.add(perToken ? ratio * tokens.get(to).get(i) / tokens.get(contender).get(i) : ratio);
        }
        return Spread.of(ratios);
    }

    /** Every figure, and how quiet it was. */
    Map<String, Object> details(String unit) {
        return details(unit, List.of(this));
    }

    /** The same of several groups that were measured one after the other, as often each; a contender may be in more than one. */
    static Map<String, Object> details(String unit, List<Rounds> groups) {
        Map<String, List<Double>> figures = new LinkedHashMap<>();
        Map<String, List<Double>> tokens = new LinkedHashMap<>();
        for (Rounds group : groups) {
            group.figures.forEach((name, some) -> figures.computeIfAbsent(name, first -> new ArrayList<>()).addAll(some));
            group.tokens.forEach((name, some) -> tokens.computeIfAbsent(name, first -> new ArrayList<>()).addAll(some));
        }
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("unit", unit);
        details.put("contenders", figures);
        if (!tokens.isEmpty()) {
            details.put("tokens", tokens);
        }
        details.put("rounds", groups.getFirst().count());
        details.put("rounds_thrown_away", groups.stream().mapToInt(group -> group.thrown).sum());
        details.put("processors_others_used_at_most", groups.stream().mapToDouble(group -> group.foreign).max().orElseThrow());
        details.put(Row.PACE, groups.stream().mapToDouble(group -> group.pace).min().orElseThrow());
        return details;
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
