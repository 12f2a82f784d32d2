package aiserver.engine;

import bindings.guard.guard_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts the tokens that CLIP makes of a text: byte-pair encoding with the merges that the engine itself carries, so
 * that a prompt can be cut before the engine sees it. The merges stay as bytes, half a megabyte with an index, instead
 * of maps that take thirty. Immutable; any thread.
 */
final class ClipTokens {
    /** As the engine's own tokenizer splits: contractions, letters, single digits, runs of anything else. */
    private static final Pattern WORD = Pattern.compile("'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^\\sa-z0-9]+");
    private static final String END_OF_WORD = "</w>";
    /** More pieces than this in one run are counted one by one: an upper bound, and no run that anybody writes. */
    private static final int LONGEST_WORD = 512;

    private final byte[] merges;
    /** Where each merge's line begins, in the order of the lines' bytes. */
    private final int[] sorted;
    /** The rank of the merge at the same place of {@code sorted}. */
    private final int[] ranks;

    ClipTokens(byte[] merges) {
        this.merges = merges;
        List<Integer> starts = new ArrayList<>();
        int line = endOfLine(0) + 1; // the first line is a header
        while (line < merges.length && merges[line] != 0) {
            if (endOfLine(line) > line) {
                starts.add(line);
            }
            line = endOfLine(line) + 1;
        }
        Integer[] order = new Integer[starts.size()];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Arrays.compare(merges, starts.get(a), endOfLine(starts.get(a)),
                merges, starts.get(b), endOfLine(starts.get(b))));
        sorted = Arrays.stream(order).mapToInt(starts::get).toArray();
        ranks = Arrays.stream(order).mapToInt(Integer::intValue).toArray();
    }

    /** The engine's; its libraries must be loaded. */
    static ClipTokens ofEngine() {
        long bytes = guard_h.ag_sd_clip_merges(MemorySegment.NULL, 0);
        if (bytes == 0) {
            throw Guard.failure("the engine's tokenizer cannot be read");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(bytes);
            guard_h.ag_sd_clip_merges(buffer, bytes);
            return new ClipTokens(buffer.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** The number of tokens without begin and end mark. */
    int count(String text) {
        int count = 0;
        Matcher words = WORD.matcher(lowerCase(text));
        while (words.find()) {
            count += countWord(words.group());
        }
        return count;
    }

    /** Of ASCII alone, as the engine does it. */
    private static String lowerCase(String text) {
        StringBuilder out = new StringBuilder(text);
        for (int i = 0; i < out.length(); i++) {
            char c = out.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                out.setCharAt(i, (char) (c + 'a' - 'A'));
            }
        }
        return out.toString();
    }

    private int countWord(String word) {
        List<String> pieces = new ArrayList<>();
        for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
            pieces.add(String.valueOf(visible(b & 0xff)));
        }
        if (pieces.size() > LONGEST_WORD) {
            return pieces.size();
        }
        pieces.set(pieces.size() - 1, pieces.get(pieces.size() - 1) + END_OF_WORD);
        while (pieces.size() > 1) {
            int best = Integer.MAX_VALUE;
            int at = -1;
            for (int i = 0; i + 1 < pieces.size(); i++) {
                int rank = rank(pieces.get(i), pieces.get(i + 1));
                if (rank < best) {
                    best = rank;
                    at = i;
                }
            }
            if (at < 0) {
                break;
            }
            pieces.set(at, pieces.get(at) + pieces.remove(at + 1));
        }
        return pieces.size();
    }

    private int rank(String left, String right) {
        byte[] line = (left + " " + right).getBytes(StandardCharsets.UTF_8);
        int low = 0;
        int high = sorted.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Arrays.compare(merges, sorted[middle], endOfLine(sorted[middle]), line, 0, line.length);
            if (order == 0) {
                return ranks[middle];
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return Integer.MAX_VALUE;
    }

    private int endOfLine(int from) {
        int end = from;
        while (end < merges.length && merges[end] != '\n' && merges[end] != 0) {
            end++;
        }
        return end;
    }

    /** The letter that stands for a byte in the merges: itself where it is visible, else one from 256 on. */
    private static char visible(int value) {
        boolean itself = value >= '!' && value <= '~' || value >= 161 && value <= 172 || value >= 174;
        if (itself) {
            return (char) value;
        }
        int before = value <= 32 ? value : value <= 160 ? 33 + value - 127 : 33 + 34;
        return (char) (256 + before);
    }
}
