package aiserver.models;

import aiserver.models.TensorFile.Data;
import aiserver.models.TensorFile.Type;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
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
        F16(Type.F16), BF16(Type.BF16), Q4_0(Type.Q4_0);

        private final Type type;

        Precision(Type type) {
            this.type = type;
        }
    }

    /** Numbers that share a scale in Q4_0. */
    private static final int BLOCK = 32;
    /** Numbers made at a time, a multiple of {@link #BLOCK}. */
    private static final int PIECE = 1 << 16;

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
        int unit = precision == Precision.Q4_0 ? 96 : DEPTH; // of DEPTH and BLOCK
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
        Type positions = precision == Precision.Q4_0 ? Type.F16 : Type.F32;
        file.add("pos_embed", positions, random(positions, width * grid * grid, 0.02f), width, (long) grid * grid, 1);
        Type convolution = precision == Precision.Q4_0 ? Type.F16 : precision.type;
        file.add("x_embedder.proj.weight", convolution, random(convolution, PATCH * PATCH * LATENT_CHANNELS * width, 0.1f),
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
        file.add(name + "ln_q.weight", Type.F32, ones(width / DEPTH), width / DEPTH);
        file.add(name + "ln_k.weight", Type.F32, ones(width / DEPTH), width / DEPTH);
        if (output) {
            addLinear(name + "proj", width, width);
        }
    }

    private void addLinear(String name, int in, int out) {
        file.add(name + ".weight", precision.type, random(precision.type, in * out, (float) (1 / Math.sqrt(in))), in, out);
        addBias(name, out);
    }

    private void addBias(String name, int size) {
        file.add(name + ".bias", Type.F32, random(Type.F32, size, 0.01f), size);
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
        file.add(name + ".weight", Type.F32, random(Type.F32, 9 * in * out, scale), 3, 3, in, out);
        if (bias) {
            addBias(name, out);
        }
    }

    /** Evenly spread numbers of this standard deviation, made while they are written. */
    private Data random(Type type, int count, float deviation) {
        SplittableRandom values = random.split();
        return out -> {
            ByteBuffer bytes = ByteBuffer.allocate(4 * PIECE).order(ByteOrder.LITTLE_ENDIAN);
            float[] piece = new float[PIECE];
            for (int done = 0; done < count; done += PIECE) {
                int size = Math.min(PIECE, count - done);
                for (int i = 0; i < size; i++) {
                    piece[i] = (float) (values.nextDouble(-1, 1) * Math.sqrt(3)) * deviation;
                }
                put(piece, size, type, bytes.clear());
                out.write(bytes.array(), 0, bytes.position());
            }
        };
    }

    private static void put(float[] values, int count, Type type, ByteBuffer bytes) {
        if (type == Type.Q4_0) {
            for (int from = 0; from < count; from += BLOCK) {
                putFourBits(values, from, bytes);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            switch (type) {
                case F32 -> bytes.putFloat(values[i]);
                case F16 -> bytes.putShort(Float.floatToFloat16(values[i]));
                case BF16 -> {
                    int bits = Float.floatToIntBits(values[i]);
                    bytes.putShort((short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16));
                }
                default -> throw new IllegalArgumentException("no random numbers of type " + type);
            }
        }
    }

    // A scale, by which the number furthest from 0 becomes -8, and number i beside number i + 16.
    private static void putFourBits(float[] values, int from, ByteBuffer bytes) {
        float furthest = 0;
        for (int i = from; i < from + BLOCK; i++) {
            furthest = Math.abs(values[i]) > Math.abs(furthest) ? values[i] : furthest;
        }
        float scale = furthest / -8;
        bytes.putShort(Float.floatToFloat16(scale));
        for (int i = from; i < from + BLOCK / 2; i++) {
            bytes.put((byte) (fourBits(values[i], scale) | fourBits(values[i + BLOCK / 2], scale) << 4));
        }
    }

    private static int fourBits(float value, float scale) {
        return scale == 0 ? 8 : Math.min(15, Math.round(value / scale) + 8);
    }

    private static Data ones(int count) {
        return out -> {
            ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < count; i++) {
                bytes.putFloat(1);
            }
            out.write(bytes.array());
        };
    }
}
