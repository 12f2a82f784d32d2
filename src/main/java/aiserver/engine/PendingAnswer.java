package aiserver.engine;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * One request on its way through the engine: made by the caller, who waits; filled by the engine's thread, which alone
 * touches everything but the future.
 */
final class PendingAnswer {
    // Told in steps: a caller may write each one down somewhere far away.
    private static final double PROGRESS_STEP = 0.05;
    private static final double PROMPT_SHARE = 0.5;

    final TextRequest request;
    final RunControl control;
    private final CompletableFuture<Generation> result = new CompletableFuture<>();
    private final IntList written = new IntList();
    private AnswerDecoder decoder;
    private int fixed;
    private int promptTokens;
    private int cachedTokens;
    private double told;

    PendingAnswer(TextRequest request, RunControl control) {
        this.request = request;
        this.control = control;
    }

    /** Makes the decoder and gives what is to be computed first: the prompt, and what of the answer is fixed at its start. */
    int[] begin(LlamaModel model, int contextTokens) {
        ChatPrompt chat = ChatPrompt.of(model, request.messages());
        int[] prompt = chat.tokens();
        fixed = chat.fixed();
        if (prompt.length + request.maxTokens() > contextTokens) {
            throw new EngineException(EngineException.Kind.CONTEXT_TOO_LONG, "a prompt of " + prompt.length
                    + " tokens and an answer of up to " + request.maxTokens() + " do not fit a context of " + contextTokens);
        }
        promptTokens = prompt.length;
        decoder = switch (request.answer()) {
            case AnswerForm.Free free -> new FreeDecoder(model, request.sampling(), request.maxTokens());
            case AnswerForm.Gbnf grammar -> new GrammarDecoder(grammar, model, request.sampling(), request.maxTokens());
            case AnswerForm.Template template -> new TemplateDecoder(template, model, model::tokenizeRemembered,
                    request.sampling(), request.maxTokens());
        };
        AnswerDecoder.Step step = decoder.start();
        written.addAll(step.tokens());
        IntList feed = new IntList();
        feed.addAll(prompt);
        feed.addAll(step.tokens());
        if (step.last()) {
            complete();
        }
        return feed.toArray();
    }

    /** How many of the first tokens are the same for every conversation of this kind. */
    int fixed() {
        return fixed;
    }

    void cached(int tokens) {
        cachedTokens = Math.min(tokens, promptTokens);
    }

    /** What {@link #next} will look at. */
    AnswerDecoder.Wanted wanted() {
        return decoder.wanted();
    }

    /** Chooses what comes next; null where the answer is complete. */
    int[] next(MemorySegment logits) {
        AnswerDecoder.Step step = decoder.next(logits);
        written.addAll(step.tokens());
        tell(PROMPT_SHARE + (1 - PROMPT_SHARE) * Math.min(1, (double) written.size() / request.maxTokens()));
        if (step.last()) {
            complete();
            return null;
        }
        return step.tokens();
    }

    void computed(int tokensOfPrompt) {
        tell(PROMPT_SHARE * Math.min(1, (double) tokensOfPrompt / promptTokens));
    }

    /** Safe from native upcalls: whatever the caller's control throws counts as "stop". */
    boolean cancelled() {
        try {
            return control.cancelled();
        } catch (RuntimeException | Error e) {
            return true;
        }
    }

    private void tell(double fraction) {
        if (fraction < told + PROGRESS_STEP) {
            return;
        }
        told = fraction;
        try {
            control.progress(fraction);
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void complete() {
        int[] tokens = written.toArray();
        result.complete(new Generation(decoder.text(), Arrays.stream(tokens).boxed().toList(), promptTokens, cachedTokens,
                decoder.finished(), decoder.choices()));
        release();
    }

    void fail(Throwable failure) {
        result.completeExceptionally(failure);
        release();
    }

    boolean done() {
        return result.isDone();
    }

    private void release() {
        if (decoder instanceof GrammarDecoder grammar) {
            grammar.close();
        }
        decoder = null;
    }

    /** What the engine's thread has made of it, as {@link EngineThread#await} waits. */
    Generation await() {
        return EngineThread.await(result);
    }
}
