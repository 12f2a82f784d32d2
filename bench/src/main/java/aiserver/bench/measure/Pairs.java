package aiserver.bench.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;

/**
 * The worker's engine against one peer after another, each pair in alternating rounds: more than two at a time would not
 * fit in memory. All are programs of the line protocol. Of the variants on DJL the fastest is the one that counts. Used by
 * one thread.
 */
final class Pairs {
    private static final String WORKER = "worker bf16";

    private final Setting setting;
    private final String kind;
    private final List<String> worker;
    private final ToDoubleFunction<Map<String, Object>> seconds;
    private final Map<String, List<Double>> figures = new LinkedHashMap<>();
    private Spread best;
    private String bestName;
    private int thrown;
    private boolean contended;

    /**
     * @param kind    of the job, for the logs' names
     * @param worker  command of the worker's engine
     * @param seconds that a run took, from its answer
     */
    Pairs(Setting setting, String kind, List<String> worker, ToDoubleFunction<Map<String, Object>> seconds) {
        this.setting = setting;
        this.kind = kind;
        this.worker = worker;
        this.seconds = seconds;
    }

    /** @param name of the peer; one on DJL begins with {@code DJL} */
    void run(String name, List<String> command) {
        try (Contender ours = Contender.ready(kind + "-worker", worker, setting.engines(), setting);
                Contender theirs = Contender.ready(kind + "-" + name, command, setting.engines(), setting)) {
            Map<String, DoubleSupplier> pair = new LinkedHashMap<>();
            pair.put(WORKER, () -> seconds.applyAsDouble(ours.run()));
            pair.put(name, () -> seconds.applyAsDouble(theirs.run()));
            Rounds rounds = Rounds.of(setting, rounds(), pair);
            thrown += rounds.thrown();
            contended |= rounds.contended();
            // Of the worker the middle of each pair, of a peer its range.
            figures.computeIfAbsent(WORKER, first -> new ArrayList<>()).add(rounds.of(WORKER).median());
            Spread spread = rounds.of(name);
            figures.put(name, List.of(spread.low(), spread.median(), spread.high()));
            Spread ratio = rounds.ratio(name, WORKER);
            if (name.startsWith("DJL") && (best == null || ratio.median() < best.median())) {
                best = ratio;
                bestName = name;
            }
        }
    }

    /** How many times as long the fastest variant on DJL takes. */
    Row toBestOfDjl(String id, String title, String unit, String how) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("unit", unit);
        details.put("contenders", figures);
        details.put("rounds", rounds());
        details.put("rounds_thrown_away", thrown);
        return new Row(id, title + " to DJL's best (" + bestName + ")", best, "ratio", setting.threads() + " threads, " + how, details,
                contended);
    }

    private int rounds() {
        return setting.rounds(1, 3);
    }
}
