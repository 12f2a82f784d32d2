package aiserver.bench.measure;

import aiserver.bench.client.Orders;
import aiserver.bench.client.QueueClient;
import aiserver.bench.weights.Exports;
import aiserver.bench.weights.RealShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Resident memory: the worker before its first job, after one job of each kind, and after its models were unloaded
 * again; the C program that has used the same models; the DJL variant after the same jobs, in full with models of real
 * shapes. Memory does not depend on who else uses the machine.
 */
final class MemoryPart implements Part {
    private static final Duration MOST = Duration.ofMinutes(20);
    private static final int ROUNDS = 3;
    private static final int SETTLE_MILLIS = 2500;
    /** How long a model that nobody uses is kept, in quick and in full. */
    private static final int KEPT_SECONDS = 60;
    private static final int KEPT_SECONDS_FULL = 300;
    private static final int SIDE = 128;
    private static final int STEPS = 16;
    private static final int REAL_SIDE = 512;
    private static final int CONTEXT = 2560;

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public boolean timed() {
        return false;
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        own(setting, results);
        if (!setting.quick()) {
            real(setting, results);
        }
    }

    private static void own(Setting setting, Results results) throws IOException {
        Path demo = setting.work().demo();
        List<Memory> fresh = new ArrayList<>();
        List<Memory> loaded = new ArrayList<>();
        List<Memory> unloaded = new ArrayList<>();
        List<Memory> limits = new ArrayList<>();
        List<Double> above = new ArrayList<>();
        int kept = setting.size(KEPT_SECONDS, KEPT_SECONDS_FULL);
        int count = setting.rounds(1, ROUNDS);
        for (int round = 0; round < count; round++) {
            try (QueueClient client = new QueueClient();
                    Contender worker = Workers.ours("memory-ours", client, setting, "--idle-unload=" + kept + "s")) {
                MeasureCommand.sleep(8000);
                fresh.add(Memory.of(worker));
                long begun = System.nanoTime();
                use(client, setting);
                loaded.add(Memory.of(worker));
                long took = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
                if (took >= kept) {
                    throw new IOException("the three jobs took " + took + " s, and the first one's model is kept for " + kept
                            + " s: not all were loaded when their memory was counted. The machine is too busy, or --full helps");
                }
                MeasureCommand.sleep(1000 * (kept + 10));
                unloaded.add(Memory.of(worker));
            }
            limits.add(limit(setting, SIDE, STEPS, demo.resolve("qwen3-demo.gguf"), demo.resolve("whisper-demo.bin"),
                    demo.resolve("sd3-demo.safetensors"), demo.resolve("sd3-demo-taesd.safetensors")));
            above.add(loaded.getLast().rss() - limits.getLast().rss());
        }
        Map<String, Object> rounds = Map.of("rounds", count);
        Map<String, Object> details = new LinkedHashMap<>(rounds);
        details.put("before the first job", Memory.middle(fresh).json());
        details.put("all three loaded and used", Memory.middle(loaded).json());
        details.put("after unloading", Memory.middle(unloaded).json());
        details.put("C program, all three loaded and used", Memory.middle(limits).json());
        String models = "the project's own models, RSS";
        results.add(new Row("memory-idle", "idle worker, models unloaded", rss(unloaded), "MB", models, details, false));
        results.add(new Row("memory-fresh", "worker before its first job", rss(fresh), "MB", models, rounds, false));
        results.add(new Row("memory-c", "resident memory above the C program with the same models", Spread.of(above), "MB", models,
                rounds, false));
        Exports exports = new Exports(setting.work());
        Memory djl = djl(setting, "bf16", SIDE, STEPS, exports.speech(demo.resolve("whisper-demo.bin"), "bf16"),
                exports.language(demo.resolve("qwen3-demo.gguf"), "bf16", 4096),
                exports.picture(demo.resolve("sd3-demo.safetensors"), demo.resolve("sd3-demo-taesd.safetensors"), "bf16", SIDE));
        results.add(new Row("memory-djl-own", "resident memory, all three models loaded, to DJL bf16", one(Memory.middle(loaded).rss() / djl.rss()),
                "ratio", models, both(Memory.middle(loaded), djl), false));
    }

