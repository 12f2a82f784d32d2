package aiserver.check;

import aiserver.engine.AnswerForm;
import aiserver.engine.ChatMessage;
import aiserver.engine.LlamaEngine;
import aiserver.engine.LlamaSettings;
import aiserver.engine.RunControl;
import aiserver.engine.Sampling;
import aiserver.engine.TextRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** The language model: tokens a second alone and for many at once, and the time to the first token of a long prompt. */
final class LanguagePart {
    private static final int ROUNDS = 4;
    private static final int SHORT_PROMPT = 32;

    private final CheckSetting setting;

    LanguagePart(CheckSetting setting) {
        this.setting = setting;
    }

    void run(CheckRows rows, Path model, String name) throws IOException {
        int tokens = setting.pick(12, 128);
        for (int sequences : setting.tiny() ? new int[] {1, 3} : new int[] {1, 8, 32}) {
            double worker = tokensASecond(model, sequences, tokens, rows, name);
            Double cLoop = setting.limit() == null ? null : rate(CLoop.run(setting, setting.deviceName(), List.of("batch", model.toString(),
                    String.valueOf(setting.threads()), String.valueOf(SHORT_PROMPT), String.valueOf(tokens), String.valueOf(sequences)), ROUNDS));
            rows.add(name + ": " + sequences + (sequences == 1 ? " answer" : " answers at once"), "tok/s", worker, cLoop);
        }
        int prompt = setting.pick(64, 800);
        Double cLoop = setting.limit() == null ? null : CLoop.middle(CLoop.run(setting, setting.deviceName(), List.of("prefill", model.toString(),
                String.valueOf(setting.threads()), String.valueOf(prompt)), ROUNDS), "seconds");
        rows.add(name + ": first token after a prompt of " + prompt, "s", firstToken(model, prompt), cLoop);
    }

    private static double rate(List<Map<String, Object>> answers) {
        return CLoop.middle(answers, "tokens") / CLoop.middle(answers, "seconds");
    }

    private LlamaEngine engine(Path model, int context, int sequences) {
        LlamaEngine engine = new LlamaEngine(LlamaSettings.of(model).withContext(context, sequences).withThreads(setting.threads())
                .withDevice(setting.device()));
        engine.load(RunControl.NONE);
        return engine;
    }

    private static TextRequest request(String text, int tokens) {
        return new TextRequest(List.of(ChatMessage.user(text)), new AnswerForm.Free(), tokens, Sampling.GREEDY);
    }

    private double tokensASecond(Path model, int sequences, int tokens, CheckRows rows, String name) throws IOException {
        try (LlamaEngine engine = engine(model, Math.max(256, tokens + 128), sequences)) {
            List<Double> rates = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                Writing writing = new Writing();
                List<CompletableFuture<Integer>> answers = new ArrayList<>();
                for (int i = 0; i < sequences; i++) {
                    String text = "order " + i + " of round " + round;
                    answers.add(CompletableFuture.supplyAsync(() -> engine.generate(request(text, tokens), writing).tokens().size(),
                            command -> Thread.ofPlatform().start(command)));
                }
                int written = answers.stream().mapToInt(CompletableFuture::join).sum();
                if (round > 0) {
                    rates.add(written / writing.seconds());
                }
            }
            rows.memory(name + " with " + sequences + " at once", setting);
            rates.sort(null);
            return rates.get(rates.size() / 2);
        }
    }

    private double firstToken(Path model, int prompt) {
        try (LlamaEngine engine = engine(model, prompt + 256, 1)) {
            StringBuilder text = new StringBuilder();
            while (engine.countTokens(List.of(ChatMessage.user(text.toString()))) < prompt) {
                text.append((char) ('a' + text.length() * 7 % 26));
            }
            List<Double> times = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                // Begins anew each time, or the state of the last round would be found.
                text.setCharAt(0, (char) ('A' + round));
                long began = System.nanoTime();
                engine.generate(request(text.toString(), 1), RunControl.NONE);
                times.add((System.nanoTime() - began) * 1e-9);
            }
            times.removeFirst();
            times.sort(null);
            return times.get(times.size() / 2);
        }
    }

    /** From the first answer's first token on: the prompts are not in it. */
    private static final class Writing implements RunControl {
        private final AtomicLong began = new AtomicLong();

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void progress(double fraction) {
            if (fraction > 0.5) {
                began.compareAndSet(0, System.nanoTime());
            }
        }

        double seconds() {
            return (System.nanoTime() - began.get()) * 1e-9;
        }
    }
}
