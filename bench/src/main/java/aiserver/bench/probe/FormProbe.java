package aiserver.bench.probe;

import aiserver.bench.client.Orders;
import aiserver.engine.AnswerForm;
import aiserver.engine.Generation;
import aiserver.engine.LlamaEngine;
import aiserver.engine.LlamaSettings;
import aiserver.engine.RunControl;
import aiserver.engine.Sampling;
import aiserver.engine.TextRequest;
import aiserver.service.order.LanguageSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * An order's answer by the worker's language engine: in its form, in the same form as a grammar, or free. The prompt is in
 * the cache from the run before, so that the time is that of writing.
 */
@Command(name = "form", mixinStandardHelpOptions = true, description = "An order's answer in a form.")
final class FormProbe implements Callable<Integer> {
    private static final int CONTEXT = 4096;
    private static final int FREE_TOKENS = 160;

    /** How the answer is held to its form. */
    enum Form { FREE, TEMPLATE, GBNF }

    @Option(names = "--model", required = true)
    private Path model;
    @Option(names = "--threads", required = true)
    private int threads;
    @Option(names = "--form", required = true)
    private Form form;

    @Override
    public Integer call() throws IOException {
        try (LlamaEngine engine = new LlamaEngine(LlamaSettings.of(model).withContext(CONTEXT, 1).withThreads(threads))) {
            engine.load(RunControl.NONE);
            TextRequest order = OrderRequests.of(Orders.message("form", Orders.SPOKEN.getFirst()),
                    LanguageSettings.DEFAULT.withSampling(Sampling.GREEDY));
            TextRequest request = switch (form) {
                case FREE -> new TextRequest(order.messages(), new AnswerForm.Free(), FREE_TOKENS, Sampling.GREEDY);
                case TEMPLATE -> order;
                case GBNF -> new TextRequest(order.messages(),
                        new AnswerForm.Gbnf(FormGrammar.of((AnswerForm.Template) order.answer())), order.maxTokens(), Sampling.GREEDY);
            };
            return Probe.serve(() -> {
                long began = System.nanoTime();
                Generation generation = engine.generate(request, RunControl.NONE);
                return Map.of("seconds", Probe.since(began), "tokens", generation.tokens().size(),
                        "prompt_tokens", generation.promptTokens(), "cached_tokens", generation.cachedTokens(), "text", generation.text());
            });
        }
    }
}
