package aiserver.models;

import aiserver.models.TensorFile.Data;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The CLIP-L that the project's own picture model was trained with: real size, frozen, its few weights that are not
 * zero are bits of a hash. It is generated where it is needed, in a second, because it is 42 MB that no repository
 * should carry; training/picture/TEXT_ENCODER.md is its specification, and the file is the same byte for byte.
 * Stateless; any thread.
 */
public final class DemoTextEncoder {
    /** Of the file that is written; anything else is a fault. */
    public static final String SHA_256 = "21cce7c820826f407a1ee606d267572c2b082d3496429f18ad185022d671e950";
    public static final long BYTES = 41_703_168;

    private static final int WIDTH = 768;
    private static final int MLP = 3072;
    private static final int LAYERS = 12;
    private static final int HEADS = 12;
    private static final int HEAD = 64;
    private static final int TOKENS = 49408;
    private static final int POSITIONS = 77;
    private static final int END_OF_TEXT = 49407;
    /** Dimensions from 0 that carry a token's code; the position follows one-hot; then the mark of end-of-text. */
    private static final int CODE = 640;
    private static final int MARK = 717;
    /** The first heads of layer 0 look one token back, the others two. */
    private static final int ONE_BACK = 8;

    private DemoTextEncoder() {
    }

    /** Writes the file (GGUF, to be given as {@code clip_l}). */
    public static void write(Path file) throws IOException {
        TensorFile out = new TensorFile("clip-l");
        out.add("text_model.embeddings.token_embedding.weight", WeightType.Q4_0, DemoTextEncoder::tokens, WIDTH, TOKENS);
        out.add("text_model.embeddings.position_embedding.weight", WeightType.F32, floats(positions()), WIDTH, POSITIONS);
        float[] zeros = new float[WIDTH];
        float[] ones = new float[WIDTH];
        Arrays.fill(ones, 1);
        for (int layer = 0; layer < LAYERS; layer++) {
            String name = "text_model.encoder.layers." + layer + ".";
            addNorm(out, name + "layer_norm1", ones, zeros);
            for (String part : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
                Matrix matrix = attention(layer, part);
                String weight = name + "self_attn." + part + ".weight";
                if (matrix == null) {
                    addZero(out, weight, WIDTH, WIDTH);
                } else {
                    out.add(weight, WeightType.F16, halves(matrix), WIDTH, WIDTH);
                }
                boolean asks = part.equals("q_proj") && layer == LAYERS - 1;
                out.add(name + "self_attn." + part + ".bias", WeightType.F32, floats(asks ? query() : zeros), WIDTH);
            }
            addNorm(out, name + "layer_norm2", ones, zeros);
            addZero(out, name + "mlp.fc1.weight", WIDTH, MLP);
            out.add(name + "mlp.fc1.bias", WeightType.F32, floats(new float[MLP]), MLP);
            addZero(out, name + "mlp.fc2.weight", MLP, WIDTH);
            out.add(name + "mlp.fc2.bias", WeightType.F32, floats(zeros), WIDTH);
        }
        addNorm(out, "text_model.final_layer_norm", ones, zeros);
        out.writeGguf(file);
    }

    /** A matrix value by row (output) and column (input). */
    private interface Matrix {
        float at(int row, int column);
    }

    /** What is not zero in the first and last layer; null for what is. */
    private static Matrix attention(int layer, String part) {
        if (layer == 0) {
            return switch (part) {
                case "q_proj" -> (row, column) -> position(column, row / HEAD < ONE_BACK ? 1 : 2, row % HEAD);
                case "k_proj" -> (row, column) -> position(column, 0, row % HEAD);
                case "v_proj" -> value(new SignStream(3));
                default -> output(new SignStream(4), 1 / 32f);
            };
        }
        if (layer == LAYERS - 1) {
            return switch (part) {
                case "q_proj" -> null;
                case "k_proj" -> (row, column) -> row % HEAD == 0 && column == MARK ? -4 : 0;
                case "v_proj" -> value(new SignStream(5));
                default -> output(new SignStream(6), 1 / 2f);
            };
        }
        return null;
    }

