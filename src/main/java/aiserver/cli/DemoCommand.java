package aiserver.cli;

import aiserver.config.RunOptions;
import aiserver.config.WorkerOptions;
import aiserver.job.JsonObjects;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.worker.AIWorker;
import aiserver.worker.WorkerSettings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code ai-server demo}: the whole way of an order in one process, over a real Redis: a spoken sentence goes in as a
 * backend would send it, and transcript, order and picture come out as a backend would receive them.
 */
@Command(name = "demo", mixinStandardHelpOptions = true, sortOptions = false, abbreviateSynopsis = true,
        description = "Sends one spoken order through speech, language and picture, and shows what comes back.")
public final class DemoCommand implements Callable<Integer> {
    private static final String SPOKEN = "초콜릿 케이크 하나 주문할게요. 딸기를 올려 주세요.";
    private static final List<Map<String, Object>> MENU = List.of(
            item("초콜릿 케이크", 38000), item("딸기 생크림 케이크", 35000), item("치즈 케이크", 36000),
            item("당근 케이크", 34000), item("말차 케이크", 37000), item("레드벨벳 케이크", 39000));

    @Mixin
    private RunOptions options;

    @Option(names = "--wav", paramLabel = "FILE", description = "A recording of yours in place of the project's.")
    private Path recording;

    @Option(names = "--out", paramLabel = "DIR", defaultValue = "out", description = "Where the picture goes. Default: ${DEFAULT-VALUE}.")
    private Path out;

    private final PrintStream screen = System.out;

    private static Map<String, Object> item(String name, int price) {
        return Map.of("name", name, "price", price, "styles", List.of("둥근", "하트", "사각", "2단"),
                "options", List.of("딸기", "블루베리", "초콜릿 칩", "초"));
    }

    @Override
    public Integer call() throws IOException {
        byte[] audio = audio();
        WorkerOptions worker = options.worker;
        // An order takes all three; with a lane missing its job would wait for a worker that never comes.
        worker.tasks = List.of("stt", "llm", "image");
        Models models = Models.chosen(options);
        if (models.noise().contains("image")) {
            options.image.draft();
        }
        try (EmbeddedRedis own = worker.redisUrl == null ? EmbeddedRedis.start() : null;
                RedisClient redis = new LettuceRedisClient(own == null ? worker.redisUrl : own.uri(), worker.redisTimeout, worker.redisCa);
                Services services = Services.of(options);
                DemoClient client = new DemoClient(redis, this::showProgress)) {
            WorkerSettings settings = worker.settings(WorkerSettings.newWorkerId("demo"), List.of(), 0);
            AIWorker server = new AIWorker(settings, redis, services.handlers(), new SimpleMeterRegistry(), Runtime.getRuntime()::halt);
            server.start();
            try {
                return order(client, audio, models);
            } finally {
                server.stop();
            }
        }
    }

    private int order(DemoClient client, byte[] audio, Models models) throws IOException {
        screen.println("Said        " + (recording == null ? SPOKEN + "  (espeak-ng, " + audio.length / 1024 + " KB of WAV)" : recording));

        Map<String, Object> heard = client.send("stt", Map.of("audio_bytes", Base64.getEncoder().encodeToString(audio),
                "filename", recording == null ? "order-ko.wav" : recording.getFileName().toString()));
        String transcript = (String) heard.get("text");
        screen.println("Heard       " + transcript + "  (" + heard.get("language") + ", probability "
                + heard.get("language_probability") + ")" + noise(models, "stt"));

        // A model of random weights may have heard nothing; the order goes on with what was said.
        Map<String, Object> order = client.send("llm", Map.of("transcript", transcript.isBlank() ? SPOKEN : transcript,
                "context", Map.of("menu", MENU, "state", "greeting")));
        screen.println("Understood  " + noise(models, "llm"));
        order.forEach((key, value) -> screen.println("              " + key + ": " + JsonObjects.write(value)));

        Map<String, Object> picture = client.send("image", Map.of("prompt", prompt(order, transcript), "seed", 7));
        Files.createDirectories(out);
        Path file = out.resolve("cake.png");
        Files.write(file, Base64.getDecoder().decode((String) picture.get("image_base64")));
        screen.println("Drawn       " + picture.get("prompt") + noise(models, "image"));
        screen.println("            " + file.toAbsolutePath() + "  (" + picture.get("width") + "x" + picture.get("height") + ", "
                + picture.get("steps") + " steps, seed " + picture.get("seed") + ")");
        return 0;
    }

    /** What the customer ordered, in words, as a backend would ask for its picture. */
    private static String prompt(Map<String, Object> order, String transcript) {
        StringBuilder words = new StringBuilder();
        if (order.get("order_state") instanceof Map<?, ?> state) {
            for (String part : List.of("style", "menu")) {
                if (state.get(part) instanceof String text) {
                    words.append(text).append(' ');
                }
            }
            if (state.get("options") instanceof List<?> options && !options.isEmpty()) {
                words.append(String.join(" ", options.stream().map(Object::toString).toList()));
            }
        }
        return words.toString().isBlank() ? (transcript.isBlank() ? SPOKEN : transcript) : words.toString().strip();
    }

    private void showProgress(Map<String, Object> progress) {
        if (System.console() != null && progress.get("fraction") instanceof Number fraction) {
            screen.printf("\r            %s %s %3.0f %%   \r", progress.get("task_type"), progress.get("stage"), 100 * fraction.doubleValue());
            screen.flush();
        }
    }

    private static String noise(Models models, String task) {
        return models.noise().contains(task) ? "   [noise: this model has random weights]" : "";
    }

    private byte[] audio() throws IOException {
        if (recording != null) {
            if (!Files.isReadable(recording)) {
                throw new CommandFailure("--wav " + recording + " cannot be read");
            }
            return Files.readAllBytes(recording);
        }
        return recorded();
    }

    /** The project's own spoken order, a WAV file. */
    static byte[] recorded() throws IOException {
        try (InputStream in = DemoCommand.class.getResourceAsStream("/aiserver/demo/order-ko.wav")) {
            return in.readAllBytes();
        }
    }
}
