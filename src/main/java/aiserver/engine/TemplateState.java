package aiserver.engine;

import aiserver.engine.TemplateNode.Fixed;
import aiserver.engine.TemplateNode.Pick;
import aiserver.engine.TemplateNode.Sequence;
import aiserver.engine.TemplateNode.Text;
import aiserver.engine.TemplateNode.Way;
import java.util.ArrayList;
import java.util.List;

/**
 * Where one is in a template, byte by byte: all ways of reading what was written so far (several while options share a
 * beginning). Immutable.
 */
final class TemplateState {
    /** What comes after the node at hand. */
    private record Frame(Sequence sequence, int index, Frame parent) {
        int closingCost() {
            return sequence.closingCost(index) + (parent == null ? 0 : parent.closingCost());
        }
    }

    /** Ways that were picked, the latest first; {@code name} null for the ends of lists. */
    record Decision(Decision earlier, String name, String option, int count) {
    }

    /** One way of reading: within fixed bytes, within a text, or at the end of all. */
    sealed interface Reading {
        Decision decisions();
    }

    private record InFixed(byte[] bytes, int at, Frame rest, Decision decisions) implements Reading {
    }

    private record InText(Text text, long state, Frame rest, Decision decisions) implements Reading {
    }

    private record AtEnd(Decision decisions) implements Reading {
    }

    private static final TemplateState DEAD = new TemplateState(List.of());

    private final List<Reading> readings;

    private TemplateState(List<Reading> readings) {
        this.readings = readings;
    }

    static TemplateState start(Sequence template, boolean closing) {
        List<Reading> readings = new ArrayList<>(1);
        enter(new Frame(template, 0, null), null, closing, readings);
        return new TemplateState(readings);
    }

    /** No way of reading is left: the bytes do not fit the template. */
    boolean dead() {
        return readings.isEmpty();
    }

    /** Everything is written. */
    boolean complete() {
        return !readings.isEmpty() && readings.stream().allMatch(AtEnd.class::isInstance);
    }

    boolean inText() {
        for (Reading reading : readings) {
            if (reading instanceof InText) {
                return true;
            }
        }
        return false;
    }

    /** More than one way of reading. */
    boolean open() {
        return readings.size() > 1;
    }

    /** Most tokens that it takes to close the answer from here. */
    int closingCost() {
        int cost = 0;
        for (Reading reading : readings) {
            cost = Math.max(cost, switch (reading) {
                // a token for each byte is more than enough for what is left of a name
                case InFixed fixed -> fixed.bytes().length - fixed.at() + fixed.rest().closingCost();
                case InText text -> 5 + text.rest().closingCost();
                case AtEnd end -> 0;
            });
        }
        return cost;
    }

    /** The ways that all readings agree on, the latest first; null for none. */
    Decision decided() {
        Decision common = readings.getFirst().decisions();
        for (Reading reading : readings) {
            Decision other = reading.decisions();
            while (common != other) {
                if (count(common) >= count(other)) {
                    common = common.earlier();
                } else {
                    other = other.earlier();
                }
            }
        }
        return common;
    }

    /** The fewest ways that any reading has picked. */
    int fewestDecisions() {
        return readings.stream().mapToInt(reading -> count(reading.decisions())).min().orElse(0);
    }

    static int count(Decision decision) {
        return decision == null ? 0 : decision.count();
    }

    /** The bytes that may come next within fixed text, sorted and each once. */
    byte[] nextFixed() {
        boolean[] seen = new boolean[256];
        int count = 0;
        for (Reading reading : readings) {
            if (reading instanceof InFixed fixed && !seen[fixed.bytes()[fixed.at()] & 0xFF]) {
                seen[fixed.bytes()[fixed.at()] & 0xFF] = true;
                count++;
            }
        }
        byte[] next = new byte[count];
        for (int b = 0, i = 0; b < 256; b++) {
            if (seen[b]) {
                next[i++] = (byte) b;
            }
        }
        return next;
    }

