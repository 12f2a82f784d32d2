package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unpacking from a small jar, where the workers that come at once are as close to each other as can be. */
class FfmpegArchiveTest {
    private static final String PROGRAM = "org/bytedeco/ffmpeg/linux-x86_64/ffmpeg";

    @TempDir
    private Path folder;

    @Test
    void workersThatUnpackAtOnceAllHaveTheProgram() throws IOException {
        URL jar = jar();
        try (var threads = Executors.newFixedThreadPool(8)) {
            for (int round = 0; round < 20; round++) {
                Path cache = folder.resolve("cache" + round);
                List<CompletableFuture<Optional<Path>>> asks = Stream.generate(() -> CompletableFuture.supplyAsync(() -> {
                    try {
                        return new FfmpegArchive(jar, cache).program();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }, threads)).limit(8).toList();
                assertThat(asks).allSatisfy(ask -> assertThat(ask.join().orElseThrow()).hasContent("program"));
                try (Stream<Path> files = Files.list(cache)) {
                    assertThat(files).as("nothing but the finished folder is left").hasSize(1);
                }
            }
        }
    }

    @Test
    void whatAKilledWorkerLeftHalfUnpackedGoes() throws IOException {
        Path cache = Files.createDirectory(folder.resolve("left"));
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwx------"));
        Path program = new FfmpegArchive(jar(), cache).program().orElseThrow();
        Path old = Files.createDirectory(program.getParent().resolveSibling("unpacking-1"));
        Files.writeString(old.resolve("ffmpeg"), "half");
        Files.setLastModifiedTime(old, java.nio.file.attribute.FileTime.from(java.time.Instant.now().minusSeconds(7_200)));
        Path young = Files.createDirectory(program.getParent().resolveSibling("unpacking-2"));
        Files.delete(program);
        new FfmpegArchive(jar(), cache).program().orElseThrow();
        assertThat(old).doesNotExist();
        assertThat(young).exists();
        assertThat(program).exists();
    }

    @Test
    void whereTheCacheIsNotToBeTrustedOneTemporaryFolderServesAllCalls() throws IOException {
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        FfmpegArchive archive = new FfmpegArchive(jar(), open);
        Path program = archive.program().orElseThrow();
        assertThat(program.startsWith(open)).isFalse();
        assertThat(archive.program()).contains(program);

        Path base = program.getParent().getParent();
        try (Stream<Path> files = Files.walk(base)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
        assertThat(base).as("swept away, as temporary folders are").doesNotExist();
        assertThat(archive.program().orElseThrow()).hasContent("program").isNotEqualTo(program);
    }

    private URL jar() throws IOException {
        Path jar = folder.resolve("ffmpeg.jar");
        try (OutputStream file = Files.newOutputStream(jar); JarOutputStream out = new JarOutputStream(file)) {
            out.putNextEntry(new JarEntry(PROGRAM));
            out.write("program".getBytes());
        }
        return URI.create("jar:" + jar.toUri() + "!/" + PROGRAM).toURL();
    }
}
