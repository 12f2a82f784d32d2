package aiserver.service.picture;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads an order word by word. English words are matched whole, the longest phrase first. Korean and Japanese write
 * several words in one: such a run is split into known words and the particles after them, longest first; a known word
 * in the middle of an unknown one counts only where everything after it is known, too. Stateless but for its lexicon;
 * any thread.
 */
final class PromptScanner {
    private static final int LONGEST_PARTICLE = 4;

    private final CakeLexicon lexicon;

    PromptScanner(CakeLexicon lexicon) {
        this.lexicon = lexicon;
    }

    /**
     * A piece of an order.
     *
     * @param start    where it begins in the normalised text; {@code end} is behind it
     * @param meanings of a known word or a number; empty for an unknown word
     * @param text     as written
     */
    record Item(int start, int end, String text, List<CakeWord> meanings) {
        boolean known() {
            return !meanings.isEmpty();
        }

        CakeWord as(CakeWord.Kind kind) {
            return meanings.stream().filter(meaning -> meaning.kind() == kind).findFirst().orElse(null);
        }

        boolean is(CakeWord.Kind kind) {
            return as(kind) != null;
        }
    }

    /** The words of a normalised text, in its order. */
    List<Item> scan(String text) {
        return new Scan(text).items();
    }

    private final class Scan {
        private final String text;
        private final String folded;
        private final List<Item> items = new ArrayList<>();
        private final boolean[] explained;
        private int at;

        Scan(String text) {
            this.text = text;
            this.folded = PromptText.folded(text);
            this.explained = explained();
        }

        List<Item> items() {
            while (at < folded.length()) {
                char c = folded.charAt(at);
                if (isWordCharacter(c) && c != '\'') {
                    int end = unspacedMatch(at);
                    if (end > at) {
                        add(end, lexicon.meanings(key(at, end)));
                        afterUnspaced();
                    } else {
                        spacedWord();
                    }
                } else if (PromptText.isUnspaced(c)) {
                    run();
                } else {
                    at++;
                }
            }
            return items;
        }

        private void add(int end, List<CakeWord> meanings) {
            items.add(new Item(at, end, text.substring(at, end), meanings));
            at = end;
        }

        /** At a Latin word or a number: the longest phrase that begins here, else the word as unknown. */
        private void spacedWord() {
            int wordEnd = wordEnd(at);
            int end = wordEnd;
            int best = -1;
            StringBuilder phrase = new StringBuilder(folded.substring(at, end));
            for (int count = 1; ; count++) {
                if (lexicon.knows(phrase.toString())) {
                    best = end;
                }
                int next = end + 1;
                if (count == lexicon.mostEnglishWords() || next >= folded.length()
                        || folded.charAt(end) != ' ' && folded.charAt(end) != '-' || !isWordCharacter(folded.charAt(next))) {
                    break;
                }
                end = wordEnd(next);
                phrase.append(' ').append(folded, next, end);
            }
            if (best > 0) {
                add(best, lexicon.meanings(CakeLexicon.englishKey(folded.substring(at, best))));
                return;
            }
            String word = folded.substring(at, wordEnd);
            if (word.chars().allMatch(c -> c >= '0' && c <= '9')) {
                String digits = word.length() <= 4 ? word : "0";
                add(wordEnd, List.of(new CakeWord(CakeWord.Kind.NUMBER, String.valueOf(Integer.parseInt(digits)))));
            } else if (word.chars().filter(Character::isLetter).count() > 1) {
                add(wordEnd, List.of());
            } else {
                at = wordEnd; // a letter or apostrophe alone says nothing
            }
        }

        /** At the first character of a run of Korean or Japanese that follows no known word. */
        private void run() {
            int end = unspacedMatch(at);
            if (end > at) {
                add(end, lexicon.meanings(key(at, end)));
                afterUnspaced();
                return;
            }
            int runEnd = runEnd(at);
            int known = at + 1;
            while (known < runEnd && !(explained[known] && longEnoughInside(known))) {
                known++;
            }
            unknown(known);
        }

        /** Behind a known Korean or Japanese word: the particles that it has go with it. */
        private void afterUnspaced() {
            while (at < folded.length() && PromptText.isUnspaced(folded.charAt(at)) && unspacedMatch(at) == at) {
                int end = particleEnd();
                if (end == at) {
                    return;
                }
                at = end;
            }
        }

