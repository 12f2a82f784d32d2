package aiserver.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Sequences that hold nothing but fixed beginnings of prompts: the system messages that were asked for.
 * No answer is written on them, so they are always there to be shared. Owned by {@link BatchLoop}, on the engine's
 * thread.
 */
final class KeptPrefixes {
    /** One for each language that prompts are written in, for orders and for recommendations; cells are those of {@code most}. */
    static final int SEQUENCES = 6;
    /** Shorter beginnings are computed faster than they are looked after. */
    static final int WORTH_KEEPING = 64;

    private final LlamaContext context;
    private final PrefixStore store;
    private final List<Slot> slots = new ArrayList<>();
    private final int most;

    /**
     * @param first the first of {@value #SEQUENCES} sequences
     * @param most  tokens that may be kept in all
     * @param store null: nothing is kept on disk
     */
    KeptPrefixes(LlamaContext context, int first, int most, PrefixStore store) {
        this.context = context;
        this.store = store;
        this.most = most;
        for (int i = 0; i < SEQUENCES; i++) {
            slots.add(new Slot(first + i));
        }
    }

    List<Slot> slots() {
        return slots;
    }

    /** Whether a beginning is worth it and not kept yet, nor to be had from disk; what is had from disk is kept from then on. */
    boolean wants(int[] prompt, int length, long turn) {
        if (length < WORTH_KEEPING || length > most || length >= prompt.length) {
            return false;
        }
        if (holds(prompt, length, turn)) {
            return false;
        }
        if (store == null) {
            return true;
        }
        int[] tokens = Arrays.copyOf(prompt, length);
        Slot slot = emptied(length, turn);
        if (!store.load(context, slot.sequence, tokens)) {
            return true;
        }
        slot.held.addAll(tokens);
        return false;
    }

    /** Whether a beginning is kept; one that was asked for is given up later than others. */
    boolean holds(int[] prompt, int length, long turn) {
        for (Slot slot : slots) {
            if (slot.held.size() == length && slot.held.commonPrefix(prompt, 0, prompt.length) == length) {
                slot.lastUse = turn;
                return true;
            }
        }
        return false;
    }

    /** Keeps the first tokens of a sequence that holds them. */
    void keep(Slot from, int[] tokens, long turn) {
        Slot slot = emptied(tokens.length, turn);
        context.share(from.sequence, slot.sequence, tokens.length);
        slot.held.addAll(tokens);
        if (store != null) {
            store.save(context, slot.sequence, tokens);
        }
    }

    private Slot emptied(int length, long turn) {
        List<Slot> byUse = slots.stream().sorted(Comparator.comparing((Slot s) -> s.held.size() > 0)
                .thenComparingLong(s -> s.lastUse)).toList();
        int kept = slots.stream().mapToInt(s -> s.held.size()).sum();
        Slot slot = byUse.getFirst();
        kept -= slot.held.size();
        empty(slot);
        for (Slot other : byUse.stream().filter(s -> s.held.size() > 0).toList()) {
            if (kept + length > most) {
                kept -= other.held.size();
                empty(other);
            }
        }
        slot.lastUse = turn;
        return slot;
    }

    private void empty(Slot slot) {
        context.truncate(slot.sequence, 0);
        slot.held.truncate(0);
    }
}
