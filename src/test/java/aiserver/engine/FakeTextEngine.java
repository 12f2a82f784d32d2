package aiserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * A text engine without a model: it follows the answer's form as the real one does, with logits that want to write a
 * given answer, or that are noise drawn from prompt and text so far.
 */
public final class FakeTextEngine implements TextEngine {
    private final FakeVocabulary vocabulary = new FakeVocabulary();
    private final Function<TextRequest, String> script;
    private final int contextTokens;
    private boolean loaded;
    private boolean closed;
    private TextRequest last;
    private EngineException next;

    /** @param script the answer that the model wants to give, null: noise */
    public FakeTextEngine(int contextTokens, Function<TextRequest, String> script) {
        this.contextTokens = contextTokens;
        this.script = script;
    }

    public synchronized TextRequest lastRequest() {
        return last;
    }

    /** Makes the next run fail. */
    public synchronized void failOnce(EngineException failure) {
        next = failure;
    }

    @Override
    public synchronized Generation generate(TextRequest request, RunControl control) {
        load(control);
        last = request;
        if (next != null) {
            EngineException failure = next;
            next = null;
            throw failure;
        }
        int prompt = countTokens(request.messages());
        if (prompt + request.maxTokens() > contextTokens) {
            throw new EngineException(EngineException.Kind.CONTEXT_TOO_LONG, "prompt of " + prompt + " tokens and answer of "
                    + request.maxTokens() + " do not fit the context of " + contextTokens);
        }
        AnswerDecoder decoder = switch (request.answer()) {
            case AnswerForm.Free free -> new FreeDecoder(vocabulary, request.sampling(), request.maxTokens());
            case AnswerForm.Template template ->
                    new TemplateDecoder(template, vocabulary, vocabulary::tokenize, request.sampling(), request.maxTokens());
            case AnswerForm.Gbnf grammar -> throw new EngineException(EngineException.Kind.INVALID_INPUT, "no grammars here");
        };
        String wanted = script.apply(request);
        List<Integer> tokens = new ArrayList<>();
        AnswerDecoder.Step step = decoder.start();
        while (true) {
            for (int token : step.tokens()) {
                tokens.add(token);
            }
            if (step.last()) {
                return new Generation(decoder.text(), tokens, prompt, 0, decoder.finished(), decoder.choices());
            }
            if (control.cancelled()) {
                throw new EngineException(EngineException.Kind.CANCELLED, "the answer was cancelled");
            }
            control.progress(Math.min(1.0, (double) tokens.size() / request.maxTokens()));
            byte[] written = vocabulary.bytes(tokens);
            float[] logits = wanted == null ? noise(request.messages().hashCode() * 31L + tokens.hashCode())
                    : vocabulary.wanting(wanted.getBytes(java.nio.charset.StandardCharsets.UTF_8), written.length, tokens);
            step = decoder.next(MemorySegment.ofArray(logits));
        }
    }

    private float[] noise(long seed) {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        float[] logits = new float[vocabulary.size()];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian() * 3;
        }
        return logits;
    }

    @Override
    public synchronized int countTokens(List<ChatMessage> messages) {
        load(RunControl.NONE);
        return messages.stream().mapToInt(message -> 4 + vocabulary.tokenize(message.content()).length).sum();
    }

    @Override
    public int contextTokens() {
        return contextTokens;
    }

    @Override
    public synchronized void load(RunControl control) {
        if (closed) {
            throw EngineException.closed("language engine");
        }
        if (control.cancelled()) {
            throw new EngineException(EngineException.Kind.CANCELLED, "loading was cancelled");
        }
        loaded = true;
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
}
