package aiserver.cli;

import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import sun.misc.Signal;

/**
 * {@code ai-server rehearse}: a worker's life in short, with the project's own small models whatever the environment
 * names: it starts, does one job of speech and one of language, shows its metrics and stops by SIGTERM. The launcher
 * watches it to learn which classes a start needs (an ahead-of-time cache). Pictures are left out: they cost seconds and add
 * few classes.
 */
@Command(name = "rehearse", hidden = true, description = "Starts, works and stops once: what the launcher makes its start cache from.")
public final class RehearseCommand implements Callable<Integer> {
    private static final Duration MOST = Duration.ofMinutes(5);

    @Override
    public Integer call() throws Exception {
        int port = EmbeddedRedis.freePort();
        byte[] order = DemoCommand.recorded();
        try (EmbeddedRedis server = EmbeddedRedis.start();
                RedisClient redis = new LettuceRedisClient(server.uri(), MOST);
                DemoClient client = new DemoClient(redis, progress -> { })) {
            CompletableFuture<Void> jobs = CompletableFuture.runAsync(() -> jobs(client, order, port));
            // Closing the client below ends jobs that nobody answers: that must not raise the signal of jobs that are done.
            AtomicBoolean ending = new AtomicBoolean();
            jobs.whenComplete((nothing, failure) -> {
                if (ending.compareAndSet(false, true)) {
                    Signal.raise(new Signal("TERM"));
                }
            });
            int status = Main.run(Map.of(), "run", "--no-watch", "--redis-url=" + server.uri(), "--http-port=" + port);
            if (ending.compareAndSet(false, true)) {
                throw new CommandFailure("the worker ended with status " + status + " before its jobs were done");
            }
            jobs.join();
            return status;
        }
    }

    private static void jobs(DemoClient client, byte[] order, int port) {
        client.send("stt", Map.of("audio_bytes", Base64.getEncoder().encodeToString(order), "filename", "order-ko.wav"));
        client.send("llm", Map.of("transcript", "초콜릿 케이크 하나 주문할게요", "context",
                Map.of("menu", List.of(Map.of("name", "초콜릿 케이크", "price", 38000)), "state", "greeting")));
        for (String page : List.of("/metrics", "/health/live", "/health/ready")) {
            try {
                HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + page).toURL().openConnection();
                // Whatever the page says: "not ready" is an answer, too.
                try (InputStream in = connection.getResponseCode() < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                    in.readAllBytes();
                }
            } catch (IOException e) {
                throw new CommandFailure("the worker's " + page + " cannot be read: " + e.getMessage());
            }
        }
    }
}
