package aiserver.bench.djl;

import java.util.List;

/**
 * The numbers of Whisper's control tokens for a vocabulary, and what may follow what: the rules of whisper.cpp's decoding for
 * text with times. Immutable.
 *
 * @param languages that the model knows: 99, or 100 with 51866 tokens
 */
record WhisperTokens(int size, int languages) {
    static final int END = 50257;
    static final int START = 50258;
    /** openai's order, as far as shops' customers are concerned. */
    private static final List<String> CODES = List.of("en", "zh", "de", "es", "ru", "ko", "fr", "ja");
    private static final int FIRST_LANGUAGE = 50259;
    /** The first time may be at most 1.00 s, in steps of 20 ms. */
    private static final int LATEST_FIRST_TIME = 50;

    static WhisperTokens of(int vocabulary) {
        return new WhisperTokens(vocabulary, vocabulary - 51765 - 1);
    }

    int language(String code) {
        int at = CODES.indexOf(code);
        if (at < 0) {
            throw new IllegalArgumentException("language '" + code + "' is none of " + CODES);
        }
        return FIRST_LANGUAGE + at;
    }

    static List<String> codes() {
        return CODES;
    }

    int transcribe() {
        return FIRST_LANGUAGE + languages + 1;
    }

    int noTimes() {
        return FIRST_LANGUAGE + languages + 5;
    }

    int firstTime() {
        return noTimes() + 1;
    }

    /** The likeliest code from the logits after the start token, and its probability among those here. */
    int likeliestLanguage(float[] logits) {
        int best = 0;
        for (int i = 1; i < CODES.size(); i++) {
            if (logits[FIRST_LANGUAGE + i] > logits[FIRST_LANGUAGE + best]) {
                best = i;
            }
        }
        return best;
    }

    double languageProbability(float[] logits, int language) {
        double sum = 0;
        for (int i = 0; i < languages; i++) {
            sum += Math.exp(logits[FIRST_LANGUAGE + i] - logits[FIRST_LANGUAGE + language]);
        }
        return 1 / sum;
    }

    /** Makes what must not come next impossible, given what was written. */
    void forbid(float[] logits, List<Integer> written) {
        int times = firstTime();
        for (int id = START; id < times; id++) {
            logits[id] = Float.NEGATIVE_INFINITY;
        }
        boolean lastIsTime = !written.isEmpty() && written.getLast() >= times;
        boolean pair = lastIsTime && (written.size() < 2 || written.get(written.size() - 2) >= times);
        if (lastIsTime && pair) {
            fill(logits, times, size);
        } else if (lastIsTime) {
            fill(logits, 0, END);
        }
        written.stream().filter(id -> id >= times).reduce((a, b) -> b).ifPresent(last ->
                fill(logits, times, lastIsTime && !pair ? last : last + 1));
        if (written.isEmpty()) {
            fill(logits, times + LATEST_FIRST_TIME + 1, size);
        }
        // Where all times together are likelier than any text, it is a time.
        double sum = 0;
        float most = Float.NEGATIVE_INFINITY;
        for (int id = times; id < size; id++) {
            most = Math.max(most, logits[id]);
        }
        for (int id = times; id < size && most > Float.NEGATIVE_INFINITY; id++) {
            sum += Math.exp(logits[id] - most);
        }
        float text = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < START; id++) {
            text = Math.max(text, logits[id]);
        }
        if (sum > 0 && most + Math.log(sum) > text) {
            fill(logits, 0, times);
        }
    }

    private static void fill(float[] logits, int from, int to) {
        for (int id = from; id < to; id++) {
            logits[id] = Float.NEGATIVE_INFINITY;
        }
    }
}
