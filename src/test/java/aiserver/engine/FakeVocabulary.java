package aiserver.engine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A byte-level vocabulary with words, split as Qwen's pre-tokenizer does: the 256 bytes, a few dozen pieces that are
 * common in JSON and orders, and an end token.
 */
final class FakeVocabulary implements Vocabulary {
    private static final Pattern SPLIT = Pattern.compile("[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
            + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
    private static final String[] PIECES = {"{\"", "\":\"", "\",\"", "\":", ",\"", "\":{\"", "\"},\"", "\"}", "\"],\"", "\":[", "\":[\"",
        "],\"", "\":[],\"", "\":{}", "]}", "intent", "order", "_state", "menu", "style", "null", "other", "or", "recommendation", "change",
        "cancel", "inquiry", "딸기", " 케이크", "초코", "케이크", "클래식", "주세요", "요.", "안녕", "ab", "abc", " the", "\\\"", "\\n", "\":null,\"",
        "options", "size", "quantity", "1", "2", "9", "🎂"};

    private final List<byte[]> tokens = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    final int end;

    FakeVocabulary() {
        for (int b = 0; b < 256; b++) {
            tokens.add(new byte[] {(byte) b});
        }
        for (String piece : PIECES) {
            if (piece.getBytes(StandardCharsets.UTF_8).length > 1) {
                ids.put(piece, tokens.size());
                tokens.add(piece.getBytes(StandardCharsets.UTF_8));
            }
        }
        end = tokens.size();
        tokens.add(new byte[0]);
    }

    @Override
    public int size() {
        return tokens.size();
    }

    @Override
    public int[] tokenize(String text) {
        List<Integer> out = new ArrayList<>();
        Matcher matcher = SPLIT.matcher(text);
        while (matcher.find()) {
            Integer id = ids.get(matcher.group());
            if (id != null) {
                out.add(id);
            } else {
                for (byte b : matcher.group().getBytes(StandardCharsets.UTF_8)) {
                    out.add(b & 0xFF);
                }
            }
        }
        return out.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public byte[] bytes(int token) {
        return tokens.get(token);
    }

    @Override
    public boolean endsTurn(int token) {
        return token == end;
    }

    byte[] bytes(List<Integer> ids) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ids.forEach(id -> out.writeBytes(bytes(id)));
        return out.toByteArray();
    }

    /** Logits of a model that wants to write a text: what continues it is likely, the tokens of the whole text most. */
    float[] wanting(byte[] text, int from, List<Integer> written) {
        float[] logits = new float[size()];
        int[] whole = tokenize(new String(text, StandardCharsets.UTF_8));
        boolean along = written.size() < whole.length;
        for (int i = 0; along && i < written.size(); i++) {
            along = written.get(i) == whole[i];
        }
        for (int id = 0; id < size(); id++) {
            byte[] bytes = bytes(id);
            if (bytes.length > 0 && from + bytes.length <= text.length
                    && Arrays.equals(text, from, from + bytes.length, bytes, 0, bytes.length)) {
                logits[id] = 20 + bytes.length;
            }
        }
        if (from >= text.length) {
            logits[end] = 50;
        } else if (along) {
            logits[whole[written.size()]] = 50;
        }
        return logits;
    }
}
