package aiserver.models;

import aiserver.models.TensorFile.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Writes a picture model in SD3.5's architecture (MMDiT-X and TAESD3) with random weights from a seed, small and in a
 * second: for tests, and for a worker without trained weights. It draws coloured noise. With {@link DemoTextEncoder} it
 * is complete. Stateless; any thread.
 */
public final class RandomDiffusionModel {
    /** The engine takes no fewer joint blocks; it has as many attention heads. */
    private static final int DEPTH = 24;
    private static final int LATENT_CHANNELS = 16;
    private static final int PATCH = 2;
    private static final int CONTEXT = 4096;
    private static final int POOLED = 2048;
    private static final int FREQUENCIES = 256;
    private static final int AUTOENCODER_CHANNELS = 64;

    /** SD3.5-medium's hidden size. */
    public static final int MEDIUM_WIDTH = 1536;

    /** Positions a side in the published SD3.5-medium. */
    public static final int MEDIUM_GRID = 384;

    /** How the matrices are kept. With Q4_0 the file is GGUF and its positions are F16, as published ones; else safetensors. */
    public enum Precision {
        F16(WeightType.F16), BF16(WeightType.BF16), Q4_0(WeightType.Q4_0);

        private final WeightType type;

        Precision(WeightType type) {
            this.type = type;
        }
    }

    private final SplittableRandom random;
    private final TensorFile file;
    private final Precision precision;

    private RandomDiffusionModel(long seed, TensorFile file, Precision precision) {
        this.random = new SplittableRandom(seed);
        this.file = file;
        this.precision = precision;
    }

    /**
     * Writes the diffusion model (safetensors, F16).
     *
     * @param width of the hidden state, a multiple of 24, for Q4_0 of 96: 48 makes 7 MB, {@link #MEDIUM_WIDTH} 4.5 GB
     * @param grid  positions a side; the longest side of a picture is 16 times as many pixels
     */
    public static void writeDiffusionModel(Path path, int width, int grid, long seed) throws IOException {
        writeDiffusionModel(path, width, grid, seed, "", Precision.F16);
    }

    /** The same with matrices of a given precision. */
    public static void writeDiffusionModel(Path path, int width, int grid, long seed, Precision precision) throws IOException {
        writeDiffusionModel(path, width, grid, seed, "", precision);
    }

    /** The same with tensor names as in a file that may hold the other parts, too. */
    public static void writeCombinedModel(Path path, int width, int grid, long seed) throws IOException {
        writeDiffusionModel(path, width, grid, seed, "model.diffusion_model.", Precision.F16);
    }

    private static void writeDiffusionModel(Path path, int width, int grid, long seed, String prefix, Precision precision)
            throws IOException {
        int unit = precision == Precision.Q4_0 ? 96 : DEPTH; // of DEPTH and of Q4_0's blocks
        if (width < unit || width % unit != 0) {
            throw new IllegalArgumentException("width must be a multiple of " + unit + " for " + precision + " but is " + width);
        }
        TensorFile file = new TensorFile("sd3", prefix);
        new RandomDiffusionModel(seed, file, precision).addTransformer(width, grid);
        if (precision == Precision.Q4_0) {
            file.writeGguf(path);
        } else {
            file.writeSafetensors(path);
        }
    }

    /** Writes the small autoencoder (GGUF, F32, 5 MB), to be given as {@code taesd}. */
    public static void writeAutoencoder(Path path, long seed) throws IOException {
        TensorFile file = new TensorFile("taesd3");
        new RandomDiffusionModel(seed, file, Precision.F16).addAutoencoder();
        file.writeGguf(path);
    }

    private void addTransformer(int width, int grid) {
        WeightType positions = precision == Precision.Q4_0 ? WeightType.F16 : WeightType.F32;
        file.add("pos_embed", positions, random(0.02f), width, (long) grid * grid, 1);
        WeightType convolution = precision == Precision.Q4_0 ? WeightType.F16 : precision.type;
        file.add("x_embedder.proj.weight", convolution, random(0.1f),
                PATCH, PATCH, LATENT_CHANNELS, width);
        addBias("x_embedder.proj", width);
        addLinear("t_embedder.mlp.0", FREQUENCIES, width);
        addLinear("t_embedder.mlp.2", width, width);
        addLinear("y_embedder.mlp.0", POOLED, width);
        addLinear("y_embedder.mlp.2", width, width);
        addLinear("context_embedder", CONTEXT, width);
        for (int block = 0; block < DEPTH; block++) {
            String name = "joint_blocks." + block + ".";
            boolean last = block == DEPTH - 1;
            boolean selfAttention = block < DEPTH / 2 + 1;
            addBlock(name + "context_block.", width, last ? 2 : 6, false);
            addBlock(name + "x_block.", width, selfAttention ? 9 : 6, selfAttention);
        }
        addLinear("final_layer.linear", width, PATCH * PATCH * LATENT_CHANNELS);
        addLinear("final_layer.adaLN_modulation.1", width, 2 * width);
    }

