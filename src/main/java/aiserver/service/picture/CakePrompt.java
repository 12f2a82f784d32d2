package aiserver.service.picture;

import aiserver.job.JobScope;
import aiserver.service.WordTranslator;
import aiserver.service.picture.CakeWord.Kind;
import aiserver.service.picture.PromptScanner.Item;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes the English prompt for an order that has no unsafe words any more: order words in a fixed sequence around
 * "cake", as the project's own picture model was trained, then what the lexicon puts behind every prompt. What the
 * order excludes is for the negative prompt. Words that the lexicon does not know are translated. Stateless; runs on
 * the thread of the picture job.
 */
final class CakePrompt {
    private static final int MOST_TRANSLATIONS = 6;
    private static final int LONGEST_TRANSLATION = 60;
    private static final Pattern CONNECTIVE = Pattern.compile("와|과|랑|하고|,|&|と|や|\\band\\b");
    private static final Pattern FROSTING = Pattern.compile("frosting|icing|colou?r(ed)?|색|색깔|컬러|톤|크림|색상");

    private final CakeLexicon lexicon;
    private final PromptScanner scanner;
    private final WordTranslator translator;
    private final UnsafeWords unsafe;

    CakePrompt(CakeLexicon lexicon, PromptScanner scanner, WordTranslator translator, UnsafeWords unsafe) {
        this.lexicon = lexicon;
        this.scanner = scanner;
        this.translator = translator;
        this.unsafe = unsafe;
    }

    /**
     * @param order     the part that the order made, without an end
     * @param end       what follows every order
     * @param unwanted  for the negative prompt: what the order excludes and does not ask for elsewhere
     * @param anySubject false where nothing in the order says what to draw, not even "cake"
     * @param filtered  unsafe words that a translation brought and that were taken out
     */
    record Draft(String order, String end, List<String> unwanted, boolean anySubject, List<String> filtered) {
    }

