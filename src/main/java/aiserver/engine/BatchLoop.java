package aiserver.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * Continuous batching: every turn computes one batch from all answers in hand, a token or a forced stretch for those
 * that are being written, a part of the prompt for those that are new, and lets each choose what comes next. A new
 * answer goes to the sequence that holds most of its prompt, or shares the beginning that another holds or is just
 * computing. Made with a loaded model by {@link LlamaEngine}, run on the engine's thread only.
 */
final class BatchLoop implements AutoCloseable {
    // Shorter common beginnings are not worth giving up another prompt's state, or waiting for.
    private static final int WORTH_SHARING = 16;

    // While answers are being written a batch takes no more of new prompts than this, so that they do not stand still.
    private static final int PROMPT_BESIDE_WRITING = 128;

    /** A stretch of a batch that belongs to one answer; {@code logits} -1 where nothing is chosen after it. */
    private record Piece(Slot slot, int tokens, int logits) {
    }

    private final LlamaModel model;
    private final LlamaContext context;
    private final List<Slot> slots = new ArrayList<>();
    private final KeptPrefixes kept;
    private final Deque<PendingAnswer> waiting = new ArrayDeque<>();
    private long turn;

    /** Takes the model over: closing the loop closes it. */
    BatchLoop(LlamaModel model, LlamaSettings settings) {
        this.model = model;
        int contextTokens = Math.min(settings.contextTokens(), model.trainedContext());
        int keptTokens = contextTokens / 2;
        this.context = new LlamaContext(model, settings, settings.sequences() + KeptPrefixes.SEQUENCES,
                cells(settings, contextTokens), this::allCancelled);
        this.kept = new KeptPrefixes(context, settings.sequences(), keptTokens, PrefixStore.open(settings, context));
        for (int i = 0; i < settings.sequences(); i++) {
            slots.add(new Slot(i));
        }
    }

    /** Tokens that the KV cache holds: every sequence at its longest, and the kept beginnings. */
    static int cells(LlamaSettings settings, int contextTokens) {
        return contextTokens * settings.sequences() + contextTokens / 2;
    }

    LlamaModel model() {
        return model;
    }

    int contextTokens() {
        return context.contextTokens();
    }

    void add(PendingAnswer answer) {
        waiting.add(answer);
    }

    /** Nothing is in hand and nothing waits. */
    boolean idle() {
        return waiting.isEmpty() && slots.stream().allMatch(Slot::idle);
    }

    /** Fails whatever is in hand or waits. */
    void failAll(EngineException failure) {
        waiting.forEach(answer -> answer.fail(failure));
        waiting.clear();
        for (Slot slot : slots) {
            if (!slot.idle()) {
                slot.answer.fail(failure);
                slot.finish();
            }
        }
    }

    /**
     * One turn.
     *
     * @throws EngineException where the context is not to be trusted any more; what was in hand has failed with it
     */
    void turn() {
        turn++;
        dropCancelled();
        lendPrefixes();
        admit();
        lendPrefixes();
        List<Piece> pieces = fill();
        if (pieces.isEmpty()) {
            return;
        }
        switch (context.decode(wanted(pieces))) {
            case DONE -> {
                // state first, for all: an answer that fails must not leave others' tokens unaccounted for
                pieces.forEach(this::account);
                pieces.forEach(this::choose);
            }
            case ABORTED -> pieces.forEach(piece -> context.truncate(piece.slot().sequence, piece.slot().held.size()));
            // the context is made with room for all sequences at their longest
            case NO_ROOM -> throw new EngineException(EngineException.Kind.ENGINE_FAILED, "the context has lost room: no place for "
                    + context.size() + " tokens");
        }
    }

    private void dropCancelled() {
        waiting.removeIf(answer -> {
            if (answer.cancelled()) {
                answer.fail(cancelled());
            }
            return answer.done();
        });
        for (Slot slot : slots) {
            if (!slot.idle() && slot.answer.cancelled()) {
                slot.answer.fail(cancelled());
            }
            if (!slot.idle() && slot.answer.done()) {
                slot.finish();
            }
        }
    }

    private static EngineException cancelled() {
        return new EngineException(EngineException.Kind.CANCELLED, "the answer was cancelled");
    }

    private boolean allCancelled() {
        for (Slot slot : slots) {
            if (!slot.idle() && !slot.answer.cancelled()) {
                return false;
            }
        }
        return true;
    }

    private void admit() {
        while (!waiting.isEmpty() && slots.stream().anyMatch(Slot::idle)) {
            PendingAnswer answer = waiting.remove();
            boolean placing = false;
            try {
                int[] feed = answer.begin(model, context.contextTokens());
                if (!answer.done()) {
                    placing = true;
                    place(answer, feed);
                }
            } catch (RuntimeException | Error e) {
                // It is neither waiting nor in a slot, where a failure of all would find it.
                answer.fail(e);
                if (placing || e instanceof Error) {
                    throw e;
                }
            }
        }
    }

