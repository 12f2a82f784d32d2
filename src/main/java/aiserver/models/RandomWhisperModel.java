package aiserver.models;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.SplittableRandom;

/**
 * Writes a multilingual Whisper model of random weights as whisper.cpp's ggml file: the true architecture in any size,
 * for tests and for measuring. What it hears is noise: random Hangul and letters, which end after two dozen tokens.
 * The same shape and seed give the same bytes. One thread.
 */
public final class RandomWhisperModel {
    /** Tokens with a text of their own; the rest (languages, tasks, times) are numbered behind them. */
    private static final int TEXT_TOKENS = 50257;
    private static final int END_OF_TEXT = 50257;
    private static final int FFT_BINS = 201;
    private static final int MAGIC = 0x67676d6c;
    /** One text token in so many is followed by the end of the text, and from this position on every one. */
    private static final int CLOSING = 16;
    private static final int LAST_POSITION = 24;
    private static final int FIRST_HANGUL = 0xAC00;
    private static final int HANGUL = 11_172;

    /**
     * The sizes of a model.
     *
     * @param vocabulary 51865, or 51866 as in large-v3, which knows one language more
     * @param mels       80, or 128 as in large-v3
     * @param width      of encoder and decoder, a multiple of {@code heads}
     */
    public record Shape(int vocabulary, int mels, int width, int heads, int encoderLayers, int decoderLayers) {
        /** 9 MB, loaded and run in a fraction of a second. Two decoder layers would pass for a distilled model. */
        public static final Shape TINY = new Shape(51865, 80, 64, 2, 4, 3);
        public static final Shape LARGE_V3 = new Shape(51866, 128, 1280, 20, 32, 32);
        public static final Shape LARGE_V3_TURBO = new Shape(51866, 128, 1280, 20, 32, 4);

        public Shape {
            if (vocabulary < 51865 || vocabulary > 51866 || mels < 1 || heads < 1 || width < heads
                    || width % heads != 0 || width % BLOCK != 0 || encoderLayers < 1 || decoderLayers < 1) {
                throw new IllegalArgumentException("no Whisper model can have " + vocabulary + " tokens, " + mels
                        + " mels, " + heads + " heads in a width of " + width + ", " + encoderLayers + " and "
                        + decoderLayers + " layers");
            }
        }
    }

    /** How the matrices are kept; convolutions are always F16. ggml has a number of its own for the file. */
    public enum Precision {
        F16(1, WeightType.F16), BF16(24, WeightType.BF16), Q8_0(7, WeightType.Q8_0), Q5_0(8, WeightType.Q5_0);

        private final int file;
        private final WeightType type;

        Precision(int file, WeightType type) {
            this.file = file;
            this.type = type;
        }
    }

    /** Numbers that are written at a time, a block of Q8_0 and Q5_0: every matrix has a multiple of it. */
    private static final int BLOCK = 32;
    private static final int AUDIO_POSITIONS = 1500;
    private static final int TEXT_POSITIONS = 448;

    private final Shape shape;
    private final Precision precision;
    private final boolean closing;
    private final SplittableRandom random;
    private final OutputStream out;
    private final float[] block = new float[BLOCK];
    private int blockFilled;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

    private RandomWhisperModel(Shape shape, Precision precision, boolean closing, long seed, OutputStream out) {
        this.shape = shape;
        this.precision = precision;
        this.closing = closing;
        this.random = new SplittableRandom(seed);
        this.out = out;
    }

    /** Writes a tiny model; the file appears under its name only when it is whole. */
    public static void write(Path file, long seed) throws IOException {
        write(file, Shape.TINY, seed);
    }

    /** Writes a model of any shape; the file appears under its name only when it is whole. */
    public static void write(Path file, Shape shape, long seed) throws IOException {
        write(file, shape, Precision.F16, seed);
    }

    /** The same with matrices of a given precision. */
    public static void write(Path file, Shape shape, Precision precision, long seed) throws IOException {
        write(file, shape, precision, true, seed);
    }

