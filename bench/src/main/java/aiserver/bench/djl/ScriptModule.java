package aiserver.bench.djl;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import aiserver.engine.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * One TorchScript module on DJL: arrays in, arrays out, all of a call freed at its end. The module keeps state of its own
 * (its KV cache), so one thread at a time: its engine's lock sees to that.
 */
final class ScriptModule implements AutoCloseable {
    private final Model model;
    private final Predictor<NDList, NDList> predictor;

    private ScriptModule(Model model) {
        this.model = model;
        this.predictor = model.newPredictor(new NoopTranslator(null));
    }

    /** @param threads see {@link DjlSettings} */
    static ScriptModule load(Path file, int threads) {
        // Read by the engine when it starts, which is when the first module is loaded.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(threads));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        // Shapes change with every prompt: the optimiser would compile each anew, for seconds.
        System.setProperty("ai.djl.pytorch.graph_optimizer", "false");
        if (!Files.isRegularFile(file)) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, "there is no module " + file);
        }
        Model model = Model.newInstance(file.getParent().getFileName() + "-" + file.getFileName(), "PyTorch");
        try {
            model.load(file.getParent(), file.getFileName().toString().replaceFirst("\\.pt$", ""));
            return new ScriptModule(model);
        } catch (IOException | MalformedModelException e) {
            model.close();
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, file + " cannot be loaded: " + e.getMessage(), e);
        }
    }

    /** The result of a call as Java sees it; {@code inputs} makes its arrays with the given manager. */
    <T> T call(Function<NDManager, NDList> inputs, Function<NDList, T> result) {
        try (NDManager manager = model.getNDManager().newSubManager()) {
            NDList outputs = predictor.predict(inputs.apply(manager));
            outputs.attach(manager);
            return result.apply(outputs);
        } catch (TranslateException e) {
            throw new EngineException(EngineException.Kind.ENGINE_FAILED, "PyTorch failed: " + e.getMessage(), e);
        }
    }

    /** The only output's floats. */
    float[] floats(Function<NDManager, NDList> inputs) {
        return call(inputs, outputs -> outputs.singletonOrThrow().toFloatArray());
    }

    static NDArray number(NDManager manager, long value) {
        return manager.create(new long[] {value});
    }

    @Override
    public void close() {
        predictor.close();
        model.close();
    }
}
