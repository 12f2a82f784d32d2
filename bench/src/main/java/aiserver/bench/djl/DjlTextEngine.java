package aiserver.bench.djl;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDList;
import aiserver.engine.ChatMessage;
import aiserver.engine.EngineException;
import aiserver.engine.FormDecoder;
import aiserver.engine.Generation;
import aiserver.engine.RunControl;
import aiserver.engine.TextEngine;
import aiserver.engine.TextRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Qwen3 on DJL: one sequence with a KV cache inside its module; what a prompt shares with the one before it is not
 * computed again; text that the form fixes goes in as one batch. One answer at a time.
 */
public final class DjlTextEngine implements TextEngine, FormDecoder.Tokens {
    private static final int MOST_AT_ONCE = 512;

    private final DjlSettings settings;
    private final Map<String, int[]> remembered = new HashMap<>();
    private ScriptModule module;
    private HuggingFaceTokenizer tokenizer;
    private TokenTable table;
    private int start;
    private int end;
    private int endOfText;
    private int context;
    private int[] held = {};

    public DjlTextEngine(DjlSettings settings) {
        this.settings = settings;
    }

    @Override
    public synchronized void load(RunControl control) {
        if (module != null) {
            return;
        }
        try {
            table = TokenTable.read(settings.folder());
            tokenizer = HuggingFaceTokenizer.newInstance(settings.folder().resolve("tokenizer.json"),
                    Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false", "modelMaxLength", "1000000"));
        } catch (IOException e) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, settings.folder() + ": " + e.getMessage(), e);
        }
        start = table.meta().at("/control/<|im_start|>").asInt();
        end = table.meta().at("/control/<|im_end|>").asInt();
        endOfText = table.meta().at("/control/<|endoftext|>").asInt();
        context = table.meta().path("context").asInt();
        module = ScriptModule.load(settings.folder().resolve("model.pt"), settings.threads());
    }

    @Override
    public synchronized void unload() {
        if (module != null) {
            module.close();
            tokenizer.close();
            module = null;
            held = new int[0];
            remembered.clear();
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
    public synchronized int contextTokens() {
        load(RunControl.NONE);
        return context;
    }

    @Override
    public synchronized int countTokens(List<ChatMessage> messages) {
        load(RunControl.NONE);
        return prompt(messages).length;
    }

    // ChatML, piece by piece as the worker does it: control tokens by their ids, so that no text can be one.
    private int[] prompt(List<ChatMessage> messages) {
        List<Integer> ids = new ArrayList<>();
        for (ChatMessage message : messages) {
            ids.add(start);
            add(ids, message.role().templateName() + "\n");
            add(ids, message.content());
            ids.add(end);
            add(ids, "\n");
        }
        ids.add(start);
        add(ids, "assistant\n");
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }

    private void add(List<Integer> ids, String text) {
        for (int id : tokenize(text)) {
            ids.add(id);
        }
    }

    @Override
    public synchronized Generation generate(TextRequest request, RunControl control) {
        load(control);
        int[] prompt = prompt(request.messages());
        if (prompt.length + request.maxTokens() > context) {
            throw new EngineException(EngineException.Kind.CONTEXT_TOO_LONG, "a prompt of " + prompt.length
                    + " tokens and an answer of up to " + request.maxTokens() + " do not fit a context of " + context);
        }
        FormDecoder decoder = new FormDecoder(request, this, text -> remembered.computeIfAbsent(text, this::tokenize));
        List<Integer> written = new ArrayList<>();
        FormDecoder.Step step = decoder.start();
        int[] feed = joined(prompt, step.tokens());
        // The last token is always computed: its logits are wanted.
        int shared = Math.min(shared(feed), feed.length - 1);
        held = Arrays.copyOf(held, shared);
        int cached = Math.min(shared, prompt.length);
        note(written, step.tokens());
        while (!step.last()) {
            step = decoder.next(computed(feed, control));
            note(written, step.tokens());
            control.progress(Math.min(1, 0.5 + 0.5 * written.size() / request.maxTokens()));
            feed = joined(held, step.tokens());
        }
        return new Generation(decoder.text(), written, prompt.length, cached, decoder.finished(), decoder.choices());
    }

    // The logits after the last of the tokens, of which those held are not computed again.
    private float[] computed(int[] tokens, RunControl control) {
        float[] logits = null;
        while (held.length < tokens.length) {
            if (control.cancelled()) {
                throw new EngineException(EngineException.Kind.CANCELLED, "the answer was cancelled");
            }
            int at = held.length;
            long[] ids = Arrays.stream(tokens, at, Math.min(tokens.length, at + MOST_AT_ONCE)).asLongStream().toArray();
            logits = module.floats(manager -> new NDList(manager.create(ids), ScriptModule.number(manager, at)));
            held = Arrays.copyOf(tokens, at + ids.length);
        }
        return logits;
    }

    private int shared(int[] tokens) {
        int different = Arrays.mismatch(held, tokens);
        return different < 0 ? tokens.length : Math.min(different, Math.min(held.length, tokens.length));
    }

    private static int[] joined(int[] first, int[] second) {
        int[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }

    private static void note(List<Integer> written, int[] tokens) {
        Arrays.stream(tokens).forEach(written::add);
    }

    @Override
    public int size() {
        return table.bytes().length;
    }

    @Override
    public int[] tokenize(String text) {
        return Arrays.stream(tokenizer.encode(text, false, false).getIds()).mapToInt(Math::toIntExact).toArray();
    }

    @Override
    public byte[] bytes(int token) {
        return table.bytes()[token];
    }

    @Override
    public boolean endsTurn(int token) {
        return token == end || token == endOfText;
    }

    @Override
    public void close() {
        unload();
    }
}