    /**
     * The state after one more byte.
     *
     * @param closing texts and lists end as soon as they can
     */
    TemplateState next(byte value, boolean closing) {
        List<Reading> next = new ArrayList<>(readings.size());
        for (Reading reading : readings) {
            switch (reading) {
                case InFixed fixed when fixed.bytes()[fixed.at()] == value -> {
                    if (fixed.at() + 1 < fixed.bytes().length) {
                        next.add(new InFixed(fixed.bytes(), fixed.at() + 1, fixed.rest(), fixed.decisions()));
                    } else {
                        enter(fixed.rest(), fixed.decisions(), closing, next);
                    }
                }
                case InText text -> {
                    long state = JsonTextState.next(text.state(), value, closing ? 0 : text.text().maxChars());
                    if (state == JsonTextState.CLOSED) {
                        enter(text.rest(), text.decisions(), closing, next);
                    } else if (state != JsonTextState.REFUSED) {
                        next.add(new InText(text.text(), state, text.rest(), text.decisions()));
                    }
                }
                default -> { }
            }
        }
        return next.isEmpty() ? DEAD : new TemplateState(next);
    }

    /** Whether nothing but the closing quote can come next. */
    boolean textMustEnd(boolean closing) {
        return readings.size() == 1 && readings.getFirst() instanceof InText text
                && JsonTextState.betweenCharacters(text.state())
                && (closing || JsonTextState.characters(text.state()) >= text.text().maxChars());
    }

    /**
     * Whether a token fits within a text. One that goes on behind the closing quote may do so with fixed ASCII text
     * only and may not pick a named option: those are for the model to choose among.
     */
    boolean textAccepts(byte[] token, boolean closing) {
        if (token.length == 0) {
            return false;
        }
        if (readings.size() == 1 && readings.getFirst() instanceof InText text) {
            long max = closing ? 0 : text.text().maxChars();
            long state = text.state();
            for (int i = 0; i < token.length; i++) {
                state = JsonTextState.next(state, token[i], max);
                if (state == JsonTextState.REFUSED) {
                    return false;
                }
                if (state == JsonTextState.CLOSED) {
                    return i + 1 == token.length || acceptsBehind(token, i + 1, text, closing);
                }
            }
            return true;
        }
        TemplateState state = this;
        for (byte b : token) {
            state = state.next(b, closing);
        }
        return !state.dead();
    }

    private static boolean acceptsBehind(byte[] token, int from, InText text, boolean closing) {
        List<Reading> readings = new ArrayList<>();
        enter(text.rest(), text.decisions(), closing, readings);
        TemplateState state = new TemplateState(readings);
        for (int i = from; i < token.length; i++) {
            if (token[i] < 0) {
                return false;
            }
            state = state.next(token[i], closing);
            if (state.dead() || state.inText()) {
                return false;
            }
        }
        for (Decision d = state.decided(); count(d) > count(text.decisions()); d = d.earlier()) {
            if (d.name() != null) {
                return false;
            }
        }
        return true;
    }

    private static void enter(Frame frame, Decision decisions, boolean closing, List<Reading> out) {
        Frame at = frame;
        while (at != null && at.index() == at.sequence().nodes.length) {
            at = at.parent();
        }
        if (at == null) {
            out.add(new AtEnd(decisions));
            return;
        }
        Frame rest = new Frame(at.sequence(), at.index() + 1, at.parent());
        switch (at.sequence().nodes[at.index()]) {
            case Fixed fixed -> enterBytes(fixed.bytes(), rest, decisions, closing, out);
            case Text text -> out.add(new InText(text, JsonTextState.START, rest, decisions));
            case Pick pick -> {
                for (Way way : pick.name() == null && closing ? pick.ways().subList(0, 1) : pick.ways()) {
                    Decision picked = new Decision(decisions, pick.name(), way.text(), count(decisions) + 1);
                    enterBytes(way.bytes(), new Frame(way.then(), 0, rest), picked, closing, out);
                }
            }
        }
    }

    private static void enterBytes(byte[] bytes, Frame rest, Decision decisions, boolean closing, List<Reading> out) {
        if (bytes.length == 0) {
            enter(rest, decisions, closing, out);
        } else {
            out.add(new InFixed(bytes, 0, rest, decisions));
        }
    }
}