    /**
     * The same.
     *
     * @param closing whether some tokens ask for the end of the text; without, all texts end at the same position, so that
     *                rounding does not make one longer than another
     */
    public static void write(Path file, Shape shape, Precision precision, boolean closing, long seed) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".part");
        try {
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(unfinished), 1 << 20)) {
                new RandomWhisperModel(shape, precision, closing, seed, out).write();
            }
            Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private void write() throws IOException {
        header();
        melFilters();
        vocabulary();
        encoder();
        decoder();
        flush();
    }

    private void header() throws IOException {
        for (int value : new int[] {MAGIC, shape.vocabulary, AUDIO_POSITIONS, shape.width, shape.heads,
                shape.encoderLayers, TEXT_POSITIONS, shape.width, shape.heads, shape.decoderLayers, shape.mels, precision.file}) {
            int32(value);
        }
    }

    /** Triangles on Slaney's mel scale over the bins of a 400-point transform at 16 kHz, of equal area. */
    private void melFilters() throws IOException {
        int32(shape.mels);
        int32(FFT_BINS);
        double top = mel(8000);
        for (int i = 0; i < shape.mels; i++) {
            double left = hertz(top * i / (shape.mels + 1));
            double middle = hertz(top * (i + 1) / (shape.mels + 1));
            double right = hertz(top * (i + 2) / (shape.mels + 1));
            for (int bin = 0; bin < FFT_BINS; bin++) {
                double frequency = 40.0 * bin;
                double height = Math.min((frequency - left) / (middle - left), (right - frequency) / (right - middle));
                float32((float) (Math.max(0, height) * 2 / (right - left)));
            }
        }
    }

    private static double mel(double hertz) {
        return hertz < 1000 ? hertz * 3 / 200 : 15 + 27 * Math.log(hertz / 1000) / Math.log(6.4);
    }

    private static double hertz(double mel) {
        return mel < 15 ? mel * 200 / 3 : 1000 * Math.exp((mel - 15) * Math.log(6.4) / 27);
    }

    /** All single bytes, so that any text can be tokenized; all Hangul syllables; then words of random letters. */
    private void vocabulary() throws IOException {
        int32(TEXT_TOKENS);
        for (int id = 0; id < TEXT_TOKENS - 1; id++) {
            if (id < 256) {
                token(new byte[] {(byte) id});
            } else if (id < 256 + HANGUL) {
                token(Character.toString(FIRST_HANGUL + id - 256).getBytes(StandardCharsets.UTF_8));
            } else {
                StringBuilder word = new StringBuilder(" ");
                for (int rest = id; rest > 0; rest /= 26) {
                    word.append((char) ('a' + rest % 26));
                }
                token(word.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        // As in the trained models, the last one is empty.
        token(new byte[0]);
    }

    private void token(byte[] text) throws IOException {
        int32(text.length);
        for (byte b : text) {
            room(1).put(b);
        }
    }

    private void encoder() throws IOException {
        int width = shape.width;
        float32Tensor("encoder.positional_embedding", 0.1f, 0, width, AUDIO_POSITIONS);
        matrix("encoder.conv1.weight", 3, shape.mels, width);
        float32Tensor("encoder.conv1.bias", 0.02f, 0, 1, width);
        matrix("encoder.conv2.weight", 3, width, width);
        float32Tensor("encoder.conv2.bias", 0.02f, 0, 1, width);
        for (int layer = 0; layer < shape.encoderLayers; layer++) {
            String block = "encoder.blocks." + layer + '.';
            attention(block + "attn");
            feedForward(block);
        }
        norm("encoder.ln_post");
    }

    private void decoder() throws IOException {
        textPositions();
        tokenEmbedding();
        for (int layer = 0; layer < shape.decoderLayers; layer++) {
            String block = "decoder.blocks." + layer + '.';
            attention(block + "attn");
            attention(block + "cross_attn");
            feedForward(block);
        }
        lastNorm();
    }

    /** Turns half of the directions round: since embedding and output share their weights, a token would ask for itself. */
    private void lastNorm() throws IOException {
        tensorHeader("decoder.ln.weight", WeightType.F32, shape.width);
        for (int i = 0; i < shape.width; i++) {
            float32(i == 0 || random.nextBoolean() ? 1 : -1);
        }
        float32Tensor("decoder.ln.bias", 0, 0, shape.width);
    }

    private void attention(String name) throws IOException {
        int width = shape.width;
        norm(name + "_ln");
        for (String part : new String[] {"query", "key", "value", "out"}) {
            matrix(name + '.' + part + ".weight", width, width);
            if (!part.equals("key")) {
                float32Tensor(name + '.' + part + ".bias", 0.02f, 0, width);
            }
        }
    }

    private void feedForward(String block) throws IOException {
        int width = shape.width;
        norm(block + "mlp_ln");
        matrix(block + "mlp.0.weight", width, 4 * width);
        float32Tensor(block + "mlp.0.bias", 0.02f, 0, 4 * width);
        matrix(block + "mlp.2.weight", 4 * width, width);
        float32Tensor(block + "mlp.2.bias", 0.02f, 0, width);
    }

    private void norm(String name) throws IOException {
        float32Tensor(name + ".weight", 0, 1, shape.width);
        float32Tensor(name + ".bias", 0, 0, shape.width);
    }

    /** So far apart that each position asks for another token, and nothing goes round in circles; the late ones for the end. */
    private void textPositions() throws IOException {
        tensorHeader("decoder.positional_embedding", WeightType.F32, shape.width, TEXT_POSITIONS);
        for (int position = 0; position < TEXT_POSITIONS; position++) {
            for (int i = 0; i < shape.width; i++) {
                float32(i > 0 ? spread(4) : position < LAST_POSITION ? 0 : 100);
            }
        }
    }

    /**
     * Wide apart, so that some text stands out at every step; languages, tasks and times near zero, since otherwise
     * the many times together would outweigh every text. The first direction is that of the end of the text, and the
     * closing tokens point there.
     */
    private void tokenEmbedding() throws IOException {
        tensorHeader("decoder.token_embedding.weight", precision.type, shape.width, shape.vocabulary);
        for (int id = 0; id < shape.vocabulary; id++) {
            boolean closes = closing && id < END_OF_TEXT && id % CLOSING == 0;
            for (int i = 0; i < shape.width; i++) {
                float value = i > 0 ? spread(id < END_OF_TEXT ? 0.6f : 0.05f) : id == END_OF_TEXT ? 20 : closes ? 3 : 0;
                number(precision.type, value);
            }
        }
    }

    private void matrix(String name, int... sizes) throws IOException {
        WeightType type = sizes.length == 3 ? WeightType.F16 : precision.type;
        tensorHeader(name, type, sizes);
        long count = count(sizes);
        long inputs = count / sizes[sizes.length - 1];
        float spread = (float) Math.sqrt(3.0 / inputs);
        boolean intoResidual = name.startsWith("decoder") && (name.endsWith("out.weight") || name.endsWith("mlp.2.weight"));
        for (long i = 0; i < count; i++) {
            // Nothing but the tokens themselves may point to the end of the text.
            float value = intoResidual && i < inputs ? 0 : spread(spread);
            number(type, value);
        }
    }

    private void number(WeightType type, float value) throws IOException {
        block[blockFilled++] = value;
        if (blockFilled == BLOCK) {
            type.put(block, BLOCK, room((int) type.bytes(BLOCK)));
            blockFilled = 0;
        }
    }

    private void float32Tensor(String name, float spread, float mean, int... sizes) throws IOException {
        tensorHeader(name, WeightType.F32, sizes);
        long count = count(sizes);
        for (long i = 0; i < count; i++) {
            float32(spread == 0 ? mean : mean + spread(spread));
        }
    }

    private static long count(int... sizes) {
        long count = 1;
        for (int size : sizes) {
            count *= size;
        }
        return count;
    }

    private float spread(float range) {
        return range * (2 * (random.nextInt() >>> 8) / (float) (1 << 24) - 1);
    }

    /** @param sizes the fastest-running first */
    private void tensorHeader(String name, WeightType type, int... sizes) throws IOException {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        int32(sizes.length);
        int32(text.length);
        int32(type.id());
        for (int size : sizes) {
            int32(size);
        }
        room(text.length).put(text);
    }

    private void int32(int value) throws IOException {
        room(4).putInt(value);
    }

    private void float32(float value) throws IOException {
        room(4).putFloat(value);
    }

    private ByteBuffer room(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            flush();
        }
        return buffer;
    }

    private void flush() throws IOException {
        out.write(buffer.array(), 0, buffer.position());
        buffer.clear();
    }
}
