package aiserver.bench.probe;

import aiserver.engine.AnswerForm;
import aiserver.engine.ChatMessage;
import aiserver.engine.Generation;
import aiserver.engine.LlamaEngine;
import aiserver.engine.LlamaSettings;
import aiserver.engine.RunControl;
import aiserver.engine.Sampling;
import aiserver.engine.TextRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Single tokens by the worker's language engine, as the worker drives it: what limit.c's {@code decode} is held against. */
@Command(name = "decode", mixinStandardHelpOptions = true, description = "Tokens one after the other.")
final class DecodeProbe implements Callable<Integer> {
    private static final ChatMessage PROMPT = new ChatMessage(ChatMessage.Role.USER,
            "I would like to order a chocolate cake with strawberries for tomorrow at three, please, and a card with it.");

    @Option(names = "--model", required = true)
    private Path model;
    @Option(names = "--threads", required = true)
    private int threads;
    @Option(names = "--tokens", required = true)
    private int tokens;

    @Override
    public Integer call() throws IOException {
        // The prompt and 64 more, as in limit.c: the cache is to be of the same size, since values of a head lie that far apart.
        LlamaSettings settings = LlamaSettings.of(model).withContext(96 + tokens, 1).withThreads(threads);
        try (LlamaEngine engine = new LlamaEngine(settings)) {
            engine.load(RunControl.NONE);
            TextRequest request = new TextRequest(List.of(PROMPT), new AnswerForm.Free(), tokens, Sampling.GREEDY);
            return Probe.serve(() -> {
                Clock clock = new Clock();
                Generation generation = engine.generate(request, clock);
                // Between the first and the last report of writing: the prompt is not in it.
                double share = 2 * (clock.last - clock.first);
                return Map.of("seconds", (clock.lastNanos - clock.firstNanos) * 1e-9, "tokens", share * tokens,
                        "written", generation.tokens().size(), "prompt_tokens", generation.promptTokens());
            });
        }
    }

    /** When the engine told how far it was: above a half it is writing. */
    private static final class Clock implements RunControl {
        private double first;
        private double last;
        private long firstNanos;
        private long lastNanos;

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void progress(double fraction) {
            if (fraction > 0.5) {
                last = fraction;
                lastNanos = System.nanoTime();
                if (firstNanos == 0) {
                    first = fraction;
                    firstNanos = lastNanos;
                }
            }
        }
    }
}
