package aiserver.models;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A small byte-level BPE vocabulary in the manner of GPT-2 and Qwen: the 256 bytes, each written as a visible
 * character, some words with the merges that build them, and Qwen's control tokens at the end. Immutable.
 *
 * @param tokens  as a GGUF file keeps them
 * @param types   1 text, 3 control
 * @param merges  pairs with a blank between, the earlier the stronger
 */
record ByteLevelVocabulary(List<String> tokens, int[] types, List<String> merges) {
    static final String END_OF_TEXT = "<|endoftext|>";
    static final String START = "<|im_start|>";
    static final String END = "<|im_end|>";

    private static final int TEXT = 1;
    private static final int CONTROL = 3;
    private static final int UNUSED = 5;
    /** What the project's prompts and answers are made of; each becomes one token. */
    private static final List<String> WORDS = List.of("\":\"", "\",\"", "\":", "{\"", "\"}", "},\"", "],\"", "\":[", "\":[\"", "\":{\"", "\":[],\"",
            "intent", "order", "state", "menu", "style", "options", "size", "quantity", "lettering", "pickup", "notes", "remove",
            "recommended", "alternatives", "additional", "questions", "analysis", "response", "reason", "name", "null", "greeting", "selection",
            "customization", "confirmation", "inquiry", "recommendation", "change", "cancel", "other", "system", "user", "assistant");
    private static final String SYLLABLES = "가게고객과금기까나내네는다대도되드디딸라로를리메면모못무문바번변보부사생서선세소손수스습시아안어여오와요용원으을음의이인일자장제조좋주지초추축취치케크클타포품하한할함해행화확";

    static ByteLevelVocabulary create() {
        Map<Integer, Character> visible = visibleBytes();
        Set<String> tokens = new LinkedHashSet<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(visible.get(b).toString());
        }
        List<String> merges = new ArrayList<>();
        List<String> words = new ArrayList<>(WORDS);
        SYLLABLES.codePoints().forEach(syllable -> words.add(Character.toString(syllable)));
        for (String word : words) {
            StringBuilder built = new StringBuilder();
            for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
                char next = visible.get(b & 0xFF);
                if (!built.isEmpty() && tokens.add(built.toString() + next)) {
                    merges.add(built + " " + next);
                }
                built.append(next);
            }
        }
        return of(List.copyOf(tokens), merges);
    }

    /** Text tokens and merges of any other, with Qwen's control tokens behind them. */
    static ByteLevelVocabulary of(List<String> texts, List<String> merges) {
        List<String> tokens = new ArrayList<>(texts);
        tokens.addAll(List.of(END_OF_TEXT, START, END));
        int[] types = new int[tokens.size()];
        Arrays.fill(types, 0, texts.size(), TEXT);
        Arrays.fill(types, texts.size(), types.length, CONTROL);
        return new ByteLevelVocabulary(List.copyOf(tokens), types, List.copyOf(merges));
    }

    /** With unused tokens behind its own up to a size: as much to compute as a real vocabulary. */
    ByteLevelVocabulary paddedTo(int size) {
        List<String> padded = new ArrayList<>(tokens);
        while (padded.size() < size) {
            padded.add("[unused" + padded.size() + "]");
        }
        int[] kinds = Arrays.copyOf(types, padded.size());
        Arrays.fill(kinds, tokens.size(), kinds.length, UNUSED);
        return new ByteLevelVocabulary(List.copyOf(padded), kinds, merges);
    }

    int id(String token) {
        return tokens.indexOf(token);
    }

    // GPT-2's table: printable Latin-1 stands for itself, the other bytes for characters from U+0100 on.
    private static Map<Integer, Character> visibleBytes() {
        Map<Integer, Character> table = new LinkedHashMap<>();
        char next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            table.put(b, printable ? (char) b : next++);
        }
        return table;
    }
}
