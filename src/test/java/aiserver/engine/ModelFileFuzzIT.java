package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Damaged model files, each loaded and used by a process that may die of it: every one must be refused by its name or do the
 * job that it can still do, and none may take the process with it. {@code -Daiserver.fuzz.files=500} is the long version,
 * {@code -Daiserver.fuzz.from} begins at another number.
 */
class ModelFileFuzzIT {
    private static final Logger LOG = LoggerFactory.getLogger(ModelFileFuzzIT.class);
    private static final int FILES = Integer.getInteger("aiserver.fuzz.files", 60);
    private static final int FROM = Integer.getInteger("aiserver.fuzz.from", 0);
    /** Files of a hundred; a picture model takes longest to load. */
    private static final Map<ModelFileFuzzer.Kind, Integer> SHARES = Map.of(ModelFileFuzzer.Kind.LANGUAGE, 40,
            ModelFileFuzzer.Kind.SPEECH, 26, ModelFileFuzzer.Kind.VOICE, 14, ModelFileFuzzer.Kind.PICTURE, 12,
            ModelFileFuzzer.Kind.AUTOENCODER, 8);
    /** A process that says nothing for so long hangs. */
    private static final long SILENT_NANOS = TimeUnit.MINUTES.toNanos(3);

    @TempDir
    Path folder;
    private final Map<Integer, String> outcomes = new TreeMap<>();
    private final List<String> deaths = new ArrayList<>();

    @ParameterizedTest
    @EnumSource
    void isRefusedOrWorksAndEndsNoProcess(ModelFileFuzzer.Kind kind) throws Exception {
        int last = FROM + FILES * SHARES.get(kind) / 100 - 1;
        for (int next = FROM; next <= last; next = 1 + outcomes.keySet().stream().mapToInt(i -> i).max().orElseThrow()) {
            process(kind, next, last);
        }
        LOG.info("{}: {} damaged files, {} refused, {} still worked, {} ended the process", kind, outcomes.size(),
                outcomes.values().stream().filter(o -> o.startsWith("MODEL_NOT_AVAILABLE")).count(),
                outcomes.values().stream().filter(o -> o.equals("ran")).count(), deaths.size());
        assertThat(outcomes).as("one outcome for each file").hasSize(last - FROM + 1);
        assertThat(outcomes.values()).noneMatch(outcome -> outcome.startsWith("UNEXPECTED"));
        assertThat(deaths).isEmpty();
    }

    private void process(ModelFileFuzzer.Kind kind, int first, int last) throws IOException, InterruptedException {
        List<String> command = List.of(ProcessHandle.current().info().command().orElseThrow(), "-Xmx256m", "-Xss2m",
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:ErrorFile=" + folder.resolve("hs_err_%p.log"),
                "--enable-native-access=ALL-UNNAMED", "-Dfile.encoding=UTF-8", "-Daiserver.native.dir=" + System.getProperty("aiserver.native.dir", "native/dist"),
                "-Daiserver.test.models=" + System.getProperty("aiserver.test.models", "target/test-models"),
                "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                ModelFileFuzzer.class.getName(), kind.name(), Integer.toString(first), Integer.toString(last), folder.toString());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(folder.resolve("errors.log").toFile());
        builder.environment().put("GGML_NO_BACKTRACE", "1");
        builder.environment().put("AISERVER_LOG", "ERROR");
        Process process = builder.start();
        AtomicLong heardAt = new AtomicLong(System.nanoTime());
        Thread watch = new Thread(() -> {
            while (process.isAlive()) {
                if (System.nanoTime() - heardAt.get() > SILENT_NANOS) {
                    process.destroyForcibly();
                }
                try {
                    process.waitFor(1, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }, "fuzz-watch");
        watch.start();
        String begun = null;
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                heardAt.set(System.nanoTime());
                String[] words = line.split(" ", 3);
                if (words[0].equals("begin")) {
                    begun = line.substring("begin ".length());
                } else if (words[0].equals("end")) {
                    LOG.debug("{} {}: {}", kind, begun, words[2]);
                    outcomes.put(Integer.parseInt(words[1]), words[2]);
                    begun = null;
                }
            }
        }
        int status = process.waitFor();
        watch.interrupt();
        if (begun != null) {
            deaths.add(kind + " " + begun + " with status " + status);
            outcomes.put(Integer.parseInt(begun.split(" ")[0]), "died");
        } else if (status != 0) {
            throw new AssertionError("the fuzzer ended with status " + status + " between two files");
        }
    }
}