    private static void real(Setting setting, Results results) throws IOException {
        Path language = RealShape.QWEN_600M_Q4_K_M.in(setting.work());
        Path speech = RealShape.WHISPER_LARGE_Q5_0.in(setting.work());
        Path picture = RealShape.SD_MEDIUM_Q4_0.in(setting.work());
        Path taesd = RealShape.AUTOENCODER.in(setting.work());
        Exports exports = new Exports(setting.work());
        Path djlSpeech = exports.speech(RealShape.WHISPER_LARGE_BF16.in(setting.work()), "bf16");
        Path djlLanguage = exports.language(RealShape.QWEN_600M_F16.in(setting.work()), "bf16", CONTEXT);
        Path djlPicture = exports.picture(RealShape.SD_MEDIUM_BF16.in(setting.work()), taesd, "bf16", REAL_SIDE);
        List<Memory> ours = new ArrayList<>();
        List<Memory> djl = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            try (QueueClient client = new QueueClient();
                    Contender worker = Workers.ours("memory-real", client, setting, "--llm-model=" + language, "--stt-model=" + speech,
                            "--image-model=" + picture, "--image-taesd=" + taesd, "--image-clip-l=" + RealShape.CLIP_L.in(setting.work()),
                            "--image-width=" + REAL_SIDE, "--image-height=" + REAL_SIDE, "--image-steps=1", "--image-translate=false",
                            "--llm-context=" + CONTEXT, "--llm-concurrency=1", "--llm-temperature=0", "--llm-state-folder=none")) {
                use(client, setting);
                ours.add(Memory.of(worker));
            }
            djl.add(djl(setting, "bf16", REAL_SIDE, 1, djlSpeech, djlLanguage, djlPicture));
            ratios.add(ours.getLast().rss() / djl.getLast().rss());
        }
        Map<String, Object> details = both(Memory.middle(ours), Memory.middle(djl));
        details.put("rounds", ROUNDS);
        results.add(new Row("memory-djl", "resident memory, all three models loaded, to DJL bf16, real shapes", Spread.of(ratios), "ratio",
                "the formats of the edge profile (Qwen3-0.6B Q4_K_M, Whisper large-v3 Q5_0, SD3.5-medium Q4_0)"
                + " to the same shapes in bf16, RSS", details, false));
    }

    private static Map<String, Object> both(Memory ours, Memory djl) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("worker", ours.json());
        details.put("DJL bf16", djl.json());
        return details;
    }

    private static Memory djl(Setting setting, String type, int side, int steps, Path speech, Path language, Path picture) throws IOException {
        try (QueueClient client = new QueueClient();
                Contender worker = Workers.leanDjl("memory-djl-" + type, client, setting, "--speech=" + speech, "--language=" + language,
                        "--picture=" + picture, "--stt-words=false", "--llm-prompt=compact", "--llm-temperature=0", "--image-width=" + side,
                        "--image-height=" + side, "--image-steps=" + steps, "--image-guidance=2.25", "--image-translate=false")) {
            use(client, setting);
            return Memory.of(worker);
        }
    }

    // One job of each kind: memory is taken at first use.
    private static void use(QueueClient client, Setting setting) throws IOException {
        byte[] recording = Files.readAllBytes(setting.work().home().resolve("src/main/resources/aiserver/demo/order-ko.wav"));
        client.ask("stt", Map.of("audio_bytes", Base64.getEncoder().encodeToString(recording), "filename", "order-ko.wav",
                "language", "ko"), MOST);
        client.ask("llm", Orders.payload(Orders.SPOKEN.getFirst()), MOST);
        client.ask("image", Map.of("prompt", "딸기를 올린 초콜릿 케이크", "seed", 7), MOST);
        MeasureCommand.sleep(SETTLE_MILLIS);
    }

    private static Memory limit(Setting setting, int side, int steps, Path... files) {
        List<String> command = new ArrayList<>(List.of(setting.work().limit().toString(), "hold", String.valueOf(setting.threads()),
                String.valueOf(side), String.valueOf(steps)));
        for (Path file : files) {
            command.add(file.toString());
        }
        command.add(setting.work().home().resolve("models-gguf/small/clip-l-demo.gguf").toString());
        try (Contender c = Contender.ready("memory-c", command, setting.engines(), setting)) {
            c.run();
            MeasureCommand.sleep(SETTLE_MILLIS);
            return Memory.of(c);
        }
    }

    private static Spread rss(List<Memory> rounds) {
        return Spread.of(rounds.stream().map(Memory::rss).toList());
    }

    static Spread one(double figure) {
        return new Spread(figure, figure, figure);
    }
}
