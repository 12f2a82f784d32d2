package aiserver.check;

import aiserver.engine.Devices;
import aiserver.engine.NativeLibraries;
import aiserver.job.JsonObjects;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The worker itself with all three models over a real Redis: what they hold together, and how long a spoken order waits
 * while a picture is drawn. Its clients see what a backend would see.
 */
final class WorkerPart {
    private static final Duration MOST = Duration.ofMinutes(8);
    private static final int ASKED = 5;

    private final CheckSetting setting;
    private final CheckModels models;
    private RedisClient redis;
    private int sent;

    WorkerPart(CheckSetting setting, CheckModels models) {
        this.setting = setting;
        this.models = models;
    }

    void run(CheckRows rows) throws IOException {
        try (EmbeddedRedis server = EmbeddedRedis.start(); RedisClient client = new LettuceRedisClient(server.uri(), Duration.ofSeconds(10))) {
            redis = client;
            Process worker = start(server.uri());
            try {
                measure(rows, worker);
            } finally {
                worker.destroy();
                if (!worker.waitFor(1, TimeUnit.MINUTES)) {
                    worker.destroyForcibly();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private void measure(CheckRows rows, Process worker) throws IOException, InterruptedException {
        speak(worker);
        think(worker);
        await(draw(), worker);
        rows.add("all three loaded and used: memory of the process", "MB", CheckRows.residentMb(worker.pid()), null);
        Devices.Device device = setting.chosen();
        if (device.gpu()) {
            rows.add("all three loaded and used: memory of the GPU", "MB", CheckRows.usedMb(device), null);
        }
        List<Double> alone = new ArrayList<>();
        for (int i = 0; i < ASKED; i++) {
            alone.add(speak(worker) + think(worker));
        }
        String picture = draw();
        List<Double> beside = new ArrayList<>();
        do {
            beside.add(speak(worker) + think(worker));
        } while (beside.size() < ASKED && redis.get("ai:result:" + picture) == null);
        await(picture, worker);
        alone.sort(null);
        beside.sort(null);
        rows.add("a spoken order, heard and understood", "s", alone.get(alone.size() / 2), null);
        rows.add("the same while a picture is drawn", "s", beside.get(beside.size() / 2), null);
    }

    private Process start(String uri) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-Xmx512m", "--enable-native-access=ALL-UNNAMED", "-Daiserver.home=" + setting.work(),
                "-D" + NativeLibraries.FOLDER_PROPERTY + "=" + NativeLibraries.folder().getParent(), "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), "aiserver.cli.Main", "run", "--no-watch",
                "--load=start", "--stt-model=" + models.speech(), "--llm-model=" + models.quantised(), "--image-model=" + models.picture(),
                "--image-clip-l=" + models.clip(), "--image-taesd=" + models.autoencoder(), "--llm-temperature=0", "--llm-max-tokens=192",
                "--llm-context=4096", "--llm-state-folder=none", "--image-flash-attention", "--dead-after=5m", "--image-translate=false",
                "--image-width=" + setting.pick(64, 512), "--image-height=" + setting.pick(64, 512), "--image-steps=" + setting.pick(4, 50),
                "--crash-folder=" + setting.out().resolve("crashes")));
        for (String lane : List.of("stt", "llm", "image")) {
            command.add("--" + lane + "-device=" + setting.device());
            command.add("--" + lane + "-threads=" + setting.threads());
        }
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(setting.out().resolve("worker.log").toFile());
        builder.environment().put("REDIS_URL", uri);
        return builder.start();
    }

    private double speak(Process worker) throws IOException, InterruptedException {
        return await(send("stt", Map.of("audio_bytes", Base64.getEncoder().encodeToString(Clip.wav(4)), "filename", "order.wav",
                "language", "ko")), worker);
    }

    private double think(Process worker) throws IOException, InterruptedException {
        return await(send("llm", Map.of("transcript", "초콜릿 케이크 하나 주문할게요. 번호 " + sent, "context", Map.of("menu",
                List.of(Map.of("name", "초콜릿 케이크", "price", 38000), Map.of("name", "치즈 케이크", "price", 36000)), "state", "greeting"))), worker);
    }

    private String draw() {
        return send("image", Map.of("prompt", "chocolate cake with strawberries", "seed", 7)).id();
    }

    private record Sent(String id, long nanos) {
    }

    private Sent send(String kind, Map<String, Object> payload) {
        String id = "check-" + kind + "-" + sent++;
        Map<String, Object> job = new LinkedHashMap<>();
        job.put("request_id", id);
        job.put("task_type", kind);
        job.put("payload", payload);
        Sent now = new Sent(id, System.nanoTime());
        redis.lpush("ai:queue:" + kind, JsonObjects.write(job).getBytes(StandardCharsets.UTF_8));
        return now;
    }

    private double await(Sent job, Process worker) throws IOException, InterruptedException {
        await(job.id(), worker);
        return (System.nanoTime() - job.nanos()) * 1e-9;
    }

    private void await(String id, Process worker) throws IOException, InterruptedException {
        long end = System.nanoTime() + MOST.toNanos();
        while (System.nanoTime() < end) {
            byte[] stored = redis.get("ai:result:" + id);
            if (stored != null) {
                Map<String, Object> reply = JsonObjects.read(new String(stored, StandardCharsets.UTF_8));
                if (reply.get("error") != null) {
                    throw new IOException("the worker answered " + id + " with " + reply.get("error"));
                }
                return;
            }
            if (!worker.isAlive()) {
                throw new IOException("the worker ended with status " + worker.exitValue() + "; see " + setting.out().resolve("worker.log"));
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
        throw new IOException("no answer to " + id + " within " + MOST);
    }
}
