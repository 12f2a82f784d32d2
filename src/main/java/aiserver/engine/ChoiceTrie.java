package aiserver.engine;

import aiserver.engine.TemplateState.Decision;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * The ways that a template leaves open at one place, as a tree of tokens. Each leaf is a stretch of text that begins
 * with the punctuation before the place and ends where a word begins after punctuation, or else behind a word, so that
 * its tokens are those that the model knows from whole texts: {@code ":null,"} against {@code ":"}, {@code order","}
 * against {@code other","}. Immutable.
 */
final class ChoiceTrie {
    /** The end of one way. */
    record Leaf(byte[] text, TemplateState state) {
    }

    private static final int LEAF_DECISIONS = 2;
    // More ways than this and the further ones end as soon as they have decided enough, however their tokens fall: lists of
    // names that are each other's beginnings, such as "!", "!!" and "!!!", would be written out whole otherwise.
    private static final int MANY_LEAVES = 512;

    private final List<Leaf> leaves = new ArrayList<>();
    private final List<int[]> tokens = new ArrayList<>();
    private final int decisionsBefore;
    private final boolean closing;

    private ChoiceTrie(TemplateState state, boolean closing) {
        this.decisionsBefore = state.fewestDecisions();
        this.closing = closing;
    }

    /**
     * @param tail     fixed text before the place that is not yet a token
     * @param state    open, within fixed text in every reading
     * @param tokenize the ids of a text
     */
    static Node of(byte[] tail, TemplateState state, boolean closing, Function<String, int[]> tokenize) {
        ChoiceTrie trie = new ChoiceTrie(state, closing);
        trie.grow(tail, tail.length, state, false);
        for (Leaf leaf : trie.leaves) {
            trie.tokens.add(tokenize.apply(new String(leaf.text(), StandardCharsets.UTF_8)));
        }
        int[] all = new int[trie.leaves.size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = i;
        }
        return trie.node(all, 0);
    }

    private void grow(byte[] buffer, int length, TemplateState state, boolean branched) {
        byte[] text = buffer;
        int size = length;
        TemplateState at = state;
        while (true) {
            byte[] next = at.nextFixed();
            boolean decidedEnough = at.fewestDecisions() - decisionsBefore >= LEAF_DECISIONS;
            boolean ends = decidedEnough && (ends(text, size, next, at) || leaves.size() >= MANY_LEAVES && characterBegins(next));
            if (at.inText() || next.length == 0 || branched && (ends || wordBegins(text, size, next))) {
                leaves.add(new Leaf(Arrays.copyOf(text, size), at));
                return;
            }
            if (next.length > 1) {
                for (byte b : next) {
                    grow(appended(text, size, b), size + 1, at.next(b, closing), true);
                }
                return;
            }
            text = appended(text, size, next[0]);
            size++;
            at = at.next(next[0], closing);
        }
    }

    // Behind a word, and behind punctuation where but one way is left; never within a word or between it and its blank.
    private static boolean ends(byte[] text, int size, byte[] next, TemplateState at) {
        boolean punctuation = punctuation(text[size - 1]);
        return (punctuation || !word(next)) && (!at.open() || word(text[size - 1]));
    }

    // A word after two or more of punctuation: there the tokens of one side never reach over to the other.
    private static boolean wordBegins(byte[] text, int size, byte[] next) {
        if (size < 2 || !punctuation(text[size - 1]) || !punctuation(text[size - 2])) {
            return false;
        }
        return word(next);
    }

    private static boolean characterBegins(byte[] next) {
        for (byte b : next) {
            if ((b & 0xC0) == 0x80) {
                return false;
            }
        }
        return true;
    }

    private static boolean word(byte[] any) {
        for (byte b : any) {
            if (word(b)) {
                return true;
            }
        }
        return false;
    }

    static boolean punctuation(byte b) {
        return b > ' ' && b < 0x7F && !word(b);
    }

    private static boolean word(byte b) {
        return b < 0 || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z';
    }

    private static byte[] appended(byte[] text, int size, byte b) {
        byte[] longer = size < text.length ? text.clone() : Arrays.copyOf(text, size + 16);
        longer[size] = b;
        return longer;
    }

    /**
     * A place in the tree.
     *
     * @param ids    the tokens that may come, each once
     * @param next   the place after each
     * @param leaf   set where a way ends here; then there are no tokens
     * @param leaves all below
     */
    record Node(int[] ids, Node[] next, Leaf leaf, List<Leaf> leaves) {
        /** Whether every way below has taken this decision. */
        boolean allTake(Decision decision) {
            for (Leaf below : leaves) {
                Decision d = below.state().decided();
                while (TemplateState.count(d) > decision.count()) {
                    d = d.earlier();
                }
                if (d != decision && !same(d, decision)) {
                    return false;
                }
            }
            return true;
        }

        private static boolean same(Decision a, Decision b) {
            return a != null && b != null && a.count() == b.count() && Objects.equals(a.name(), b.name())
                    && a.option().equals(b.option());
        }
    }

    private Node node(int[] which, int depth) {
        List<Leaf> below = new ArrayList<>();
        List<Integer> ids = new ArrayList<>();
        List<List<Integer>> groups = new ArrayList<>();
        Leaf ended = null;
        for (int i : which) {
            below.add(leaves.get(i));
            int[] path = tokens.get(i);
            if (path.length == depth) {
                ended = leaves.get(i);
                continue;
            }
            int at = ids.indexOf(path[depth]);
            if (at < 0) {
                ids.add(path[depth]);
                groups.add(new ArrayList<>());
                at = ids.size() - 1;
            }
            groups.get(at).add(i);
        }
        if (ended != null && which.length > 1) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "the model's tokens do not tell the options of a "
                    + "template apart: " + new String(ended.text(), StandardCharsets.UTF_8));
        }
        Node[] next = new Node[ids.size()];
        for (int i = 0; i < next.length; i++) {
            next[i] = node(groups.get(i).stream().mapToInt(Integer::intValue).toArray(), depth + 1);
        }
        return new Node(ids.stream().mapToInt(Integer::intValue).toArray(), next, ended, List.copyOf(below));
    }
}
