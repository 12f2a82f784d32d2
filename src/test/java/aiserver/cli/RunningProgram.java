package aiserver.cli;

import aiserver.engine.SmallQwen;
import aiserver.models.RandomWhisperModel;
import aiserver.models.SmallPictureModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** {@code ai-server run} in a process of its own with the tests' small models, and what it says. */
record RunningProgram(Process process, Path log) implements AutoCloseable {
    private static final Duration MOST = Duration.ofMinutes(15);

    /** Options that name the small models of all three kinds, make the least of each job, and let a slow machine be slow. */
    static List<String> smallModels(Path folder) throws IOException {
        Path speech = folder.resolve("whisper-random.bin");
        RandomWhisperModel.write(speech, 7);
        SmallPictureModel picture = SmallPictureModel.get();
        return List.of("--stt-model=" + speech, "--llm-model=" + SmallQwen.file(1), "--image-model=" + picture.diffusionModel(),
                "--image-clip-l=" + picture.clipL(), "--image-taesd=" + picture.taesd(), "--image-width=64", "--image-height=64",
                "--image-steps=1", "--image-guidance=1", "--stt-time-limit=30m", "--llm-time-limit=30m", "--stuck-after=10m");
    }

    /** Its temporary files go to {@code folder/tmp}. */
    static RunningProgram start(String redisUrl, Path folder, List<String> options) throws IOException {
        return start(redisUrl, folder, options, Map.of());
    }

    static RunningProgram start(String redisUrl, Path folder, List<String> options, Map<String, String> environment)
            throws IOException {
        Path temporary = Files.createDirectories(folder.resolve("tmp"));
        Path log = folder.resolve("run.log");
        List<String> command = new ArrayList<>(ChildProcess.java("-Djava.io.tmpdir=" + temporary,
                "-Daiserver.home=" + Path.of("target", "test-home").toAbsolutePath(), "-XX:TieredStopAtLevel=1", "-Xms96m", "-Xmx96m",
                "-XX:+AlwaysPreTouch"));
        command.add("run");
        command.addAll(options);
        command.add("--crash-folder=" + folder.resolve("crashes"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        // What a developer has set for a worker of his own, such as its Redis, and what he keeps in his cache.
        builder.environment().keySet().removeIf(name -> name.startsWith("AISERVER_") && !name.equals("AISERVER_NATIVE_DIST"));
        builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
        builder.environment().put("REDIS_URL", redisUrl);
        builder.environment().put("TMPDIR", temporary.toString());
        // As the launcher sets them.
        builder.environment().put("MALLOC_ARENA_MAX", "2");
        builder.environment().put("MALLOC_MMAP_THRESHOLD_", "1048576");
        builder.environment().putAll(environment);
        return new RunningProgram(builder.start(), log);
    }

    void await(String what, BooleanSupplier condition) throws IOException {
        long end = System.nanoTime() + MOST.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end || !process.isAlive()) {
                throw new AssertionError(what + " does not come; the program is " + (process.isAlive() ? "alive" : "dead")
                        + " and said: " + Files.readString(log));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    /** SIGTERM, and the exit status. */
    int stop() throws InterruptedException {
        process.destroy();
        return process.waitFor(2, TimeUnit.MINUTES) ? process.exitValue() : -1;
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