    private void place(PendingAnswer answer, int[] feed) {
        Slot slot = slots.stream().filter(Slot::idle).max(Comparator.comparingInt((Slot s) -> worth(s.shares(feed)))
                .thenComparing(s -> s.held.size() == 0).thenComparing(s -> -s.lastUse)).orElseThrow();
        if (kept.wants(feed, answer.fixed(), turn)) {
            slot.toKeep = answer.fixed();
        }
        int own = slot.shares(feed);
        slot.answer = answer;
        slot.feed = feed;
        slot.lastUse = turn;
        Slot lender = Stream.concat(slots.stream(), kept.slots().stream()).filter(s -> s != slot)
                .max(Comparator.comparingInt(s -> s.willShare(feed))).orElseThrow();
        if (lender.willShare(feed) >= own + WORTH_SHARING) {
            slot.lender = lender;
            slot.borrowed = lender.willShare(feed);
            forget(slot, 0);
            return;
        }
        forget(slot, own);
        slot.fed = own;
        answer.cached(own);
    }

    private static int worth(int shared) {
        return shared < WORTH_SHARING ? 0 : shared;
    }

    // A beginning is shared as soon as its lender holds it; a lender that ended early lends what it has.
    private void lendPrefixes() {
        for (Slot slot : slots) {
            if (slot.idle() || slot.lender == null) {
                continue;
            }
            Slot lender = slot.lender;
            int held = lender.shares(slot.feed);
            if (held < slot.borrowed && !lender.idle() && lender.left() > 0) {
                continue;
            }
            int shared = Math.min(held, slot.borrowed);
            if (shared > 0) {
                context.share(lender.sequence, slot.sequence, shared);
                for (int i = 0; i < shared; i++) {
                    slot.held.add(slot.feed[i]);
                }
            }
            slot.fed = shared;
            slot.answer.cached(shared);
            slot.lender = null;
        }
    }

    // Answers in the middle of writing first: they do not wait for others' prompts.
    private List<Piece> fill() {
        context.clearBatch();
        List<Slot> active = new ArrayList<>(slots.stream().filter(s -> !s.idle() && s.lender == null).toList());
        active.sort(Comparator.comparing((Slot s) -> !s.writing).thenComparingInt(Slot::left));
        int promptRoom = active.stream().anyMatch(s -> s.writing) ? PROMPT_BESIDE_WRITING : Integer.MAX_VALUE;
        List<Piece> pieces = new ArrayList<>();
        for (Slot slot : active) {
            int count = Math.min(slot.left(), context.room());
            if (!slot.writing) {
                count = Math.min(count, promptRoom);
                promptRoom -= count;
            }
            int logits = -1;
            for (int i = 0; i < count; i++) {
                boolean last = slot.fed + i == slot.feed.length - 1;
                int index = context.add(slot.feed[slot.fed + i], slot.held.size() + i, slot.sequence, last);
                logits = last ? index : -1;
            }
            if (count > 0) {
                pieces.add(new Piece(slot, count, logits));
            }
        }
        return pieces;
    }

    private static AnswerDecoder.Wanted wanted(List<Piece> pieces) {
        return pieces.stream().filter(piece -> piece.logits() >= 0).map(piece -> piece.slot().answer.wanted())
                .reduce(AnswerDecoder.Wanted.NOTHING, AnswerDecoder.Wanted::and);
    }

    private void account(Piece piece) {
        Slot slot = piece.slot();
        for (int i = 0; i < piece.tokens(); i++) {
            slot.held.add(slot.feed[slot.fed++]);
        }
        if (slot.toKeep > 0 && slot.held.size() >= slot.toKeep) {
            int[] held = slot.held.toArray();
            // another answer may have brought the same beginning in the meantime
            if (!kept.holds(held, slot.toKeep, turn)) {
                kept.keep(slot, Arrays.copyOf(held, slot.toKeep), turn);
            }
            slot.toKeep = 0;
        }
    }

    private void choose(Piece piece) {
        Slot slot = piece.slot();
        try {
            if (piece.logits() < 0) {
                slot.answer.computed(slot.held.size());
                return;
            }
            int[] next = slot.answer.next(context.logits(piece.logits()));
            if (slot.answer.done()) {
                slot.finish();
            } else {
                slot.feed = next;
                slot.fed = 0;
                slot.writing = true;
            }
        } catch (EngineException e) {
            if (Guard.caught()) {
                throw e;
            }
            slot.answer.fail(e);
            slot.finish();
        } catch (RuntimeException e) {
            slot.answer.fail(e);
            slot.finish();
        }
    }

    private void forget(Slot slot, int from) {
        context.truncate(slot.sequence, from);
        slot.held.truncate(from);
    }

    @Override
    public void close() {
        context.close();
        model.close();
    }
}
