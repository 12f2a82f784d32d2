package aiserver.engine;

import aiserver.engine.ChoiceTrie.Node;
import aiserver.engine.TemplateState.Decision;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Follows a template: fixed text goes out without asking the model, options are chosen among themselves by likelihood,
 * texts are sampled and checked byte by byte. When the limit comes near, texts and lists close, so that the answer is
 * always whole. Used by the engine's thread.
 */
final class TemplateDecoder implements AnswerDecoder {
    private final Vocabulary vocabulary;
    private final Function<String, int[]> tokenize;
    private final TokenSampler sampler;
    private final int maxTokens;
    private final int largestItem;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final Map<String, Generation.Chosen> choices = new HashMap<>();

    private TemplateState state;
    private boolean closing;
    private int written;
    private List<Integer> step = new ArrayList<>();

    // within a choice: the place in its tree, the moves that led there, the probability of what is not yet decided
    private Node node;
    private final List<Move> moves = new ArrayList<>();
    private double undecided = 1;

    private record Move(Node from, int taken, double[] probabilities) {
    }

    /**
     * @param tokenize the ids of a text of the template; may remember them
     * @throws EngineException INVALID_INPUT for a limit within which the template cannot be closed
     */
    TemplateDecoder(AnswerForm.Template template, Vocabulary vocabulary, Function<String, int[]> tokenize,
                    Sampling sampling, int maxTokens) {
        this.vocabulary = vocabulary;
        this.tokenize = tokenize;
        this.sampler = new TokenSampler(sampling);
        this.maxTokens = maxTokens;
        TemplateNode.Compiler compiler = new TemplateNode.Compiler(piece -> tokenize.apply(piece).length);
        TemplateNode.Sequence sequence = compiler.sequence(template.parts());
        this.largestItem = compiler.largestItem();
        int least = sequence.closingCost(0) + 1;
        if (least > maxTokens) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT,
                    "maxTokens " + maxTokens + " cannot hold the answer's form, which may need " + least);
        }
        this.closing = least + largestItem + 5 > maxTokens;
        this.state = TemplateState.start(sequence, closing);
    }

    @Override
    public Step start() {
        return advanced();
    }

    @Override
    public Wanted wanted() {
        return node == null ? sampler.wanted() : new Wanted(0, node.ids());
    }

    @Override
    public Step next(MemorySegment logits) {
        if (node != null) {
            choose(logits);
        } else {
            int token = sampler.sample(logits, id -> state.textAccepts(vocabulary.bytes(id), closing));
            step.add(token);
            write(vocabulary.bytes(token));
        }
        return advanced();
    }

    @Override
    public String text() {
        return text.toString(StandardCharsets.UTF_8);
    }

    @Override
    public Map<String, Generation.Chosen> choices() {
        return choices;
    }

    @Override
    public boolean finished() {
        return state.complete();
    }

    // Everything up to the next place where the model has a say.
    private Step advanced() {
        while (node == null) {
            closing = closing || written + step.size() + state.closingCost() + largestItem + 5 > maxTokens;
            ByteArrayOutputStream fixed = new ByteArrayOutputStream();
            while (!state.open() && !state.complete() && (!state.inText() || state.textMustEnd(closing))) {
                byte b = state.inText() ? (byte) '"' : state.nextFixed()[0];
                fixed.write(b);
                state = state.next(b, closing);
            }
            byte[] bytes = fixed.toByteArray();
            int tail = state.open() && !state.inText() ? punctuationAtEnd(bytes) : 0;
            emit(Arrays.copyOf(bytes, bytes.length - tail));
            if (state.complete()) {
                return step(true);
            }
            if (state.inText()) {
                return step(false);
            }
            node = ChoiceTrie.of(Arrays.copyOfRange(bytes, bytes.length - tail, bytes.length), state, closing, tokenize);
            follow();
        }
        return step(false);
    }

    private Step step(boolean last) {
        int[] tokens = step.stream().mapToInt(Integer::intValue).toArray();
        written += tokens.length;
        step = new ArrayList<>();
        return new Step(tokens, last);
    }

    private void emit(byte[] bytes) {
        if (bytes.length > 0) {
            for (int id : tokenize.apply(new String(bytes, StandardCharsets.UTF_8))) {
                step.add(id);
            }
            text.writeBytes(bytes);
        }
    }

    private void write(byte[] bytes) {
        for (byte b : bytes) {
            state = state.next(b, closing);
        }
        text.writeBytes(bytes);
    }

    private void choose(MemorySegment logits) {
        double[] probabilities = probabilities(logits, node.ids());
        int best = 0;
        for (int i = 1; i < probabilities.length; i++) {
            if (probabilities[i] > probabilities[best]) {
                best = i;
            }
        }
        moves.add(new Move(node, best, probabilities));
        step.add(node.ids()[best]);
        node = node.next()[best];
        follow();
    }

    // Along the tree where there is but one way, and out of it at a leaf.
    private void follow() {
        while (node.leaf() == null && node.ids().length == 1) {
            step.add(node.ids()[0]);
            node = node.next()[0];
        }
        if (node.leaf() != null) {
            Decision before = state.decided();
            state = node.leaf().state();
            text.writeBytes(node.leaf().text());
            settle(before);
            node = null;
        }
    }

    // The probability of what was decided on the way: at each fork, all the ways that decide the same.
    private void settle(Decision before) {
        List<Decision> made = new ArrayList<>();
        for (Decision d = state.decided(); TemplateState.count(d) > TemplateState.count(before); d = d.earlier()) {
            made.addFirst(d);
        }
        int from = 0;
        for (Decision decision : made) {
            double probability = undecided;
            int last = from;
            for (int i = from; i < moves.size(); i++) {
                Move move = moves.get(i);
                double same = 0;
                for (int way = 0; way < move.probabilities().length; way++) {
                    if (way == move.taken() || move.from().next()[way].allTake(decision)) {
                        same += move.probabilities()[way];
                    }
                }
                probability *= same;
                if (!move.from().allTake(decision)) {
                    last = i + 1;
                }
            }
            if (decision.name() != null) {
                choices.put(decision.name(), new Generation.Chosen(decision.option(), Math.min(1, probability)));
            }
            undecided = 1;
            from = last;
        }
        for (int i = from; i < moves.size(); i++) {
            undecided *= moves.get(i).probabilities()[moves.get(i).taken()];
        }
        moves.clear();
    }

    private static double[] probabilities(MemorySegment logits, int[] ids) {
        double[] p = new double[ids.length];
        double max = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < p.length; i++) {
            p[i] = logits.getAtIndex(ValueLayout.JAVA_FLOAT, ids[i]);
            p[i] = Double.isNaN(p[i]) ? Double.NEGATIVE_INFINITY : p[i];
            max = Math.max(max, p[i]);
        }
        double total = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = max == Double.NEGATIVE_INFINITY ? 1 : Math.exp(p[i] - max);
            total += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= total;
        }
        return p;
    }

    private static int punctuationAtEnd(byte[] bytes) {
        int count = 0;
        while (count < bytes.length && ChoiceTrie.punctuation(bytes[bytes.length - 1 - count])) {
            count++;
        }
        return count;
    }
}
