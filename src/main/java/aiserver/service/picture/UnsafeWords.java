package aiserver.service.picture;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Takes unsafe words out of an order, in Korean, English and Japanese, also where they are spaced out, written in loose
 * jamo, in mixed case, with digits or signs for letters; words that only contain an unsafe one stay. The words are data
 * ({@code unsafe-words.tsv}, {@code safe-words.tsv}); how each script is searched is told in {@link UnsafeSpacedWords}
 * and {@link UnsafeUnspacedWords}. It is a list, not a mind reader: what is not on it passes. Immutable; any thread.
 */
final class UnsafeWords {
    private static final int MOST_ROUNDS = 8;

    private final UnsafeSpacedWords spaced;
    private final UnsafeUnspacedWords unspaced;

    private UnsafeWords(UnsafeSpacedWords spaced, UnsafeUnspacedWords unspaced) {
        this.spaced = spaced;
        this.unspaced = unspaced;
    }

    /**
     * @param folder the shop's own words, or null
     * @throws IllegalArgumentException naming what is wrong and where
     */
    static UnsafeWords load(Path folder, CakeLexicon lexicon) {
        List<String> unsafe = new ArrayList<>();
        PictureWords.eachLine(folder, "unsafe-words.tsv", 4, line -> {
            for (int column = 1; column < 4; column++) {
                unsafe.addAll(PictureWords.words(line.get(column)));
            }
        });
        List<String> safe = new ArrayList<>();
        PictureWords.eachLine(folder, "safe-words.tsv", 2, line -> safe.addAll(PictureWords.words(line.get(1))));
        return new UnsafeWords(new UnsafeSpacedWords(unsafe, safe, lexicon), new UnsafeUnspacedWords(unsafe, safe, lexicon));
    }

    /** What is left of a text, and what was taken out, as it was written. */
    record Screened(String text, List<String> removed) {
        Screened {
            removed = List.copyOf(removed);
        }
    }

    /** @param text normalised */
    Screened screen(String text) {
        List<String> removed = new ArrayList<>();
        String rest = text;
        // What is left may close up to another unsafe word, so look until nothing is found.
        for (int round = 0; round < MOST_ROUNDS; round++) {
            BitSet hits = new BitSet(rest.length());
            spaced.mark(rest, hits);
            unspaced.mark(rest, hits);
            if (hits.isEmpty()) {
                return new Screened(rest, removed);
            }
            rest = without(rest, hits, removed);
        }
        // Still not clean after so many rounds: somebody nests words on purpose, and nothing of it is wanted.
        removed.add(rest.strip());
        return new Screened("", removed);
    }

    private static String without(String text, BitSet hits, List<String> removed) {
        StringBuilder rest = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int from = hits.nextSetBit(at);
            if (from < 0) {
                break;
            }
            int to = hits.nextClearBit(from);
            removed.add(text.substring(from, to).strip());
            rest.append(text, at, from).append(' ');
            at = to;
        }
        return rest.append(text.substring(Math.min(at, text.length()))).toString().replaceAll(" +", " ").strip();
    }
}
