package aiserver.worker;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/**
 * What lets a test start workers by the hundred: all classes in jars, and an archive of the loaded ones that halves a JVM's
 * start. The JVM writes the archive by itself when the first worker that uses it ends orderly. Made by a test in its own folder.
 */
record ClassArchive(String classPath, Path archive) {

    static String givenClassPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** Packs what lies in folders, since only jars can be archived. */
    static ClassArchive in(Path folder) throws IOException {
        ToolProvider jar = ToolProvider.findFirst("jar").orElseThrow(() -> new AssertionError("this JDK has no jar tool"));
        List<String> entries = new ArrayList<>();
        for (String entry : givenClassPath().split(File.pathSeparator)) {
            if (Files.isDirectory(Path.of(entry))) {
                Path packed = folder.resolve("classes-" + entries.size() + ".jar");
                if (jar.run(System.out, System.err, "--create", "--file", packed.toString(), "-C", entry, ".") != 0) {
                    throw new AssertionError("jar cannot pack " + entry);
                }
                entries.add(packed.toString());
            } else if (Files.exists(Path.of(entry))) {
                entries.add(entry);
            }
        }
        return new ClassArchive(String.join(File.pathSeparator, entries), folder.resolve("classes.jsa"));
    }

    /** For a worker that is to write the archive, or, once it is there, to be started from it. */
    List<String> flags() {
        return List.of("-XX:+AutoCreateSharedArchive", "-XX:SharedArchiveFile=" + archive, "-Xlog:cds=off", "-Xlog:cds+dynamic=off");
    }
}
