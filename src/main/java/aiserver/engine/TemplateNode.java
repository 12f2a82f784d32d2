package aiserver.engine;

import aiserver.engine.AnswerForm.Choice;
import aiserver.engine.AnswerForm.JsonText;
import aiserver.engine.AnswerForm.Literal;
import aiserver.engine.AnswerForm.Option;
import aiserver.engine.AnswerForm.Part;
import aiserver.engine.AnswerForm.Repeat;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * A template ready to be followed: fixed bytes, picks and texts. Each carries an upper bound of the tokens that it
 * takes when every text and list ends as soon as it can, so that an answer can always be closed within a limit.
 */
sealed interface TemplateNode {
    /** Most tokens that this takes when it is cut as short as it can be. */
    int closingCost();

    record Fixed(byte[] bytes, int closingCost) implements TemplateNode {
    }

    record Text(String name, int maxChars) implements TemplateNode {
        @Override
        public int closingCost() {
            return 2;
        }
    }

    /**
     * One of several ways on.
     *
     * @param name null for the ends of a list: its first way closes it
     */
    record Pick(String name, List<Way> ways, int closingCost) implements TemplateNode {
    }

    /** @param then never null, may be empty */
    record Way(String text, byte[] bytes, Sequence then) {
        Way(String text, Sequence then) {
            this(text, text.getBytes(StandardCharsets.UTF_8), then);
        }
    }

    /** Nodes in a row, and for each place in it what closing from there on costs. */
    final class Sequence {
        final TemplateNode[] nodes;
        private final int[] costFrom;

        Sequence(List<TemplateNode> nodes) {
            this.nodes = nodes.toArray(TemplateNode[]::new);
            this.costFrom = new int[this.nodes.length + 1];
            for (int i = this.nodes.length - 1; i >= 0; i--) {
                costFrom[i] = costFrom[i + 1] + this.nodes[i].closingCost();
            }
        }

        int closingCost(int from) {
            return costFrom[from];
        }
    }

    /** Makes nodes of parts; parts that are shared stay shared. */
    final class Compiler {
        private final ToIntFunction<String> tokens;
        private final Map<List<Part>, Sequence> made = new IdentityHashMap<>();
        private int largestItem;

        /** @param tokens how many tokens a text takes */
        Compiler(ToIntFunction<String> tokens) {
            this.tokens = tokens;
        }

        /** The most that one more item adds to the cost of closing any of the lists. */
        int largestItem() {
            return largestItem;
        }

        /** @throws EngineException INVALID_INPUT for a choice with an empty option or one option twice */
        Sequence sequence(List<Part> parts) {
            Sequence sequence = made.get(parts);
            if (sequence == null) {
                sequence = new Sequence(parts.stream().map(this::node).toList());
                made.put(parts, sequence);
            }
            return sequence;
        }

        private TemplateNode node(Part part) {
            return switch (part) {
                case Literal literal -> fixed(literal.text());
                case JsonText text -> new Text(text.name(), text.maxChars());
                case Choice choice -> pick(choice);
                case Repeat repeat -> list(repeat);
            };
        }

        private TemplateNode fixed(String text) {
            return new Fixed(text.getBytes(StandardCharsets.UTF_8), cost(text));
        }

        private TemplateNode pick(Choice choice) {
            List<Way> ways = new ArrayList<>();
            Set<String> texts = new HashSet<>();
            int cost = 0;
            for (Option option : choice.options()) {
                if (option.text().isEmpty() || !texts.add(option.text())) {
                    throw new EngineException(EngineException.Kind.INVALID_INPUT, "choice " + choice.name()
                            + (option.text().isEmpty() ? " has an empty option" : " has an option twice: " + option.text()));
                }
                Sequence then = sequence(option.then());
                ways.add(new Way(option.text(), then));
                cost = Math.max(cost, cost(option.text()) + then.closingCost(0));
            }
            return new Pick(choice.name(), ways, cost);
        }

        // "]" or the first item and then, from inside out: "]" or a comma, an item and the tail of a shorter list.
        private TemplateNode list(Repeat repeat) {
            Sequence item = sequence(repeat.item());
            largestItem = Math.max(largestItem, item.closingCost(0) + cost(","));
            Way end = new Way("]", new Sequence(List.of()));
            TemplateNode tail = new Fixed(end.bytes(), cost("]"));
            for (int left = repeat.max() - 1; left > 0; left--) {
                tail = new Pick(null, List.of(end, new Way(",", followed(item, tail))), cost("]"));
            }
            return new Pick(null, List.of(end, new Way("", followed(item, tail))), cost("]"));
        }

        private static Sequence followed(Sequence item, TemplateNode tail) {
            List<TemplateNode> nodes = new ArrayList<>(List.of(item.nodes));
            nodes.add(tail);
            return new Sequence(nodes);
        }

        // One more than the text takes alone: its borders may split differently next to others.
        private int cost(String text) {
            return tokens.applyAsInt(text) + 1;
        }
    }
}