    private static final SignStream POSITION_CODES = new SignStream(2);

    /** The code of the position that is {@code back} before the one that the column stands for. */
    private static float position(int column, int back, int r) {
        int position = column - CODE;
        return position < 0 || position >= POSITIONS ? 0 : POSITION_CODES.at((long) HEAD * Math.max(position - back, 0) + r) / 4f;
    }

    private static Matrix value(SignStream signs) {
        return (row, column) -> column < CODE ? signs.at((long) row * CODE + column) / 32f : 0;
    }

    private static Matrix output(SignStream signs, float scale) {
        return (row, column) -> row < CODE ? signs.at((long) row * WIDTH + column) * scale : 0;
    }

    private static float[] query() {
        float[] bias = new float[WIDTH];
        for (int head = 0; head < HEADS; head++) {
            bias[head * HEAD] = 4;
        }
        return bias;
    }

    private static float[] positions() {
        float[] table = new float[POSITIONS * WIDTH];
        for (int p = 0; p < POSITIONS; p++) {
            table[p * WIDTH + CODE + p] = 8;
        }
        return table;
    }

    /** The token embedding: blocks of 32 values, a scale and a nibble each, 0.25 * (12 - 8) = 1. */
    private static void tokens(OutputStream out) throws IOException {
        SignStream signs = new SignStream(1);
        byte[] row = new byte[WIDTH / 32 * 18];
        int[] nibbles = new int[WIDTH];
        for (int token = 0; token < TOKENS; token++) {
            Arrays.fill(nibbles, 8);
            for (int d = 0; d < CODE; d++) {
                nibbles[d] += 4 * signs.at((long) token * CODE + d);
            }
            if (token == END_OF_TEXT) {
                nibbles[MARK] = 15;
            }
            for (int block = 0; block < WIDTH / 32; block++) {
                boolean marked = token == END_OF_TEXT && block == MARK / 32;
                int at = block * 18;
                row[at] = 0;
                row[at + 1] = (byte) (marked ? 0x3C : 0x34);
                for (int j = 0; j < 16; j++) {
                    row[at + 2 + j] = (byte) (nibbles[block * 32 + j] | nibbles[block * 32 + 16 + j] << 4);
                }
            }
            out.write(row);
        }
    }

    private static void addNorm(TensorFile out, String name, float[] weight, float[] bias) {
        out.add(name + ".weight", WeightType.F32, floats(weight), WIDTH);
        out.add(name + ".bias", WeightType.F32, floats(bias), WIDTH);
    }

    private static void addZero(TensorFile out, String name, int columns, int rows) {
        out.add(name, WeightType.Q1_0, stream -> stream.write(new byte[(int) WeightType.Q1_0.bytes((long) rows * columns)]), columns, rows);
    }

    private static Data halves(Matrix matrix) {
        return out -> {
            ByteBuffer bytes = ByteBuffer.allocate(WIDTH * WIDTH * 2).order(ByteOrder.LITTLE_ENDIAN);
            for (int row = 0; row < WIDTH; row++) {
                for (int column = 0; column < WIDTH; column++) {
                    bytes.putShort(Float.floatToFloat16(matrix.at(row, column)));
                }
            }
            out.write(bytes.array());
        };
    }

    private static Data floats(float[] values) {
        return out -> {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            out.write(bytes.array());
        };
    }

    /** Endless signs: bit i of a stream of splitmix64's finalizer. */
    static final class SignStream {
        private final long stream;

        SignStream(int stream) {
            this.stream = stream * 0x9E3779B97F4A7C15L;
        }

        /** Word {@code n}, 64 bits of the stream. */
        long word(long n) {
            long z = stream + n;
            z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
            return z ^ (z >>> 31);
        }

        /** 1 or -1. */
        int at(long i) {
            return (word(i >>> 6) >>> (i & 63) & 1) == 1 ? 1 : -1;
        }
    }
}
