package aiserver.cli;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line that starts this program once more, with the flags that the launcher chose for a worker. */
final class ChildProcess {
    /** Set by the launcher where this process has the flags of a watcher: the JVM's flags for a worker, a line each. */
    static final String FLAGS_VARIABLE = "AISERVER_WORKER_FLAGS";
    private static final String FLAGS = "-XX:+UseSerialGC\n-Xmx512m\n--enable-native-access=ALL-UNNAMED\n-Dfile.encoding=UTF-8";

    private ChildProcess() {
    }

    static List<String> flags(String lines) {
        return lines.lines().filter(line -> !line.isBlank()).toList();
    }

    /** Java, flags, class path and main class; the program's own arguments follow. */
    static List<String> java(String... more) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags(System.getenv().getOrDefault(FLAGS_VARIABLE, FLAGS)));
        command.addAll(List.of(more));
        for (String property : List.of("aiserver.home", "aiserver.native.dir")) {
            if (System.getProperty(property) != null) {
                command.add("-D" + property + "=" + System.getProperty(property));
            }
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path", "." + File.separator));
        command.add(Main.class.getName());
        return command;
    }
}
