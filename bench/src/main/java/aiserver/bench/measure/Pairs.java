package aiserver.bench.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The worker's engine against one peer after another, each pair in alternating rounds: more than two at a time would not
 * fit in memory. All are programs of the line protocol. Of the variants on DJL the fastest is the one that counts. Used by
 * one thread.
 */
final class Pairs {
    private static final int ROUNDS = 3;

    private final Setting setting;
    private final String kind;
    private final String name;
    private final List<String> worker;
    private final ToDoubleFunction<Map<String, Object>> seconds;
    private final Map<String, List<Double>> figures = new LinkedHashMap<>();
    private final Map<String, List<Double>> tokens = new LinkedHashMap<>();
    private Spread best;
    private String bestName;
    private String basis;
    private int thrown;
    private double pace = Double.POSITIVE_INFINITY;
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
            Map<String, Supplier<Rounds.Run>> pair = new LinkedHashMap<>();
            pair.put(name, () -> run(ours));
            pair.put(peer, () -> run(theirs));
            Rounds rounds = Rounds.ofRuns(setting, ROUNDS, pair);
            thrown += rounds.thrown();
            pace = Math.min(pace, rounds.pace());
            contended |= rounds.contended();
            for (String each : List.of(name, peer)) {
                figures.computeIfAbsent(each, first -> new ArrayList<>()).addAll(rounds.figures(each));
                if (!rounds.tokens(each).isEmpty()) {
                    tokens.computeIfAbsent(each, first -> new ArrayList<>()).addAll(rounds.tokens(each));
                }
            }
            Spread ratio = rounds.ratioOfTimes(peer, name);
            if (peer.startsWith("DJL") && (best == null || ratio.median() < best.median())) {
                best = ratio;
                bestName = peer;
                basis = rounds.basis(peer, name);
            }
        }
    }

    private Rounds.Run run(Contender contender) {
        Map<String, Object> answer = contender.run();
        double tokens = answer.get("tokens") instanceof Number written ? written.doubleValue() : Double.NaN;
        return new Rounds.Run(seconds.applyAsDouble(answer), tokens);
    }

    /** How many times as long the fastest variant on DJL takes. */
    Row toBestOfDjl(String id, String title, String unit, String how) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("unit", unit);
        details.put("contenders", figures);
        if (!tokens.isEmpty()) {
            details.put("tokens", tokens);
        }
        details.put("rounds", ROUNDS);
        details.put("rounds_thrown_away", thrown);
        details.put(Row.PACE, pace);
        return new Row(id, title + " to DJL's best (" + bestName + ")", best, "ratio", setting.threads() + " threads, " + how
                + (basis.isEmpty() ? "" : "; " + basis), details, contended);
    }
}
