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
    private final Setting setting;
    private final String kind;
    private final String name;
    private final List<String> worker;
    private final ToDoubleFunction<Map<String, Object>> seconds;
    private final Map<String, List<Double>> figures = new LinkedHashMap<>();
    private Spread best;
    private String bestName;
    private int thrown;
    private boolean contended;

    /**
     * @param kind    of the job, for the logs' names
     * @param name    of the worker with its weights
     * @param worker  command of the worker's engine
     * @param seconds that a run took, from its answer
     */
    Pairs(Setting setting, String kind, String name, List<String> worker, ToDoubleFunction<Map<String, Object>> seconds) {
        this.setting = setting;
        this.kind = kind;
        this.name = name;
        this.worker = worker;
        this.seconds = seconds;
    }

    /** @param peer its name; one on DJL begins with {@code DJL} */
    void run(String peer, List<String> command) {
        try (Contender ours = Contender.ready(kind + "-worker", worker, setting.engines(), setting);
                Contender theirs = Contender.ready(kind + "-" + peer, command, setting.engines(), setting)) {
            Map<String, DoubleSupplier> pair = new LinkedHashMap<>();
            pair.put(name, () -> seconds.applyAsDouble(ours.run()));
            pair.put(peer, () -> seconds.applyAsDouble(theirs.run()));
            Rounds rounds = Rounds.of(setting, rounds(), pair);
            thrown += rounds.thrown();
            contended |= rounds.contended();
            // Of the worker the middle of each pair, of a peer its range.
            figures.computeIfAbsent(name, first -> new ArrayList<>()).add(rounds.of(name).median());
            Spread spread = rounds.of(peer);
            figures.put(peer, List.of(spread.low(), spread.median(), spread.high()));
            Spread ratio = rounds.ratio(peer, name);
            if (peer.startsWith("DJL") && (best == null || ratio.median() < best.median())) {
                best = ratio;
                bestName = peer;
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
