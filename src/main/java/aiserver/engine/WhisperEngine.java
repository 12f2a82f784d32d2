package aiserver.engine;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Speech to text by whisper.cpp: one model, as many runs at a time as the settings say, each on a thread and a state of
 * its own. Runs hold the lock for reading, loading and unloading take it for writing; so an unload waits for the runs
 * in hand. After a failure that the guard caught, the model is unloaded, since its state is unknown; the next run loads
 * it again.
 */
public final class WhisperEngine implements SpeechEngine {
    /** The spectrogram of a whole recording is held at once; longer ones are cut by the caller. */
    private static final int MAX_SAMPLES = 3600 * RATE;

    private final WhisperSettings settings;
    private final EngineThread threads;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private volatile WhisperModel model;
    private volatile WhisperFile file;
    private volatile boolean closed;

    public WhisperEngine(WhisperSettings settings) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.threads = new EngineThread("whisper", settings.states());
    }

    @Override
    public void load(RunControl control) {
        requireOpen();
        if (usable(model)) {
            return; // a lock for writing would wait for the runs in hand
        }
        lock.writeLock().lock();
        try {
            // Again: the engine may have been closed while this waited, and nobody would free the model.
            requireOpen();
            if (model != null && model.broken()) {
                closeModel();
            }
            if (model == null) {
                if (control.cancelled()) {
                    throw new EngineException(EngineException.Kind.CANCELLED, "loading the speech model was cancelled");
                }
                control.progress(0);
                file = WhisperFile.check(settings.model());
                NativeLibraries.load();
                model = threads.call(() -> WhisperModel.load(settings, file));
                control.progress(1);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private static boolean usable(WhisperModel model) {
        return model != null && !model.broken();
    }

    @Override
    public void unload() {
        lock.writeLock().lock();
        try {
            if (model != null) {
                closeModel();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public boolean loaded() {
        return model != null;
    }

    @Override
    public String device() {
        WhisperModel current = model;
        return current == null ? settings.device() : current.device();
    }

    @Override
    public List<String> languages() {
        requireOpen();
        if (file == null) {
            file = WhisperFile.check(settings.model());
        }
        NativeLibraries.load();
        return WhisperModel.languages(file);
    }

    @Override
    public Transcript transcribe(float[] samples, SpeechRequest request, RunControl control) {
        requireSamples(samples);
        WhisperModel used;
        while (true) {
            load(control);
            lock.readLock().lock();
            used = model;
            if (usable(used)) {
                break;
            }
            // Unloaded or broken between the two locks.
            lock.readLock().unlock();
        }
        WhisperModel current = used;
        try {
            return threads.call(() -> current.transcribe(samples, request, control));
        } finally {
            lock.readLock().unlock();
            if (current.broken()) {
                unload(current);
            }
        }
    }

    private void unload(WhisperModel broken) {
        lock.writeLock().lock();
        try {
            if (model == broken) {
                closeModel();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    // Under the lock for writing.
    private void closeModel() {
        WhisperModel gone = model;
        model = null;
        threads.run(gone::close);
    }

    private static void requireSamples(float[] samples) {
        if (samples.length == 0 || samples.length > MAX_SAMPLES) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT,
                    "samples must be 1 to " + MAX_SAMPLES + " but are " + samples.length);
        }
        for (int i = 0; i < samples.length; i++) {
            if (!(Math.abs(samples[i]) <= 1)) {
                throw new EngineException(EngineException.Kind.INVALID_INPUT,
                        "sample " + i + " must be -1 to 1 but is " + samples[i]);
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw EngineException.closed("speech engine");
        }
    }

    @Override
    public void close() {
        closed = true;
        unload();
        threads.close();
    }
}
