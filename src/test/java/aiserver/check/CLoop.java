package aiserver.check;

import aiserver.engine.NativeLibraries;
import aiserver.job.JsonObjects;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The bare loops in C over the same libraries (bench/c/limit.c), a process for each measurement. */
final class CLoop {
    private CLoop() {
    }

    /**
     * Runs the program and returns its answers but the first, which warms up.
     *
     * @param rounds lines of input; 0: a command that has none
     */
    static List<Map<String, Object>> run(CheckSetting setting, String device, List<String> arguments, int rounds, String... environment)
            throws IOException {
        List<String> command = Stream.concat(Stream.of(setting.limit().toString()), arguments.stream()).toList();
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("LIMIT_BACKENDS", NativeLibraries.folder().toString());
        builder.environment().put("LIMIT_DEVICE", device);
        // As the worker has it: spinning threads would be another comparison.
        builder.environment().putIfAbsent("OMP_WAIT_POLICY", "passive");
        for (int i = 0; i < environment.length; i += 2) {
            builder.environment().put(environment[i], environment[i + 1]);
        }
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write("\n".repeat(rounds).getBytes(StandardCharsets.US_ASCII));
        }
        List<Map<String, Object>> answers = new ArrayList<>();
        for (String line : new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
            if (line.startsWith("{")) {
                answers.add(JsonObjects.read(line));
            }
        }
        try {
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException(String.join(" ", command) + " ended with status " + status);
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return answers.size() > 1 ? answers.subList(1, answers.size()) : answers;
    }

    /** The middle of a figure over the answers. */
    static double middle(List<Map<String, Object>> answers, String figure) {
        double[] sorted = answers.stream().mapToDouble(answer -> ((Number) answer.get(figure)).doubleValue()).sorted().toArray();
        return sorted[sorted.length / 2];
    }
}
