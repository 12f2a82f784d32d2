package aiserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.Function;

/**
 * The worker's own way of choosing tokens, opened to the benchmarks: an engine on another library that decodes by it does
 * the same work per token and gives the same answers on the same logits. Lives in this package because the decoders are
 * no part of the engine's interface. One answer; one thread.
 */
public final class FormDecoder {
    /** A model's tokens. */
    public interface Tokens {
        int size();

        int[] tokenize(String text);

        /** Empty for control tokens. */
        byte[] bytes(int token);

        boolean endsTurn(int token);
    }

    /** What is fed next; {@code last}: nothing more is chosen. */
    public record Step(int[] tokens, boolean last) {
    }

    private final AnswerDecoder decoder;

    /** @throws EngineException INVALID_INPUT for a form that is a grammar, which needs llama.cpp */
    public FormDecoder(TextRequest request, Tokens tokens, Function<String, int[]> remembered) {
        Vocabulary vocabulary = new Vocabulary() {
            @Override
            public int size() {
                return tokens.size();
            }

            @Override
            public int[] tokenize(String text) {
                return tokens.tokenize(text);
            }

            @Override
            public byte[] bytes(int token) {
                return tokens.bytes(token);
            }

            @Override
            public boolean endsTurn(int token) {
                return tokens.endsTurn(token);
            }
        };
        decoder = switch (request.answer()) {
            case AnswerForm.Free free -> new FreeDecoder(vocabulary, request.sampling(), request.maxTokens());
            case AnswerForm.Template template -> new TemplateDecoder(template, vocabulary, remembered, request.sampling(), request.maxTokens());
            case AnswerForm.Gbnf grammar -> throw new EngineException(EngineException.Kind.INVALID_INPUT, "a grammar needs llama.cpp");
        };
    }

    public Step start() {
        return step(decoder.start());
    }

    /** @param logits a float for each token */
    public Step next(float[] logits) {
        return step(decoder.next(MemorySegment.ofArray(logits)));
    }

    private static Step step(AnswerDecoder.Step step) {
        return new Step(step.tokens(), step.last());
    }

    public String text() {
        return decoder.text();
    }

    public Map<String, Generation.Chosen> choices() {
        return decoder.choices();
    }

    public boolean finished() {
        return decoder.finished();
    }
}
