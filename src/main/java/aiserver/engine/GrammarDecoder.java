package aiserver.engine;

import bindings.guard.guard_h;
import bindings.llama.llama_token_data;
import bindings.llama.llama_token_data_array;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * Writes under a GBNF grammar: the few likeliest tokens are asked of the grammar, all others only where it refuses
 * those. Holds a native sampler until it is closed. Used by the engine's thread.
 */
final class GrammarDecoder implements AnswerDecoder, AutoCloseable {
    static final int MAX_CHARS = 256 << 10;
    /** The engine's grammar parser and its stacks recurse: without a bound the native stack overflows. */
    static final int MAX_NESTING = 64;

    private final LlamaModel model;
    private final TokenSampler sampler;
    private final NativeHandle grammar;
    private final NativeHandle.Use use;
    // automatic: nothing to undo where the making of this fails half way
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment candidate = llama_token_data.allocate(arena);
    private final MemorySegment candidates = llama_token_data_array.allocate(arena);
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private int left;
    private boolean finished;

    /** @throws EngineException INVALID_INPUT for a grammar that is too large, too deep or cannot be read */
    GrammarDecoder(AnswerForm.Gbnf form, LlamaModel model, Sampling sampling, int maxTokens) {
        requireBounded(form.grammar());
        this.model = model;
        this.sampler = new TokenSampler(sampling);
        this.left = maxTokens;
        try (Arena local = Arena.ofConfined()) {
            MemorySegment parsed = guard_h.ag_llama_grammar(model.vocabulary(), local.allocateFrom(form.grammar()),
                    local.allocateFrom("root"));
            if (parsed.equals(MemorySegment.NULL)) {
                throw Guard.failure("the grammar cannot be read", EngineException.Kind.INVALID_INPUT);
            }
            this.grammar = new NativeHandle("grammar", parsed, guard_h::ag_llama_sampler_free);
        }
        this.use = grammar.use();
        llama_token_data_array.data(candidates, candidate);
    }

    /** Checks what the engine's parser does not survive: size, and parentheses within parentheses. */
    static void requireBounded(String grammar) {
        if (grammar.isBlank()) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, "the grammar is empty");
        }
        if (grammar.length() > MAX_CHARS || grammar.indexOf('\0') >= 0) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, grammar.length() > MAX_CHARS
                    ? "the grammar has " + grammar.length() + " characters, at most " + MAX_CHARS + " are possible"
                    : "the grammar holds a zero character");
        }
        int depth = 0;
        for (int i = 0; i < grammar.length(); i++) {
            switch (grammar.charAt(i)) {
                case '"' -> i = closing(grammar, i, '"');
                case '[' -> i = closing(grammar, i, ']');
                case '#' -> {
                    int end = grammar.indexOf('\n', i);
                    i = end < 0 ? grammar.length() : end;
                }
                case '(' -> {
                    if (++depth > MAX_NESTING) {
                        throw new EngineException(EngineException.Kind.INVALID_INPUT,
                                "the grammar nests deeper than " + MAX_NESTING + " parentheses");
                    }
                }
                case ')' -> depth--;
                default -> { }
            }
        }
    }

    private static int closing(String text, int from, char end) {
        int i = from + 1;
        while (i < text.length() && text.charAt(i) != end) {
            i += text.charAt(i) == '\\' ? 2 : 1;
        }
        return i;
    }

    @Override
    public Step start() {
        return new Step(new int[0], false);
    }

    @Override
    public Wanted wanted() {
        return sampler.wanted();
    }

    @Override
    public Step next(MemorySegment logits) {
        int token = sampler.sample(logits, this::allows);
        accept(token);
        if (model.endsTurn(token)) {
            finished = true;
            return new Step(new int[0], true);
        }
        text.writeBytes(model.bytes(token));
        return new Step(new int[] {token}, --left == 0);
    }

    /** @throws EngineException for a token that the grammar does not allow here; the grammar is then of no more use */
    void accept(int token) {
        Guard.check(guard_h.ag_llama_sampler_accept(use.address(), token), "the grammar refused its own token " + token);
    }

    private boolean allows(int token) {
        llama_token_data.id(candidate, token);
        llama_token_data.logit(candidate, 1);
        llama_token_data.p(candidate, 0);
        llama_token_data_array.size(candidates, 1);
        llama_token_data_array.selected(candidates, -1);
        llama_token_data_array.sorted(candidates, false);
        Guard.check(guard_h.ag_llama_sampler_apply(use.address(), candidates), "the grammar failed at token " + token);
        return llama_token_data.logit(candidate) != Float.NEGATIVE_INFINITY;
    }

    @Override
    public String text() {
        return FreeDecoder.wholeCharacters(text.toByteArray());
    }

    @Override
    public Map<String, Generation.Chosen> choices() {
        return Map.of();
    }

    @Override
    public boolean finished() {
        return finished;
    }

    @Override
    public void close() {
        use.close();
        grammar.close();
    }
}
