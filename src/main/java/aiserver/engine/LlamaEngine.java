package aiserver.engine;

import bindings.guard.guard_h;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A language model on llama.cpp. One thread owns the model and its context: callers hand their requests over and wait,
 * and the thread turns the {@link BatchLoop} as long as there is anything to do. Owned by whoever made it.
 */
public final class LlamaEngine implements TextEngine {
    private static final Logger LOG = LoggerFactory.getLogger(LlamaEngine.class);
    private static final String NAME = "language engine";

    private final LlamaSettings settings;
    private final EngineThread thread = new EngineThread(NAME, 1);
    private final Queue<Errand> errands = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean turning = new AtomicBoolean();
    private volatile boolean loaded;
    private volatile boolean closed;
    private volatile String device;
    private volatile int contextTokens;
    // of the engine's thread
    private BatchLoop loop;

    /** Something to be done by the engine's thread; {@code afterAnswers}: only once no answer is in hand. */
    private record Errand(Runnable body, boolean afterAnswers) {
    }

    public LlamaEngine(LlamaSettings settings) {
        this.settings = settings;
        this.device = settings.device();
        this.contextTokens = settings.contextTokens();
    }

    @Override
    public Generation generate(TextRequest request, RunControl control) {
        PendingAnswer answer = new PendingAnswer(request, control);
        hand(new Errand(() -> {
            try {
                loadHere(control);
                loop.add(answer);
            } catch (RuntimeException | Error e) {
                answer.fail(e);
            }
        }, false));
        return answer.await();
    }

    @Override
    public int countTokens(List<ChatMessage> messages) {
        return call(false, () -> {
            loadHere(RunControl.NONE);
            return ChatPrompt.of(loop.model(), messages).tokens().length;
        });
    }

    /** The smaller of the settings' and the model's; the settings' before the first load. */
    @Override
    public int contextTokens() {
        return contextTokens;
    }

    @Override
    public void load(RunControl control) {
        if (!loaded) {
            call(false, () -> {
                loadHere(control);
                return null;
            });
        }
        requireOpen();
    }

    @Override
    public void unload() {
        if (!closed) {
            call(true, () -> {
                unloadHere();
                return null;
            });
        }
    }

    @Override
    public boolean loaded() {
        return loaded;
    }

    @Override
    public String device() {
        return device;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            call(true, () -> {
                closed = true;
                unloadHere();
                return null;
            });
            thread.close();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw EngineException.closed(NAME);
        }
    }

    private void hand(Errand errand) {
        requireOpen();
        errands.add(errand);
        if (turning.compareAndSet(false, true)) {
            thread.execute(this::turn);
        }
    }

    private <T> T call(boolean afterAnswers, Supplier<T> body) {
        CompletableFuture<T> result = new CompletableFuture<>();
        hand(new Errand(() -> {
            try {
                result.complete(body.get());
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        }, afterAnswers));
        return EngineThread.await(result);
    }

    // ---- from here on: the engine's thread

    private void turn() {
        do {
            try {
                while (!errands.isEmpty() || loop != null && !loop.idle()) {
                    runErrands();
                    if (loop != null && !loop.idle()) {
                        computeOnce();
                    }
                }
            } finally {
                // whatever happens, the next errand finds the thread free
                turning.set(false);
            }
        } while (!errands.isEmpty() && turning.compareAndSet(false, true));
    }

    private void runErrands() {
        for (Errand errand = errands.peek(); errand != null; errand = errands.peek()) {
            if (errand.afterAnswers() && loop != null && !loop.idle()) {
                return;
            }
            errands.remove();
            errand.body().run();
        }
    }

    private void computeOnce() {
        try {
            loop.turn();
        } catch (RuntimeException | Error e) {
            EngineException failure = e instanceof EngineException known ? known
                    : new EngineException(EngineException.Kind.ENGINE_FAILED, NAME + " failed: " + e, e);
            LOG.warn("{}; the model is unloaded", failure.getMessage());
            // before anybody hears of the failure: who comes back at once must not take the model for loaded
            loaded = false;
            loop.failAll(failure);
            unloadHere();
        }
    }

    private void loadHere(RunControl control) {
        requireOpen();
        if (loop != null) {
            return;
        }
        NativeLibraries.load();
        Placement placement = Placement.choose(settings.device(), settings.gpuLayers(), this::need);
        LlamaModel model = LlamaModel.load(settings, placement, control);
        try {
            loop = new BatchLoop(model, settings);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
        contextTokens = loop.contextTokens();
        device = placement.device();
        loaded = true;
    }

    private MemoryNeed need() {
        return MemoryNeed.language(settings, TensorIndex.read(settings.model(), "language model"), BatchLoop.cells(settings, settings.contextTokens()));
    }

    private void unloadHere() {
        if (loop != null) {
            BatchLoop ending = loop;
            loop = null;
            loaded = false;
            ending.close();
            guard_h.ag_trim_memory();
        }
    }
}
