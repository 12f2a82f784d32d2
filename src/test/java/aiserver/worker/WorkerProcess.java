package aiserver.worker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link ChaosWorker} in a process of its own. */
record WorkerProcess(String name, Process process) implements AutoCloseable {

    static List<String> command(String uri, String name, long workMs, List<String> dead) {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-Xmx96m",
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("surefire.test.class.path",
                        System.getProperty("java.class.path")), ChaosWorker.class.getName(), uri, name, Long.toString(workMs)));
        command.addAll(dead);
        return command;
    }

    static WorkerProcess start(String uri, String name, long workMs, List<String> dead, String... flags) {
        try {
            List<String> command = command(uri, name, workMs, dead);
            command.addAll(1 + command.indexOf("-XX:+UseSerialGC"), List.of(flags));
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().put("AISERVER_LOG", "WARN");
            return new WorkerProcess(name, builder.inheritIO().redirectInput(ProcessBuilder.Redirect.PIPE).start());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** SIGKILL, and gone. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** SIGTERM, and the exit status. */
    int terminate() throws InterruptedException {
        process.destroy();
        return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
