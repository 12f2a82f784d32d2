package aiserver.worker;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link ChaosWorker} in a process of its own. */
record WorkerProcess(String name, Process process) implements AutoCloseable {

    static List<String> command(String uri, String name, long workMs, List<String> dead) {
        return command(ClassArchive.givenClassPath(), List.of(), uri, name, workMs, dead);
    }

    private static List<String> command(String classPath, List<String> flags, String uri, String name, long workMs, List<String> dead) {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-Xmx96m",
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, ChaosWorker.class.getName(), uri, name, Long.toString(workMs)));
        command.addAll(dead);
        return command;
    }

    static WorkerProcess start(String uri, String name, long workMs, List<String> dead, String... flags) {
        return start(command(ClassArchive.givenClassPath(), List.of(flags), uri, name, workMs, dead), name);
    }

    static WorkerProcess start(ClassArchive classes, String uri, String name, long workMs, List<String> dead) {
        return start(command(classes.classPath(), classes.flags(), uri, name, workMs, dead), name);
    }

    private static WorkerProcess start(List<String> command, String name) {
        try {
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