    /**
     * @param text  normalised and screened
     * @param scope the job, whose cancelling ends a translation
     */
    Draft write(String text, JobScope scope) {
        Lettering lettering = Lettering.takenFrom(text, scanner);
        Exclusion exclusion = Exclusion.takenFrom(lettering.rest(), scanner);
        String wanted = exclusion.rest();
        List<Item> items = scanner.scan(wanted);
        boolean[] topping = toppings(items, wanted);
        Translations translations = new Translations(scope);
        Parts parts = new Parts();
        boolean subject = !lettering.words().isEmpty();
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            Item next = i + 1 < items.size() ? items.get(i + 1) : null;
            boolean ofNext = next != null && (next.is(Kind.CANDLE) || topping[i + 1]); // of a thing on the cake, not the cake's
            subject |= !item.known() || item.meanings().stream().anyMatch(meaning -> isSubject(meaning.kind()));
            if (!item.known()) {
                int last = endOfPhrase(items, i, wanted);
                parts.detail(translated(wanted.substring(item.start(), items.get(last).end()), parts, translations));
                i = last;
            } else if (topping[i]) {
                parts.topping(item.as(Kind.TOPPING).caption());
            } else if (item.is(Kind.SIZE) && ofNext) {
                continue; // what is on the cake has none
            } else if (item.is(Kind.COLOUR) && (!item.is(Kind.FLAVOUR) || saysColour(item, next))) {
                if (ofNext) {
                    parts.pendingColour = item.as(Kind.COLOUR).caption();
                } else {
                    parts.colours.add(item.as(Kind.COLOUR).caption());
                }
            } else if (item.is(Kind.CANDLE)) {
                parts.candles(countBeside(items, i));
            } else {
                parts.add(item.meanings().get(0));
            }
        }
        lettering.words().forEach(words -> parts.details.add("\"" + words + "\" lettering"));
        String order = parts.sentence(lexicon.promptStart());
        List<String> unwanted = exclusion.things().stream().map(thing -> String.join(" ", said(thing, translations)))
                .filter(thing -> !thing.isBlank() && !names(order, thing)).distinct().toList();
        return new Draft(order, lexicon.promptEnd(), unwanted, subject, parts.filtered);
    }

    private static boolean names(String order, String thing) {
        return Pattern.compile("\\b" + Pattern.quote(thing) + "(e?s)?\\b").matcher(order).find();
    }

    /** What must not be seen, in plain English; empty where nothing of it can be said so. */
    String negative(String text, JobScope scope) {
        if (isLatin(text)) {
            return PromptText.ascii(text);
        }
        Translations translations = new Translations(scope);
        Set<String> words = new LinkedHashSet<>();
        for (String part : text.split(",")) {
            words.addAll(said(part, translations));
        }
        return String.join(", ", words);
    }

    /** The words of a text in English, for naming them alone. */
    private List<String> said(String text, Translations translations) {
        Stream<String> words = isLatin(text) ? Stream.of(PromptText.ascii(text))
                : scanner.scan(text).stream().map(item -> item.known() ? said(item) : translations.english(item.text()));
        return words.filter(word -> !word.isEmpty()).toList();
    }

    private static String said(Item item) {
        CakeWord word = item.meanings().get(0);
        if (!word.caption().isEmpty()) {
            return word.caption();
        }
        return switch (word.kind()) {
            case WRITING -> "text";
            case WITHOUT_AFTER, WITHOUT_BEFORE -> "";
            default -> PromptText.ascii(item.text()); // nothing of a Korean or Japanese word
        };
    }

    /** Which items are toppings: those that are nothing else, and those that the words around them make so. */
    private static boolean[] toppings(List<Item> items, String text) {
        boolean[] topping = new boolean[items.size()];
        boolean before = false;
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            if (item.is(Kind.TOPPING_BEFORE)) {
                before = true;
            } else if (item.is(Kind.CAKE)) {
                before = false;
            }
            topping[i] = item.is(Kind.TOPPING) && (before || item.meanings().stream().allMatch(m -> m.kind() == Kind.TOPPING));
        }
        boolean after = false;
        for (int i = items.size() - 1; i >= 0; i--) {
            Item item = items.get(i);
            if (item.is(Kind.TOPPING_AFTER)) {
                after = true;
            } else if (item.is(Kind.TOPPING) && !item.is(Kind.SHAPE) && after) {
                topping[i] = true;
                int previous = i - 1;
                while (previous >= 0 && items.get(previous).is(Kind.IGNORE)) {
                    previous--;
                }
                after = previous >= 0
                        && CONNECTIVE.matcher(text.substring(items.get(previous).end(), item.start())).find();
            } else if (!item.is(Kind.COLOUR) && !item.is(Kind.NUMBER) && !item.is(Kind.IGNORE)) {
                after = false;
            }
        }
        return topping;
    }

    /** The last of the unknown words that stand side by side from {@code first} on. */
    private static int endOfPhrase(List<Item> items, int first, String text) {
        int last = first;
        while (last + 1 < items.size() && !items.get(last + 1).known()
                && text.substring(items.get(last).end(), items.get(last + 1).start()).equals(" ")) {
            last++;
        }
        return last;
    }

    private static boolean saysColour(Item item, Item next) {
        return item.meanings().get(0).kind() == Kind.COLOUR
                || next != null && (FROSTING.matcher(PromptText.folded(next.text())).lookingAt() || next.is(Kind.TOPPING));
    }

    private static boolean isSubject(Kind kind) {
        return switch (kind) {
            case FLAVOUR, TOPPING, LOOK, SIZE, SHAPE, TIER, COLOUR, OCCASION, DETAIL, CANDLE, CAKE -> true;
            case NUMBER, IGNORE, TOPPING_AFTER, TOPPING_BEFORE, WITHOUT_AFTER, WITHOUT_BEFORE, WRITING, PARTICLE, ENDING,
                    PROMPT_START, PROMPT_END -> false;
        };
    }

    /** The number of the candles: behind them, in English before them and what is said of them; 0 where there is none. */
    private static int countBeside(List<Item> items, int candle) {
        int before = candle - 1;
        while (before >= 0 && (items.get(before).is(Kind.SIZE) || items.get(before).is(Kind.COLOUR) || items.get(before).is(Kind.IGNORE))) {
            before--;
        }
        int after = candle + 1;
        for (int beside : isLatin(items.get(candle).text()) ? new int[] {before, after} : new int[] {after, before}) {
            if (beside >= 0 && beside < items.size() && items.get(beside).is(Kind.NUMBER)) {
                return Integer.parseInt(items.get(beside).as(Kind.NUMBER).caption());
            }
        }
        return 0;
    }

    private String translated(String words, Parts parts, Translations translations) {
        String english = translations.english(words);
        if (isLatin(words)) {
            return english;
        }
        UnsafeWords.Screened screened = unsafe.screen(PromptText.normalised(english));
        parts.filtered.addAll(screened.removed());
        return screened.text();
    }

    private static boolean isLatin(String text) {
        return text.chars().noneMatch(c -> c >= 0x250 && Character.isLetter(c));
    }

    /** What the language model is asked for one prompt, so often and no more. */
    private final class Translations {
        private final JobScope scope;
        private int asked;

        Translations(JobScope scope) {
            this.scope = scope;
        }

        String english(String words) {
            if (isLatin(words)) {
                return PromptText.ascii(words);
            }
            if (asked++ >= MOST_TRANSLATIONS) {
                return "";
            }
            String english = translator.toEnglish(words, scope).map(PromptText::ascii).orElse("").replace("\"", "").strip();
            return english.length() > LONGEST_TRANSLATION ? "" : english;
        }
    }

    /** The parts of a prompt while an order is read; each word once. */
    private static final class Parts {
        private final Set<String> looks = new LinkedHashSet<>();
        private final Set<String> sizes = new LinkedHashSet<>();
        private final Set<String> shapes = new LinkedHashSet<>();
        private final Set<String> tiers = new LinkedHashSet<>();
        private final Set<String> flavours = new LinkedHashSet<>();
        private final Set<String> toppings = new LinkedHashSet<>();
        private final Set<String> colours = new LinkedHashSet<>();
        private final Set<String> occasions = new LinkedHashSet<>();
        private final Set<String> details = new LinkedHashSet<>();
        private final List<String> filtered = new ArrayList<>();
        private boolean candles;
        private int candleCount;
        private String candleColour = "";
        private String pendingColour = "";

        void add(CakeWord word) {
            switch (word.kind()) {
                case FLAVOUR -> flavours.add(word.caption());
                case LOOK -> looks.add(word.caption());
                case SIZE -> sizes.add(word.caption());
                case SHAPE -> shapes.add(word.caption());
                case TIER -> tiers.add(word.caption());
                case COLOUR -> colours.add(word.caption());
                case OCCASION -> occasions.add(word.caption());
                case DETAIL -> details.add(word.caption());
                default -> {
                    // steers the reading alone
                }
            }
        }

        void topping(String caption) {
            toppings.add(pendingColour.isEmpty() ? caption : pendingColour + " " + caption);
            pendingColour = "";
        }

        void detail(String words) {
            if (!words.isBlank()) {
                details.add(words.strip());
            }
        }

        void candles(int count) {
            candles = true;
            if (!pendingColour.isEmpty()) {
                candleColour = pendingColour + " ";
                pendingColour = "";
            }
            if (count >= 1 && candleCount + count <= 99) {
                candleCount += count; // large ones and small ones
            }
        }

        String sentence(String start) {
            StringBuilder out = new StringBuilder(start);
            for (Set<String> words : List.of(looks, sizes, shapes, tiers)) {
                words.forEach(word -> out.append(' ').append(word));
            }
            if (!flavours.isEmpty()) {
                out.append(' ').append(listed(flavours));
            }
            out.append(" cake");
            if (!toppings.isEmpty()) {
                out.append(" with ").append(listed(toppings));
            }
            if (!colours.isEmpty()) {
                out.append(", ").append(listed(colours)).append(" frosting");
            }
            if (candles) {
                out.append(", ").append(candleCount == 0 ? "" : candleCount + " ").append(candleColour)
                        .append(candleCount == 1 ? "candle" : "candles");
            }
            occasions.forEach(occasion -> out.append(", ").append(occasion));
            details.forEach(detail -> out.append(", ").append(detail));
            return out.toString();
        }

        /** a, b and c */
        private static String listed(Set<String> words) {
            List<String> list = List.copyOf(words);
            int last = list.size() - 1;
            return last == 0 ? list.get(0) : String.join(", ", list.subList(0, last)) + " and " + list.get(last);
        }
    }
}
