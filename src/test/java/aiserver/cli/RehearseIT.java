package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RehearseIT {
    @Test
    void aWorkerThatDoesNotStartIsNotWaitedFor(@TempDir Path folder) throws Exception {
        // A value that no worker starts with; the command itself has no such option and begins.
        Path demo = Files.createDirectories(folder.resolve("models-gguf/demo"));
        Files.writeString(demo.resolve("profile.properties"), "stt-threads=many\n");
        Path log = folder.resolve("rehearse.log");
        List<String> command = new ArrayList<>(ChildProcess.java());
        command.add(command.indexOf("-cp"), "-Daiserver.home=" + folder);
        command.add("rehearse");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("AISERVER_PROFILE", Files.createFile(folder.resolve("empty.properties")).toString());
        Process process = builder.start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("it ends").isTrue();
            assertThat(process.exitValue()).isEqualTo(1);
            assertThat(log).content().contains("--stt-threads").contains("many").contains("before its jobs were done");
        } finally {
            process.destroyForcibly();
        }
    }
}
