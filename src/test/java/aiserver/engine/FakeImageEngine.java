package aiserver.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * An image engine without a model: pixels that depend on the whole request, progress for every step. Keeps what it was
 * asked, for tests to look at.
 */
public final class FakeImageEngine implements ImageEngine {
    public final List<ImageRequest> requests = new ArrayList<>();
    public int loads;
    private final int largestSide;
    private EngineException nextFailure;
    private int failingRuns;
    private boolean loaded;
    private boolean closed;

    public FakeImageEngine() {
        this(1024);
    }

    public FakeImageEngine(int largestSide) {
        this.largestSide = largestSide;
    }

    /** The next runs fail so. */
    public void failWith(EngineException failure, int runs) {
        nextFailure = failure;
        failingRuns = runs;
    }

    @Override
    public synchronized void load(RunControl control) {
        requireOpen();
        if (!loaded) {
            stopIfCancelled(control);
            control.progress(1);
            loaded = true;
            loads++;
        }
    }

    @Override
    public synchronized Picture generate(ImageRequest request, RunControl control) {
        requireOpen();
        load(control);
        if (failingRuns > 0) {
            failingRuns--;
            throw nextFailure;
        }
        if (request.width() > largestSide || request.height() > largestSide) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "the picture model draws up to " + largestSide
                    + " pixels a side, not " + request.width() + "x" + request.height());
        }
        requests.add(request);
        for (int step = 1; step <= request.steps(); step++) {
            stopIfCancelled(control);
            control.progress((double) step / request.steps());
        }
        stopIfCancelled(control);
        byte[] rgb = new byte[3 * request.width() * request.height()];
        new Random(request.hashCode()).nextBytes(rgb);
        return new Picture(request.width(), request.height(), rgb);
    }

    /** A token for every three letters of a word and for every sign: more than the real one makes of most texts. */
    @Override
    public int countTokens(String text) {
        int tokens = 0;
        for (String word : text.split(" +")) {
            String letters = word.replaceAll("[^\\p{L}\\p{N}]", "");
            tokens += (letters.length() + 2) / 3 + word.length() - letters.length();
        }
        return tokens;
    }

    @Override
    public synchronized void unload() {
        loaded = false;
    }

    @Override
    public synchronized boolean loaded() {
        return loaded;
    }

    @Override
    public String device() {
        return "CPU";
    }

    @Override
    public synchronized void close() {
        loaded = false;
        closed = true;
    }

    private void requireOpen() {
        if (closed) {
            throw EngineException.closed("image engine");
        }
    }

    private static void stopIfCancelled(RunControl control) {
        if (control.cancelled()) {
            throw new EngineException(EngineException.Kind.CANCELLED, "picture cancelled");
        }
    }
}