    /** @param modulations vectors of the adaptive norm: 2 where nothing follows the attention, 9 with a second one */
    private void addBlock(String name, int width, int modulations, boolean selfAttention) {
        boolean attentionOnly = modulations == 2;
        addAttention(name + "attn.", width, !attentionOnly);
        if (selfAttention) {
            addAttention(name + "attn2.", width, true);
        }
        if (!attentionOnly) {
            addLinear(name + "mlp.fc1", width, 4 * width);
            addLinear(name + "mlp.fc2", 4 * width, width);
        }
        addLinear(name + "adaLN_modulation.1", width, modulations * width);
    }

    private void addAttention(String name, int width, boolean output) {
        addLinear(name + "qkv", width, 3 * width);
        file.add(name + "ln_q.weight", WeightType.F32, ones(), width / DEPTH);
        file.add(name + "ln_k.weight", WeightType.F32, ones(), width / DEPTH);
        if (output) {
            addLinear(name + "proj", width, width);
        }
    }

    private void addLinear(String name, int in, int out) {
        file.add(name + ".weight", precision.type, random((float) (1 / Math.sqrt(in))), in, out);
        addBias(name, out);
    }

    private void addBias(String name, int size) {
        file.add(name + ".bias", WeightType.F32, random(0.01f), size);
    }

    private void addAutoencoder() {
        addEncoder();
        int layer = 0;
        String name = "decoder.layers.";
        addConvolution(name + layer, LATENT_CHANNELS, AUTOENCODER_CHANNELS, true);
        layer += 2; // a ReLU without weights
        for (int stage = 0; stage < 3; stage++) {
            for (int block = 0; block < 3; block++) {
                addResidual(name + layer++);
            }
            layer++; // doubles the sides without weights
            addConvolution(name + layer++, AUTOENCODER_CHANNELS, AUTOENCODER_CHANNELS, false);
        }
        addResidual(name + layer++);
        addConvolution(name + layer, AUTOENCODER_CHANNELS, 3, true);
    }

    /** Never used to draw, but the engine wants it. */
    private void addEncoder() {
        int layer = 0;
        String name = "encoder.layers.";
        addConvolution(name + layer++, 3, AUTOENCODER_CHANNELS, true);
        addResidual(name + layer++);
        for (int stage = 0; stage < 3; stage++) {
            addConvolution(name + layer++, AUTOENCODER_CHANNELS, AUTOENCODER_CHANNELS, false);
            for (int block = 0; block < 3; block++) {
                addResidual(name + layer++);
            }
        }
        addConvolution(name + layer, AUTOENCODER_CHANNELS, LATENT_CHANNELS, true);
    }

    private void addResidual(String name) {
        for (int part = 0; part <= 4; part += 2) {
            addConvolution(name + ".conv." + part, AUTOENCODER_CHANNELS, AUTOENCODER_CHANNELS, true);
        }
    }

    private void addConvolution(String name, int in, int out, boolean bias) {
        float scale = (float) Math.sqrt(1.0 / (9 * in));
        file.add(name + ".weight", WeightType.F32, random(scale), 3, 3, in, out);
        if (bias) {
            addBias(name, out);
        }
    }

    /** Evenly spread numbers of this standard deviation, made while they are written. */
    private Source random(float deviation) {
        SplittableRandom values = random.split();
        return (piece, count) -> {
            for (int i = 0; i < count; i++) {
                piece[i] = (float) (values.nextDouble(-1, 1) * Math.sqrt(3)) * deviation;
            }
        };
    }

    private static Source ones() {
        return (piece, count) -> Arrays.fill(piece, 0, count, 1);
    }
}
