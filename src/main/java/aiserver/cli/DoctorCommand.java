package aiserver.cli;

import aiserver.config.RunOptions;
import aiserver.config.UserCache;
import aiserver.engine.Devices;
import aiserver.engine.NativeLibraries;
import aiserver.job.TaskType;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.service.audio.FfmpegProgram;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code ai-server doctor}: looks at everything that a run needs, says what is wrong and what to do. Changes nothing, but that
 * the ffmpeg which comes with the program is unpacked into the user's cache, as a run would do.
 */
@Command(name = "doctor", mixinStandardHelpOptions = true, sortOptions = false, abbreviateSynopsis = true,
        description = "Checks JDK, native libraries, devices, Redis, models and ffmpeg; takes the options of run.")
public final class DoctorCommand implements Callable<Integer> {
    private static final Duration REDIS_PATIENCE = Duration.ofSeconds(5);

    @Mixin
    private RunOptions options;

    private final PrintStream screen = System.out;
    private boolean well = true;

    @Override
    public Integer call() {
        say(true, "JDK", System.getProperty("java.vm.version") + " in " + System.getProperty("java.home"));
        check("natives", this::natives);
        check("redis", this::redis);
        models();
        check("ffmpeg", () -> new FfmpegProgram(options.speech.ffmpeg, UserCache.folder()).path() + " (for anything but PCM WAV)");
        return well ? 0 : 1;
    }

    private String natives() {
        NativeLibraries.load();
        for (Devices.Device device : Devices.all()) {
            Devices.Memory memory = Devices.memory(device);
            say(true, "device", "%s: %s, %d MB free of %d MB".formatted(device.name(), device.description(),
                    memory.freeBytes() >> 20, memory.totalBytes() >> 20));
        }
        if (NativeLibraries.noGpu() != null) {
            say(true, "gpu", "none is used: " + NativeLibraries.noGpu());
        }
        chosen("--stt-device", options.speech.device);
        chosen("--llm-device", options.language.device);
        chosen("--image-device", options.image.device);
        return NativeLibraries.folder().toString();
    }

    private void chosen(String option, String setting) {
        check("device", () -> option + " " + setting + ": " + Devices.choose(setting).stream().map(Devices.Device::name)
                .collect(Collectors.joining(", ")));
    }

    private String redis() {
        if (options.worker.redisUrl == null) {
            return "REDIS_URL is not set: run starts a redis-server of its own";
        }
        try (RedisClient redis = new LettuceRedisClient(options.worker.redisUrl, REDIS_PATIENCE, options.worker.redisCa)) {
            StringBuilder queues = new StringBuilder("answers;");
            for (TaskType kind : TaskType.values()) {
                queues.append(' ').append(kind.queue()).append(": ").append(redis.length(kind.queue()));
            }
            return queues.toString();
        }
    }

    private void models() {
        Map<String, Path> files = new LinkedHashMap<>();
        files.put("--stt-model", options.speech.model);
        files.put("--stt-vad-model", options.speech.vadModel);
        files.put("--llm-model", options.language.model);
        files.put("--image-model", options.image.model);
        files.put("--image-clip-l", options.image.clipL);
        files.put("--image-clip-g", options.image.clipG);
        files.put("--image-t5", options.image.t5);
        files.put("--image-vae", options.image.vae);
        files.put("--image-taesd", options.image.taesd);
        files.forEach((option, named) -> {
            if (named != null) {
                check("model", () -> {
                    boolean made = named.endsWith(Models.DEMO_TEXT_ENCODER);
                    Path file = made ? Models.place(option, named, UserCache.folder()) : named;
                    if (made && !Files.isReadable(file)) {
                        return option + " " + file + " (written at first use)";
                    }
                    if (!Files.isReadable(file)) {
                        throw new CommandFailure(option + " " + file + " cannot be read; see models-gguf/README.md");
                    }
                    return option + " " + file + " (" + (Files.size(file) >> 20) + " MB)";
                });
            }
        });
        for (String task : options.worker.tasks) {
            String option = "--" + task + "-model";
            if (files.containsKey(option) && files.get(option) == null) {
                check("model", () -> option + " is not set: a small model with random weights is used, its answers are noise; "
                        + Models.random(option, UserCache.folder()));
            }
        }
    }

    private void check(String what, Callable<String> look) {
        try {
            say(true, what, look.call());
        } catch (Exception e) {
            say(false, what, e.getMessage());
        }
    }

    private void say(boolean good, String what, String words) {
        well &= good;
        screen.printf("%-5s %-8s %s%n", good ? "ok" : "WRONG", what, words);
    }
}
