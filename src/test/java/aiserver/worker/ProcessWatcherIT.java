package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.Schemas;
import aiserver.job.TaskType;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.Keys;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

@Timeout(120)
class ProcessWatcherIT {
    private final List<ProcessWatcher.Launch> launches = new CopyOnWriteArrayList<>();

    private static ProcessWatcher.Settings settings(Path folder, Duration stableAfter) {
        return new ProcessWatcher.Settings("w", folder, Duration.ofMillis(10), Duration.ofMillis(40), stableAfter, 3, List.of(2));
    }

    private CompletableFuture<Integer> watch(ProcessWatcher watcher) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return watcher.run();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    private ProcessWatcher shell(Path folder, String... scripts) {
        return new ProcessWatcher(settings(folder, Duration.ofSeconds(30)), launch -> {
            launches.add(launch);
            return new ProcessBuilder("sh", "-c", scripts[Math.min(launches.size(), scripts.length) - 1]);
        });
    }

    @Test
    void anOrderlyEndIsTheEnd(@TempDir Path folder) throws Exception {
        assertThat(shell(folder, "exit 0").run()).isZero();
        assertThat(launches).hasSize(1);
    }

    @Test
    void aHopelessStatusIsNotRepeated(@TempDir Path folder) throws Exception {
        assertThat(shell(folder, "exit 2").run()).isEqualTo(2);
        assertThat(launches).hasSize(1);
    }

    @Test
    void aDeadWorkerIsStartedAgainAndTheNextKnowsItsName(@TempDir Path folder) throws Exception {
        assertThat(shell(folder, "kill -9 $$", "kill -SEGV $$", "exit 0").run()).isZero();
        assertThat(launches).hasSize(3);
        assertThat(launches.get(0).predecessors()).isEmpty();
        assertThat(launches.get(2).predecessors()).containsExactly(launches.get(0).workerId(), launches.get(1).workerId());
        assertThat(launches.get(2).restarts()).isEqualTo(2);
        assertThat(launches.get(2).crashLoop()).isFalse();
    }

    @Test
    void aStartThatTheSystemRefusesIsTriedAgainButForTheFirst(@TempDir Path folder) throws Exception {
        ProcessBuilder refused = new ProcessBuilder(folder.resolve("none").toString());
        ProcessWatcher watcher = new ProcessWatcher(settings(folder, Duration.ofSeconds(30)), launch -> {
            launches.add(launch);
            return launches.size() == 1 ? new ProcessBuilder("sh", "-c", "exit 1") : launches.size() == 2 ? refused
                    : new ProcessBuilder("sh", "-c", "exit 0");
        });
        assertThat(watcher.run()).isZero();
        assertThat(launches.get(2).restarts()).isEqualTo(2);
        assertThat(launches.get(2).predecessors()).as("those that lived").containsExactly(launches.get(0).workerId());
        assertThatThrownBy(() -> new ProcessWatcher(settings(folder, Duration.ofSeconds(30)), launch -> refused).run())
                .isInstanceOf(IOException.class);
    }

    @Test
    void aCrashLoopIsTold(@TempDir Path folder) throws Exception {
        ProcessWatcher watcher = shell(folder, "exit 1");
        CompletableFuture<Integer> end = watch(watcher);
        Bench.await(() -> launches.size() > 5);
        assertThat(launches.get(5).crashLoop()).isTrue();
        assertThat(Files.readString(watcher.statusFile())).startsWith("state=crash-loop ");
        watcher.stop();
        end.get(20, TimeUnit.SECONDS);
    }

    @Test
    void aStopReachesTheWorkerAndItsStatusIsOurs(@TempDir Path folder) throws Exception {
        ProcessWatcher watcher = shell(folder, "trap 'exit 7' TERM; touch " + folder.resolve("up") + "; while :; do sleep 0.05; done");
        CompletableFuture<Integer> end = watch(watcher);
        Bench.await(() -> Files.exists(folder.resolve("up")));
        watcher.stop();
        assertThat(end.get(20, TimeUnit.SECONDS)).isEqualTo(7);
        assertThat(launches).hasSize(1);
    }

