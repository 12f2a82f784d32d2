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
    private final List<Rounds> measured = new ArrayList<>();
    private Spread best;
    private String bestName;
    private String basis;

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
            Rounds rounds = Rounds.ofRuns(setting, setting.rounds(ROUNDS, ROUNDS), pair);
            measured.add(rounds);
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
        return new Row(id, title + " to DJL's best (" + bestName + ")", best, "ratio", setting.threads() + " threads, " + how
                + (basis.isEmpty() ? "" : "; " + basis), Rounds.details(unit, measured),
                measured.stream().anyMatch(Rounds::contended));
    }
}