        private int particleEnd() {
            for (int end = Math.min(runEnd(at), at + LONGEST_PARTICLE); end > at; end--) {
                if (lexicon.isParticle(folded.substring(at, end))
                        && (PromptText.isKana(folded.charAt(at)) || explained[end])) {
                    return end;
                }
            }
            return at;
        }

        private void unknown(int end) {
            String word = folded.substring(at, end);
            if (lexicon.looksLikeVerb(word)) {
                at = end;
                return;
            }
            int bare = end;
            for (int length = Math.min(3, word.length() - 1); length > 0; length--) {
                if (lexicon.isParticle(word.substring(word.length() - length))) {
                    bare = end - length;
                    break;
                }
            }
            if (bare - at >= 2 || Character.isIdeographic(folded.charAt(at))) {
                add(bare, List.of());
            }
            at = end;
        }

        /** For each position: whether the run from there on is known words and particles to its end. */
        private boolean[] explained() {
            boolean[] explained = new boolean[folded.length() + 1];
            for (int from = folded.length(); from >= 0; from--) {
                if (from == folded.length() || !PromptText.isUnspaced(folded.charAt(from))) {
                    explained[from] = true;
                    continue;
                }
                int last = Math.min(runEnd(from), from + Math.max(lexicon.longestUnspaced(), LONGEST_PARTICLE));
                for (int end = from + 1; end <= last && !explained[from]; end++) {
                    if (explained[end]) {
                        String part = folded.substring(from, end);
                        explained[from] = lexicon.knows(part) || lexicon.isParticle(part);
                    }
                }
            }
            return explained;
        }

        private boolean longEnoughInside(int from) {
            return unspacedMatch(from) >= from + 2 || lexicon.isParticle(folded.substring(from, runEnd(from)));
        }

        /** Where the longest known Korean or Japanese word that begins at {@code from} ends; {@code from} if none does. */
        private int unspacedMatch(int from) {
            StringBuilder word = new StringBuilder();
            int best = from;
            boolean gap = false;
            boolean unspaced = false;
            for (int i = from; i < folded.length() && word.length() < lexicon.longestUnspaced(); i++) {
                char c = folded.charAt(i);
                if (c == ' ' && !word.isEmpty()) {
                    gap = true;
                    continue;
                }
                if (!PromptText.isUnspaced(c) && !isDigit(c)) {
                    break;
                }
                unspaced |= PromptText.isUnspaced(c);
                word.append(c);
                int end = i + 1;
                if (unspaced && lexicon.knows(word.toString()) && allowed(from, end, word.length(), gap)) {
                    best = end;
                }
            }
            return best;
        }

        /**
         * A word of one character, or one written with a space inside, must not run on into something unknown: half of
         * the language begins with such syllables. Nor must "なし", for シンプルなシフォン has it, too.
         */
        private boolean allowed(int from, int end, int length, boolean gap) {
            boolean digitAhead = from > 0 && isDigit(folded.charAt(from)) && isDigit(folded.charAt(from - 1));
            if (digitAhead) {
                return false;
            }
            boolean single = length == 1;
            boolean chance = length == 2 && PromptText.isKana(folded.charAt(from))
                    && lexicon.meanings(key(from, end)).get(0).kind() == CakeWord.Kind.WITHOUT_AFTER;
            if (!single && !gap && !chance) {
                return true;
            }
            if (single && from > 0 && PromptText.isUnspaced(folded.charAt(from - 1)) && !endsItem(from)) {
                return false;
            }
            return explained[end]
                    || single && Character.isIdeographic(folded.charAt(from)) && !Character.isIdeographic(folded.charAt(end));
        }

        /** Whether a known word or its particle ends right before {@code from}. */
        private boolean endsItem(int from) {
            return from == at && !items.isEmpty();
        }

        private String key(int from, int end) {
            return folded.substring(from, end).replace(" ", "");
        }

        private int runEnd(int from) {
            int end = from;
            while (end < folded.length() && PromptText.isUnspaced(folded.charAt(end))) {
                end++;
            }
            return end;
        }

        private int wordEnd(int from) {
            int end = from;
            while (end < folded.length() && isWordCharacter(folded.charAt(end))) {
                end++;
            }
            while (end > from + 1 && folded.charAt(end - 1) == '\'') {
                end--;
            }
            return end;
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** Of an alphabet's word or a number; an apostrophe counts inside. */
    private static boolean isWordCharacter(char c) {
        return isDigit(c) || PromptText.isAlphabetic(c) || c == '\'';
    }
}