    @Test
    void crashLogsAreKeptButNotForEver(@TempDir Path folder) throws Exception {
        for (int i = 0; i < 15; i++) {
            Files.writeString(folder.resolve("hs_err_pid" + i + ".log"), "x");
        }
        shell(folder, "exit 1", "exit 0").run();
        try (var files = Files.list(folder)) {
            assertThat(files.filter(f -> f.toString().endsWith(".log"))).hasSize(10);
        }
        assertThat(launches.getFirst().errorFile()).isEqualTo("-XX:ErrorFile=" + folder.resolve("hs_err_pid%p.log"));
    }

    /** A process that a SIGSEGV ends. */
    public static final class Falls {
        private Falls() {
        }

        public static void main(String[] arguments) throws Exception {
            new ProcessBuilder("kill", "-SEGV", Long.toString(ProcessHandle.current().pid())).start().waitFor();
            Thread.sleep(60_000);
        }
    }

    @Test
    void theCrashLogOfAWorkerIsKeptAndItsPathLogged(@TempDir Path folder) throws Exception {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(ProcessWatcher.class);
        logger.addAppender(log);
        try {
            ProcessWatcher watcher = new ProcessWatcher(settings(folder, Duration.ofSeconds(30)), launch -> {
                launches.add(launch);
                return launches.size() > 1 ? new ProcessBuilder("true") : new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(), launch.errorFile(),
                        "-XX:-CreateCoredumpOnCrash", "-cp", ClassArchive.givenClassPath(), Falls.class.getName());
            });
            assertThat(watcher.run()).isZero();
            Path left;
            try (var files = Files.list(folder)) {
                left = files.filter(f -> f.toString().endsWith(".log")).findFirst().orElseThrow();
            }
            assertThat(left).content().contains("SIGSEGV");
            assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage).anyMatch(line -> line.contains("died after")
                    && line.contains("its crash log is " + left));
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void aJobThatKillsItsWorkerIsAnsweredAfterTwoTriesAndTheOthersAreDone(@TempDir Path folder) throws Exception {
        try (EmbeddedRedis server = EmbeddedRedis.start();
             RedisClient redis = new LettuceRedisClient(server.uri(), Duration.ofSeconds(5))) {
            BlockingQueue<Integer> statuses = new LinkedBlockingQueue<>();
            ProcessWatcher watcher = new ProcessWatcher(settings(folder, Duration.ofSeconds(30)), launch -> {
                launches.add(launch);
                ProcessBuilder builder = new ProcessBuilder(WorkerProcess.command(server.uri(), launch.workerId(), 10, launch.predecessors()));
                builder.environment().put("AISERVER_LOG", "WARN");
                return builder;
            });
            redis.lpush(TaskType.IMAGE.queue(), "{\"request_id\":\"poison\",\"task_type\":\"image\",\"payload\":{\"prompt\":\"poison\"}}"
                    .getBytes(StandardCharsets.UTF_8));
            for (TaskType kind : TaskType.values()) {
                redis.lpush(kind.queue(), Bench.job(kind, kind.wireName(), "").getBytes(StandardCharsets.UTF_8));
            }
            CompletableFuture<Void> end = watch(watcher).thenAccept(statuses::add);
            Bench.await(() -> redis.get(Keys.result("poison")) != null);
            assertThat(Schemas.assertFits("result", redis.get(Keys.result("poison"))).get("error").get("code").asText())
                    .isEqualTo("ENGINE_CRASHED");
            assertThat(redis.range(Keys.dead(TaskType.IMAGE))).hasSize(1);
            for (TaskType kind : TaskType.values()) {
                Bench.await(() -> redis.get(Keys.result(kind.wireName())) != null);
            }
            assertThat(launches).hasSize(3);
            watcher.stop();
            end.get(60, TimeUnit.SECONDS);
            assertThat(statuses).containsExactly(0);
        }
    }
}
