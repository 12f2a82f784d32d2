package aiserver.bench.djl;

import ai.djl.engine.Engine;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import aiserver.engine.EngineException;
import aiserver.engine.ImageEngine;
import aiserver.engine.ImageRequest;
import aiserver.engine.Picture;
import aiserver.engine.RunControl;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/**
 * Stable Diffusion 3.5 on DJL: text encodings remembered, both halves of the guidance in one batch, Euler's method over
 * the flow-matching schedule with a shift of 3 as the worker's engine has it, noise from the same generator. One
 * picture at a time, of the side that the export was made for.
 */
public final class DjlImageEngine implements ImageEngine {
    private static final int TOKENS = 77;
    private static final long BEGIN = 49406;
    private static final long END = 49407;
    private static final int CHANNELS = 16;
    private static final int PATCH = 8;
    private static final double SHIFT = 3;
    private static final double SAMPLED = 0.95;

    private final DjlSettings settings;
    private ScriptModule text;
    private ScriptModule step;
    private ScriptModule decoder;
    private HuggingFaceTokenizer tokenizer;
    private int side;
    private String encoded;
    private float[][] encoding;

    public DjlImageEngine(DjlSettings settings) {
        this.settings = settings;
    }

    @Override
    public synchronized void load(RunControl control) {
        if (step != null) {
            return;
        }
        try {
            side = TokenTable.meta(settings.folder()).path("side").asInt();
            tokenizer = tokenizer();
        } catch (IOException e) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, settings.folder() + ": " + e.getMessage(), e);
        }
        text = ScriptModule.load(settings.folder().resolve("text.pt"), settings.threads());
        step = ScriptModule.load(settings.folder().resolve("step.pt"), settings.threads());
        decoder = ScriptModule.load(settings.folder().resolve("decoder.pt"), settings.threads());
    }

    private HuggingFaceTokenizer tokenizer() throws IOException {
        return HuggingFaceTokenizer.newInstance(settings.folder().resolve("tokenizer.json"),
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false", "modelMaxLength", "100000"));
    }

    @Override
    public synchronized Picture generate(ImageRequest request, RunControl control) {
        load(control);
        if (request.width() != side || request.height() != side) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "this export draws " + side + "x" + side + ", not "
                    + request.width() + "x" + request.height());
        }
        float[][] texts = encoded(request.negativePrompt(), request.prompt());
        int latentSide = side / PATCH;
        int size = CHANNELS * latentSide * latentSide;
        float[] latent = noise(request.seed(), size);
        double[] levels = levels(request.steps());
        float[] both = new float[2 * size];
        for (int i = 0; i < request.steps(); i++) {
            if (control.cancelled()) {
                throw new EngineException(EngineException.Kind.CANCELLED, "picture cancelled");
            }
            System.arraycopy(latent, 0, both, 0, size);
            System.arraycopy(latent, 0, both, size, size);
            float time = (float) (1000 * levels[i]);
            float[] velocity = step.floats(manager -> new NDList(manager.create(both, new Shape(2, CHANNELS, latentSide, latentSide)),
                    manager.create(texts[0], new Shape(2, 2 * TOKENS, texts[0].length / (4 * TOKENS))),
                    manager.create(texts[1], new Shape(2, texts[1].length / 2)), manager.create(new float[] {time, time})));
            float change = (float) (levels[i + 1] - levels[i]);
            for (int j = 0; j < size; j++) {
                float away = velocity[j];
                latent[j] += change * (away + (float) request.guidance() * (velocity[size + j] - away));
            }
            control.progress(SAMPLED * (i + 1) / request.steps());
        }
        float[] picture = decoder.floats(manager -> new NDList(manager.create(latent, new Shape(1, CHANNELS, latentSide, latentSide))));
        return new Picture(side, side, bytes(picture));
    }

    // torch.manual_seed and torch.randn: the generator is the process's, of which pictures are the only users.
    private static float[] noise(long seed, int size) {
        Engine.getEngine("PyTorch").setRandomSeed(Math.toIntExact(seed));
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            return manager.randomNormal(new Shape(size)).toFloatArray();
        }
    }

    /** Noise levels from 1 down to 0, one more than steps. */
    private static double[] levels(int steps) {
        double[] levels = new double[steps + 1];
        for (int i = 0; i < steps; i++) {
            double s = ((steps == 1 ? 999 : 999 - 999.0 * i / (steps - 1)) + 1) / 1000;
            levels[i] = SHIFT * s / (1 + (SHIFT - 1) * s);
        }
        return levels;
    }

    private static byte[] bytes(float[] planes) {
        int size = planes.length / 3;
        byte[] rgb = new byte[planes.length];
        for (int i = 0; i < size; i++) {
            for (int c = 0; c < 3; c++) {
                rgb[3 * i + c] = (byte) Math.round(255 * planes[c * size + i]);
            }
        }
        return rgb;
    }

    private float[][] encoded(String negative, String prompt) {
        String key = negative + '\0' + prompt;
        if (!key.equals(encoded)) {
            long[] ids = new long[2 * TOKENS];
            ids(negative, ids, 0);
            ids(prompt, ids, TOKENS);
            encoding = text.call(manager -> new NDList(ids(manager, ids)), outputs -> new float[][] {
                    outputs.get(0).toFloatArray(), outputs.get(1).toFloatArray()});
            encoded = key;
        }
        return encoding;
    }

    private static NDArray ids(NDManager manager, long[] ids) {
        return manager.create(ids, new Shape(2, TOKENS));
    }

    private void ids(String words, long[] out, int from) {
        long[] ids = tokenizer.encode(words, false, false).getIds();
        Arrays.fill(out, from, from + TOKENS, END);
        out[from] = BEGIN;
        System.arraycopy(ids, 0, out, from + 1, Math.min(ids.length, TOKENS - 2));
    }

    @Override
    public synchronized int countTokens(String words) {
        try {
            if (tokenizer == null) {
                tokenizer = tokenizer();
            }
        } catch (IOException e) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, settings.folder() + ": " + e.getMessage(), e);
        }
        return tokenizer.encode(words, false, false).getIds().length;
    }

    @Override
    public synchronized void unload() {
        if (step != null) {
            text.close();
            step.close();
            decoder.close();
            step = null;
            encoded = null;
        }
    }

    @Override
    public synchronized boolean loaded() {
        return step != null;
    }

    @Override
    public String device() {
        return "CPU";
    }

    @Override
    public void close() {
        unload();
    }
}
