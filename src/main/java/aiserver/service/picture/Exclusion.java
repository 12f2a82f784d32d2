package aiserver.service.picture;

import aiserver.service.picture.CakeWord.Kind;
import aiserver.service.picture.PromptScanner.Item;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a customer does not want on the cake, taken out of an order: what stands before "빼고", what stands behind
 * "without". A picture model draws every word of its prompt, the unwanted ones too. A comma or a full stop ends it.
 *
 * @param things each as it was written, in order
 * @param rest   the order without them and without the words that excluded them
 */
record Exclusion(List<String> things, String rest) {
    private static final Pattern BREAK = Pattern.compile("[,.;!?]");
    private static final Pattern SMALL = Pattern.compile("an?|the|any|some|of|my|so|too|very|really|(too )?(much|many)"
            + "|좀|꼭|거|걸|것|정도|조금|많이|너무|그냥|전부|모두|개");
    private static final Pattern LINK = Pattern.compile("and|or|nor|그리고");
    /** Said between two things that are both meant; "and" may as well begin what is wanted. */
    private static final Pattern BOTH =
            Pattern.compile("이?랑|하고|와|과|이?나|도|및|또는|と|や|か|も|&|n?or\\b", Pattern.CASE_INSENSITIVE);
    private static final Pattern AND = Pattern.compile("and\\b|그리고", Pattern.CASE_INSENSITIVE);

    Exclusion {
        things = List.copyOf(things);
    }

    static Exclusion takenFrom(String text, PromptScanner scanner) {
        return new Reader(text, scanner.scan(text)).read();
    }

    private static final class Reader {
        private final String text;
        private final List<Item> items;
        private final List<String> things = new ArrayList<>();
        /** The first item that is not taken out yet. */
        private int next;

        Reader(String text, List<Item> items) {
            this.text = text;
            this.items = items;
        }

        Exclusion read() {
            StringBuilder rest = new StringBuilder();
            int kept = 0;
            for (int i = 0; i < items.size(); i++) {
                boolean before = items.get(i).is(Kind.WITHOUT_AFTER);
                if (i < next || !before && !items.get(i).is(Kind.WITHOUT_BEFORE)) {
                    continue;
                }
                int first = before ? firstBefore(i) : i;
                next = (before ? i : lastBehind(i)) + 1;
                // A full stop, for a comma would join what it sets apart; particles and verbs behind go, too.
                rest.append(text, kept, items.get(first).start()).append(" . ");
                kept = next < items.size() ? items.get(next).start() : text.length();
            }
            return new Exclusion(things, rest.append(text.substring(kept)).toString());
        }

        private int firstBefore(int marker) {
            int at = marker - 1;
            if (at >= next && items.get(at).is(Kind.CAKE) && beside(at, marker)) {
                return wholeCake(at);
            }
            while (at >= next && beside(at, at + 1) && steersBefore(items.get(at))) {
                at--;
            }
            int first = at + 1;
            boolean meant = at >= next && beside(at, first);
            int place = things.size();
            while (meant && isThing(items.get(at))) {
                first = phraseStart(at);
                things.add(place, text.substring(items.get(first).start(), items.get(at).end()));
                at = first - 1;
                while (at >= next && isLink(items.get(at))) {
                    at--;
                }
                meant = at >= next && both(at, first);
            }
            return first;
        }

        /** "초코 케이크 말고": all that this cake is called. */
        private int wholeCake(int cake) {
            int first = cake;
            int place = things.size();
            while (first > next && beside(first - 1, first) && isThing(items.get(first - 1))) {
                first--;
                things.add(place, items.get(first).text());
            }
            return first;
        }

        private int lastBehind(int marker) {
            int at = marker + 1;
            while (at < items.size() && beside(at - 1, at) && SMALL.matcher(folded(items.get(at))).matches()) {
                at++;
            }
            int last = at - 1;
            boolean meant = at < items.size() && beside(last, at);
            while (meant && isThing(items.get(at))) {
                last = phraseEnd(at);
                things.add(text.substring(items.get(at).start(), items.get(last).end()));
                at = last + 1;
                while (at < items.size() && isLink(items.get(at))) {
                    at++;
                }
                meant = at < items.size() && both(last, at);
            }
            return last;
        }

        private boolean beside(int left, int right) {
            return !BREAK.matcher(between(left, right)).find();
        }

        private boolean both(int left, int right) {
            String words = between(left, right).strip();
            return beside(left, right) && (BOTH.matcher(words).lookingAt()
                    || AND.matcher(words).lookingAt() && sort(items.get(left)) == sort(items.get(right)));
        }

        /** Unknown words side by side are one thing, and so are a topping and its colour. */
        private int phraseStart(int end) {
            int first = end;
            while (first > next && samePhrase(first - 1, first)) {
                first--;
            }
            return first;
        }

        private int phraseEnd(int start) {
            int last = start;
            while (last + 1 < items.size() && samePhrase(last, last + 1)) {
                last++;
            }
            return last;
        }

        private boolean samePhrase(int left, int right) {
            Item one = items.get(left);
            Item other = items.get(right);
            return between(left, right).equals(" ") && (!one.known() && !other.known()
                    || one.is(Kind.COLOUR) && other.known() && other.meanings().stream().allMatch(m -> m.kind() == Kind.TOPPING));
        }

        private String between(int left, int right) {
            return text.substring(items.get(left).end(), items.get(right).start());
        }
    }

    /** Whether an item can be left out: it is seen, and it is not the cake itself. */
    private static boolean isThing(Item item) {
        if (!item.known()) {
            return true;
        }
        CakeWord word = item.meanings().get(0);
        return switch (word.kind()) {
            case CAKE, NUMBER -> false;
            case WRITING, TOPPING_AFTER -> true;
            default -> !word.caption().isEmpty();
        };
    }

    /** Whether a word may stand between a thing and the word behind it that excludes it: "딸기 올린 거 빼고". */
    private static boolean steersBefore(Item item) {
        return item.is(Kind.NUMBER) || item.is(Kind.TOPPING_AFTER) || SMALL.matcher(folded(item)).matches();
    }

    private static boolean isLink(Item item) {
        return LINK.matcher(folded(item)).matches() || SMALL.matcher(folded(item)).matches();
    }

    /** What can be eaten is of one sort. */
    private static Kind sort(Item item) {
        return !item.known() || item.is(Kind.FLAVOUR) || item.is(Kind.TOPPING) ? Kind.TOPPING : item.meanings().get(0).kind();
    }

    private static String folded(Item item) {
        return PromptText.folded(item.text());
    }
}
