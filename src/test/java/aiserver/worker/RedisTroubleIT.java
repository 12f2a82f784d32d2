package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JobCodec;
import aiserver.job.Schemas;
import aiserver.job.SpeechResult;
import aiserver.job.TaskType;
import aiserver.redis.Delivery;
import aiserver.redis.DeliverySettings;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.Keys;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.redis.RedisServers;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.lettuce.core.api.sync.RedisCommands;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Redis in every kind of trouble while a job is in hand: the worker says so once, recovers by itself, and the result arrives. */
@Timeout(120)
class RedisTroubleIT {
    private static final String JOB = Bench.job(TaskType.STT, "r", "");

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger("aiserver");
    private final CountDownLatch running = new CountDownLatch(1);
    private final Semaphore release = new Semaphore(0);
    private final int port = EmbeddedRedis.freePort();
    private EmbeddedRedis server;
    private LettuceRedisClient redis;
    private String text = "done";
    private AIWorker worker;

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void close() {
        release.release(100);
        if (worker != null) {
            worker.requestStop();
            worker.requestStop();
            worker.awaitStop();
            redis.close();
        }
        if (server != null) {
            server.close();
        }
        logger.detachAppender(log);
    }

    private void server(String... options) {
        server = EmbeddedRedis.start(port, options.length == 0 ? List.of("--save", "") : List.of(options));
    }

    private void worker(String uri, Duration commandTimeout) {
        redis = new LettuceRedisClient(uri, commandTimeout);
        WorkerSettings settings = new WorkerSettings("w", Map.of(TaskType.STT, Bench.lane(1, Duration.ofMinutes(5), 100, null, Delivery.Side.NEWEST)),
                new DeliverySettings(true, 2, Duration.ofHours(1), Duration.ofMillis(300), Duration.ofSeconds(30),
                        Duration.ofMillis(300), 10), JobCodec.Limits.DEFAULT, Duration.ofSeconds(5), Duration.ofSeconds(60),
                Duration.ZERO, List.of(), 0);
        worker = new AIWorker(settings, redis, new Handlers((job, scope) -> {
            running.countDown();
            release.acquireUninterruptibly();
            return new SpeechResult(text, "ko", 1, 1, List.of());
        }, null, null), new SimpleMeterRegistry(), code -> { });
        worker.start();
    }

    private void command(Consumer<RedisCommands<String, String>> commands) {
        RedisServers.command("redis://127.0.0.1:" + port, connection -> commands.accept(connection.sync()));
    }

    private void push() {
        command(commands -> commands.lpush(TaskType.STT.queue(), JOB));
    }

    private void jobInHand() throws InterruptedException {
        push();
        running.await();
    }

    private void answered() {
        try (RedisClient own = new LettuceRedisClient("redis://127.0.0.1:" + port, Duration.ofSeconds(5))) {
            Bench.await(() -> own.get(Keys.result("r")) != null);
            JsonNode answer = Schemas.assertFits("result", own.get(Keys.result("r")));
            assertThat(answer.get("status").asText()).isEqualTo("success");
            assertThat(answer.get("attempt").asInt()).isEqualTo(1);
            Bench.await(() -> own.length(Keys.processing("w", TaskType.STT)) == 0);
        }
    }

    private long lines(String part) {
        return List.copyOf(log.list).stream().filter(e -> e.getFormattedMessage().contains(part)).count();
    }

    @Test
    void awayAtTheStart() {
        worker("redis://127.0.0.1:" + port, Duration.ofSeconds(2));
        Bench.await(() -> lines("is away") == 1);
        assertThat(worker.status().ready()).isFalse();
        release.release();
        server();
        push();
        answered();
        Bench.await(() -> lines("is back after") == 1);
        assertThat(lines("is away")).isEqualTo(1);
        Bench.await(() -> worker.status().ready());
    }

    @Test
    void restartedWithItsData(@TempDir Path folder) throws Exception {
        String[] persistent = {"--appendonly", "yes", "--save", "", "--dir", folder.toString()};
        server(persistent);
        worker(server.uri(), Duration.ofSeconds(2));
        jobInHand();
        RedisServers.kill(server);
        Bench.await(() -> lines("is away") == 1);
        release.release();
        server(persistent);
        answered();
        Bench.await(() -> lines("is back after") == 1);
    }

    @Test
    void restartedWithoutItsData() throws Exception {
        server();
        worker(server.uri(), Duration.ofSeconds(2));
        jobInHand();
        RedisServers.kill(server);
        release.release();
        server();
        answered();
    }

