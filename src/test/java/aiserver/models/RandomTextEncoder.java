package aiserver.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Writes a text encoder in T5-XXL's only shape with random weights (safetensors, F16, 9.5 GB): for measuring. */
public final class RandomTextEncoder {
    private static final int WIDTH = 4096;
    private static final int INNER = 10_240;
    private static final int LAYERS = 24;
    private static final int HEADS = 64;
    private static final int BUCKETS = 32;
    private static final int TOKENS = 32_128;

    private RandomTextEncoder() {
    }

    public static void writeT5(Path path, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        TensorFile file = new TensorFile("t5");
        matrix(file, random, "shared.weight", WIDTH, TOKENS, 1);
        for (int layer = 0; layer < LAYERS; layer++) {
            String block = "encoder.block." + layer + ".layer.";
            float even = (float) (1 / Math.sqrt(WIDTH));
            for (String part : new String[] {"q", "k", "v", "o"}) {
                matrix(file, random, block + "0.SelfAttention." + part + ".weight", WIDTH, WIDTH, even);
            }
            if (layer == 0) {
                matrix(file, random, block + "0.SelfAttention.relative_attention_bias.weight", HEADS, BUCKETS, 0.1f);
            }
            ones(file, block + "0.layer_norm.weight");
            matrix(file, random, block + "1.DenseReluDense.wi_0.weight", WIDTH, INNER, even);
            matrix(file, random, block + "1.DenseReluDense.wi_1.weight", WIDTH, INNER, even);
            matrix(file, random, block + "1.DenseReluDense.wo.weight", INNER, WIDTH, (float) (1 / Math.sqrt(INNER)));
            ones(file, block + "1.layer_norm.weight");
        }
        ones(file, "encoder.final_layer_norm.weight");
        file.writeSafetensors(path);
    }

    private static void matrix(TensorFile file, SplittableRandom random, String name, int in, int out, float scale) {
        SplittableRandom values = random.split();
        file.add(name, WeightType.F16, (piece, count) -> {
            for (int i = 0; i < count; i++) {
                piece[i] = (float) values.nextDouble(-1.7, 1.7) * scale;
            }
        }, in, out);
    }

    private static void ones(TensorFile file, String name) {
        file.add(name, WeightType.F32, (piece, count) -> Arrays.fill(piece, 0, count, 1), WIDTH);
    }
}
