package aiserver.engine;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Lets the model write what it likes, up to its end token or the limit. Used by the engine's thread. */
final class FreeDecoder implements AnswerDecoder {
    private final Vocabulary vocabulary;
    private final TokenSampler sampler;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private int left;
    private boolean finished;

    FreeDecoder(Vocabulary vocabulary, Sampling sampling, int maxTokens) {
        this.vocabulary = vocabulary;
        this.sampler = new TokenSampler(sampling);
        this.left = maxTokens;
    }

    @Override
    public Step start() {
        return new Step(new int[0], false);
    }

    @Override
    public Wanted wanted() {
        return sampler.wanted();
    }

    @Override
    public Step next(MemorySegment logits) {
        int token = sampler.sample(logits, id -> vocabulary.endsTurn(id) || vocabulary.bytes(id).length > 0);
        if (vocabulary.endsTurn(token)) {
            finished = true;
            return new Step(new int[0], true);
        }
        text.writeBytes(vocabulary.bytes(token));
        return new Step(new int[] {token}, --left == 0);
    }

    @Override
    public String text() {
        return wholeCharacters(text.toByteArray());
    }

    @Override
    public Map<String, Generation.Chosen> choices() {
        return Map.of();
    }

    @Override
    public boolean finished() {
        return finished;
    }

    /** The text without a character at its end that is cut; what is not UTF-8 within it becomes U+FFFD. */
    static String wholeCharacters(byte[] bytes) {
        int lead = bytes.length - 1;
        while (lead >= 0 && lead > bytes.length - 4 && (bytes[lead] & 0xC0) == 0x80) {
            lead--;
        }
        int end = bytes.length;
        if (lead >= 0 && bytes[lead] < 0) {
            int length = (bytes[lead] & 0xF8) == 0xF0 ? 4 : (bytes[lead] & 0xF0) == 0xE0 ? 3 : (bytes[lead] & 0xE0) == 0xC0 ? 2 : 1;
            if (lead + length > bytes.length) {
                end = lead;
            }
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }
}
