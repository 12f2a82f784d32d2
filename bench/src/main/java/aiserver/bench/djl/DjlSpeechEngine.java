package aiserver.bench.djl;

import ai.djl.ndarray.NDList;
import aiserver.engine.EngineException;
import aiserver.engine.RunControl;
import aiserver.engine.SpeechEngine;
import aiserver.engine.SpeechRequest;
import aiserver.engine.Transcript;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Whisper on DJL: the window is encoded once, then decoded token by token with the caches inside the module. Greedy with
 * whisper.cpp's rules for times, no second try at a higher temperature. Takes a shortened window as whisper.cpp does. One
 * utterance of at most 30 s at a time.
 */
public final class DjlSpeechEngine implements SpeechEngine {
    private static final double TIME_STEP = 0.02;
    private static final int POSITIONS = 1500;
    /** Start, language and task. */
    private static final int PROMPT = 3;
    private static final float[] NOTHING = {0};

    private final DjlSettings settings;
    private ScriptModule module;
    private TokenTable table;
    private WhisperTokens tokens;
    private int textPositions;

    public DjlSpeechEngine(DjlSettings settings) {
        this.settings = settings;
    }

    @Override
    public synchronized void load(RunControl control) {
        if (module != null) {
            return;
        }
        try {
            table = TokenTable.read(settings.folder());
        } catch (IOException e) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, settings.folder() + ": " + e.getMessage(), e);
        }
        tokens = WhisperTokens.of(table.meta().path("vocabulary").asInt());
        textPositions = table.meta().path("text_positions").asInt();
        module = ScriptModule.load(settings.folder().resolve("model.pt"), settings.threads());
    }

    @Override
    public synchronized Transcript transcribe(float[] samples, SpeechRequest request, RunControl control) {
        load(control);
        int positions = request.audioContext() == 0 ? POSITIONS : request.audioContext();
        String code = request.language();
        double probability = 1;
        float[] logits;
        if (code == null) {
            float[] first = decode(samples, positions, new int[] {WhisperTokens.START}, 0);
            int language = tokens.likeliestLanguage(first);
            code = WhisperTokens.codes().get(language);
            probability = tokens.languageProbability(first, language);
            logits = decode(NOTHING, positions, new int[] {tokens.language(code), tokens.transcribe()}, 1);
        } else {
            logits = decode(samples, positions, new int[] {WhisperTokens.START, tokens.language(code), tokens.transcribe()}, 0);
        }
        List<Integer> written = new ArrayList<>();
        List<Float> chances = new ArrayList<>();
        int at = PROMPT;
        while (at < textPositions / 2) {
            if (control.cancelled()) {
                throw new EngineException(EngineException.Kind.CANCELLED, "transcription was cancelled");
            }
            tokens.forbid(logits, written);
            int best = best(logits);
            if (best == WhisperTokens.END) {
                break;
            }
            chances.add(logProbability(logits, best));
            written.add(best);
            logits = decode(NOTHING, positions, new int[] {best}, at++);
        }
        return new Transcript(code, probability, segments(written, chances, samples.length / 16_000.0));
    }

    private float[] decode(float[] samples, int positions, int[] ids, int at) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return module.floats(manager -> new NDList(manager.create(samples), ScriptModule.number(manager, positions),
                manager.create(wide), ScriptModule.number(manager, at)));
    }

    private static int best(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        return best;
    }

    private static float logProbability(float[] logits, int id) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - logits[id]);
        }
        return (float) -Math.log(sum);
    }

    // Text between two times is a segment.
    private List<Transcript.Segment> segments(List<Integer> written, List<Float> chances, double end) {
        List<Transcript.Segment> segments = new ArrayList<>();
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        List<Integer> ids = new ArrayList<>();
        List<Float> logProbabilities = new ArrayList<>();
        double from = 0;
        for (int i = 0; i <= written.size(); i++) {
            int id = i < written.size() ? written.get(i) : tokens.firstTime() + (int) Math.round(end / TIME_STEP);
            if (id < tokens.firstTime()) {
                ids.add(id);
                logProbabilities.add(chances.get(i));
                text.writeBytes(table.bytes()[id]);
                continue;
            }
            double time = Math.min(end, (id - tokens.firstTime()) * TIME_STEP);
            if (!ids.isEmpty()) {
                segments.add(new Transcript.Segment(from, Math.max(from, time), text.toString(StandardCharsets.UTF_8), 0, ids, logProbabilities));
                text.reset();
                ids.clear();
                logProbabilities.clear();
            }
            from = time;
        }
        return segments;
    }

    @Override
    public List<String> languages() {
        return WhisperTokens.codes();
    }

    @Override
    public synchronized void unload() {
        if (module != null) {
            module.close();
            module = null;
        }
    }

    @Override
    public synchronized boolean loaded() {
        return module != null;
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