    @Test
    void everyConnectionCut() throws Exception {
        server();
        worker(server.uri(), Duration.ofSeconds(2));
        jobInHand();
        RedisServers.cut(server);
        release.release();
        answered();
        command(commands -> commands.set(Keys.cancel("next"), "1"));
        command(commands -> commands.lpush(TaskType.STT.queue(), Bench.job(TaskType.STT, "next", "")));
        command(commands -> Bench.await(() -> commands.exists(Keys.result("next")) == 1));
    }

    @Test
    void turnedIntoAReplicaAndBack() throws Exception {
        server();
        worker(server.uri(), Duration.ofSeconds(2));
        jobInHand();
        command(commands -> commands.replicaof("127.0.0.1", EmbeddedRedis.freePort()));
        release.release();
        Bench.await(() -> lines("takes no writes (READONLY") == 1);
        Thread.sleep(2_000); // looks at the queue meanwhile, which go well
        command(commands -> commands.replicaofNoOne());
        answered();
        Bench.await(() -> lines("takes writes again") == 1);
        assertThat(lines("takes no writes")).isEqualTo(1);
    }

    @Test
    void outOfMemory() throws Exception {
        server();
        worker(server.uri(), Duration.ofSeconds(2));
        jobInHand();
        command(commands -> commands.configSet("maxmemory", "1"));
        release.release();
        Bench.await(() -> lines("takes no writes") == 1);
        command(commands -> commands.configSet("maxmemory", "0"));
        answered();
        Bench.await(() -> lines("takes writes again") == 1);
    }

    @Test
    void slowerThanAnyPatience() throws Exception {
        server();
        worker(server.uri(), Duration.ofMillis(400));
        jobInHand();
        command(commands -> commands.clientPause(1_500));
        release.release();
        answered();
        Bench.await(() -> lines("is back after") == 1);
        // One is this outage's; a slow machine may have another stall of its own.
        assertThat(lines("is away (no answer within 400 ms)")).isBetween(1L, 2L);
    }

    @Test
    void itsScriptsForgotten() throws Exception {
        server();
        worker(server.uri(), Duration.ofSeconds(2));
        jobInHand();
        command(RedisCommands::scriptFlush);
        release.release();
        answered();
        assertThat(lines("NOSCRIPT")).isZero();
    }

    @Test
    void aClusterIsToldAndNotWaitedForInVain() {
        server("--save", "", "--cluster-enabled", "yes", "--cluster-config-file", "nodes-" + port + ".conf");
        command(commands -> commands.clusterAddSlots(IntStream.range(0, 16_384).toArray()));
        worker(server.uri(), Duration.ofSeconds(2));
        Bench.await(() -> lines("it belongs to a Redis Cluster, which is not supported: use a single server or Sentinel") == 1);
        assertThat(worker.status().ready()).isFalse();
    }

    @Test
    void aResultThatOverrunsASubscriberIsThereByItsKey() throws Exception {
        server();
        command(commands -> commands.configSet("client-output-buffer-limit", "pubsub 262144 131072 1"));
        text = "딸기 ".repeat(300_000);
        worker(server.uri(), Duration.ofSeconds(5));
        try (RedisClient backend = new LettuceRedisClient(server.uri(), Duration.ofSeconds(5));
             RedisClient.Subscription subscription = backend.subscribe(List.of("ai:result:*"), heard -> { })) {
            jobInHand();
            release.release();
            answered();
            Bench.await(() -> !subscription.open());
            assertThat(backend.get(Keys.result("r")).length).isGreaterThan(2_000_000);
        }
    }

    @Test
    void aKeyOfAnotherTypeHoldsUpNoOtherJob() {
        server();
        worker(server.uri(), Duration.ofSeconds(2));
        release.release(2);
        command(commands -> commands.lpush(Keys.result("odd"), "a list"));
        command(commands -> commands.lpush(TaskType.STT.queue(), Bench.job(TaskType.STT, "odd", "")));
        push();
        answered();
        command(commands -> assertThat(commands.llen(Keys.dead(TaskType.STT))).isEqualTo(1));
    }

    @Test
    void wrongPasswordUntilItIsCorrected() {
        server("--save", "", "--requirepass", "right-s3cret");
        worker("redis://:wrong-s3cret@127.0.0.1:" + port, Duration.ofSeconds(2));
        Bench.await(() -> lines("is away (WRONGPASS") == 1);
        RedisServers.command("redis://:right-s3cret@127.0.0.1:" + port,
                connection -> connection.sync().configSet("requirepass", "wrong-s3cret"));
        Bench.await(() -> lines("is back after") == 1);
        assertThat(lines("s3cret")).isZero();
    }
}
