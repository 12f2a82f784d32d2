package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.TestScope;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The program that decodes strangers' files: where it comes from, what it may not do, and that it ends. */
class FfmpegIT {
    // Other tests of this JVM may keep a child of theirs, such as a redis-server.
    private final java.util.Set<ProcessHandle> before = ProcessHandle.current().children().collect(java.util.stream.Collectors.toSet());

    @TempDir
    private Path folder;

    @Test
    void takesTheConfiguredProgramThenPathThenTheJar() throws IOException {
        FfmpegArchive archive = new FfmpegArchive(resource(), folder.resolve("cache"));
        Path onPath = executable("bin/ffmpeg");
        assertThat(new FfmpegProgram(onPath, "", archive).located().program()).isEqualTo(onPath);
        String path = "relative:" + folder.resolve("none") + ":" + onPath.getParent();
        assertThat(new FfmpegProgram(null, path, archive).located()).isEqualTo(new FfmpegProgram.Located(onPath, null));
        FfmpegProgram.Located carried = new FfmpegProgram(null, "", archive).located();
        assertThat(carried.program()).isExecutable().startsWith(folder.resolve("cache"));
        assertThat(carried.libraries()).isEqualTo(carried.program().getParent());
        assertThatThrownBy(() -> new FfmpegProgram(folder.resolve("none"), "", archive).located())
                .isInstanceOf(JobException.class).hasMessageContaining("is not an executable file");
    }

    @Test
    void unpacksOnceEvenWhenManyAskAndRepairsWhatIsDamaged() throws IOException {
        Path cache = folder.resolve("cache");
        List<CompletableFuture<Path>> asks = Stream.generate(() -> CompletableFuture.supplyAsync(() ->
                new FfmpegProgram(null, "", new FfmpegArchive(resource(), cache)).located().program())).limit(3).toList();
        List<Path> programs = asks.stream().map(CompletableFuture::join).distinct().toList();
        assertThat(programs).hasSize(1);
        try (Stream<Path> files = Files.list(cache)) {
            assertThat(files).as("nothing but the finished folder is left").containsExactly(programs.getFirst().getParent());
        }
        Path library = programs.getFirst().resolveSibling("libavcodec.so.61");
        Files.write(library, new byte[10]);
        Path again = new FfmpegArchive(resource(), cache).program().orElseThrow();
        assertThat(again).isEqualTo(programs.getFirst());
        assertThat(Files.size(library)).isGreaterThan(1_000_000);
    }

    @Test
    void doesNotTrustACacheThatOthersCanWrite() throws IOException {
        Path open = Files.createDirectories(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path program = new FfmpegArchive(resource(), open).program().orElseThrow();
        assertThat(program.startsWith(open)).isFalse();
        assertThat(program).isExecutable();
    }

    @Test
    void needsNoLibrariesOfScreensAndSoundCards() throws Exception {
        FfmpegProgram.Located carried = Encoder.CARRIED.located();
        ProcessBuilder builder = new ProcessBuilder(carried.program().toString()).redirectErrorStream(true);
        builder.environment().put("LD_LIBRARY_PATH", carried.libraries().toString());
        // The dynamic loader prints what it would load and where from, as ldd does.
        builder.environment().put("LD_TRACE_LOADED_OBJECTS", "1");
        Process process = builder.start();
        String loaded = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(loaded).contains("libpulse.so.0 => " + carried.libraries()).doesNotContain("not found")
                .doesNotContain("libX11", "libdbus");
    }

    @Test
    void opensNoNetworkAndNoFiles() throws IOException {
        Path secret = Files.write(folder.resolve("secret.wav"), Sound.wav(Sound.chirp(16000, 1), 16000));
        AtomicInteger asked = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            asked.incrementAndGet();
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/a.ts";
            for (String target : List.of(url, "file://" + secret, secret.toString())) {
                String playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + target + "\n#EXT-X-ENDLIST\n";
                String list = "ffconcat version 1.0\nfile '" + target + "'\n";
                for (String text : List.of(playlist, list)) {
                    byte[] file = text.getBytes(StandardCharsets.UTF_8);
                    assertThatThrownBy(() -> decoder(AudioLimits.DEFAULT).decode(file, "audio/mpeg", "a.mp3", JobScope.NONE))
                            .isInstanceOf(JobException.class).extracting(e -> ((JobException) e).code())
                            .isEqualTo(ErrorCode.INVALID_AUDIO);
                }
            }
            assertThat(asked).hasValue(0);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void endsAtItsTimeLimit() {
        byte[] file = Encoder.chirp(20, "flac");
        AudioLimits hasty = new AudioLimits(1 << 26, 0.1, 1800, 0.25, Duration.ofMillis(1), 1L << 30);
        assertThatThrownBy(() -> decoder(hasty).decode(file, null, null, JobScope.NONE))
                .isInstanceOf(JobException.class).hasMessageContaining("took longer than 1 ms to decode");
        assertThat(decoders()).isEmpty();
    }

    @Test
    void endsWhenTheSoundIsTooLong() {
        byte[] file = Encoder.chirp(60, "flac");
        AudioLimits brief = new AudioLimits(1 << 26, 0.1, 1, 0.25, Duration.ofSeconds(60), 1L << 30);
        assertThatThrownBy(() -> decoder(brief).decode(file, null, null, JobScope.NONE))
                .isInstanceOf(JobException.class).extracting(e -> ((JobException) e).code())
                .isEqualTo(ErrorCode.AUDIO_TOO_LONG);
        assertThat(decoders()).isEmpty();
    }

    @Test
    void isKilledWithItsJob() throws IOException {
        // A program that never ends stands in for a file that is decoded for ever.
        Path sleeper = executable("sleeper");
        Files.writeString(sleeper, "#!/bin/sh\nexec sleep 600\n");
        AtomicBoolean cancelled = new AtomicBoolean();
        JobScope scope = new TestScope(cancelled::get, (stage, fraction) -> {
            throw new AssertionError("nothing to tell");
        });
        AudioDecoder decoder = new AudioDecoder(new FfmpegProgram(sleeper, folder), AudioLimits.DEFAULT);
        CompletableFuture<Recording> decoding = CompletableFuture.supplyAsync(() ->
                decoder.decode("fLaC and more".getBytes(StandardCharsets.US_ASCII), null, null, scope));
        while (decoders().isEmpty() && !decoding.isDone()) {
            Thread.onSpinWait();
        }
        cancelled.set(true);
        assertThatThrownBy(decoding::join).hasCauseInstanceOf(JobException.class)
                .extracting(e -> ((JobException) e.getCause()).code()).isEqualTo(ErrorCode.CANCELLED);
        assertThat(decoders()).isEmpty();
    }

    @Test
    void looksAgainForAProgramThatIsGone() throws IOException {
        FfmpegProgram.Located carried = Encoder.CARRIED.located();
        List<Path> programs = List.of(executable("first/ffmpeg"), executable("second/ffmpeg"));
        for (Path program : programs) {
            Files.writeString(program, "#!/bin/sh\nLD_LIBRARY_PATH=" + carried.libraries() + " exec " + carried.program()
                    + " \"$@\"\n");
        }
        FfmpegProgram found = new FfmpegProgram(null, programs.getFirst().getParent() + ":" + programs.getLast().getParent(),
                new FfmpegArchive(null, folder));
        AudioDecoder decoder = new AudioDecoder(found, AudioLimits.DEFAULT);
        byte[] file = Encoder.chirp(1, "flac");
        assertThat(decoder.decode(file, null, null, JobScope.NONE).seconds()).isEqualTo(1);
        Files.delete(programs.getFirst());
        assertNotAvailable(decoder, file, "ffmpeg does not start: ", "not found");
        assertThat(decoder.decode(file, null, null, JobScope.NONE).seconds()).isEqualTo(1);
        assertThat(found.path()).isEqualTo(programs.getLast());
    }

    @ParameterizedTest
    @CsvSource({"2, sh: 1: ulimit: error setting limit (Operation not permitted)", "126, exec: ffmpeg: Permission denied",
            "127, ffmpeg: error while loading shared libraries: libavcodec.so.59: cannot open shared object file"})
    void doesNotBlameTheFileForAProgramThatDoesNotStart(int status, String said) throws IOException {
        Path broken = executable("broken");
        Files.writeString(broken, "#!/bin/sh\necho 'no version information available' >&2\necho '" + said + "' >&2\nexit "
                + status + "\n");
        AudioDecoder decoder = new AudioDecoder(new FfmpegProgram(broken, folder), AudioLimits.DEFAULT);
        assertNotAvailable(decoder, "fLaC and more".getBytes(StandardCharsets.US_ASCII), "ffmpeg does not start: " + said);
    }

    @Test
    void getsNoMoreMemoryThanItMay() throws IOException {
        Path greedy = executable("greedy");
        Files.writeString(greedy, "#!/bin/sh\ncat > /dev/null\nulimit -v >&2\necho \"[error] limit $(ulimit -v)\" >&2\n"
                + "echo x > " + folder.resolve("written") + "\nexit 1\n");
        AudioLimits limits = new AudioLimits(1 << 20, 0.1, 10, 0.25, Duration.ofSeconds(9), 512L << 20);
        AudioDecoder decoder = new AudioDecoder(new FfmpegProgram(greedy, folder), limits);
        assertThatThrownBy(() -> decoder.decode("fLaC and more".getBytes(StandardCharsets.US_ASCII), null, null, JobScope.NONE))
                .isInstanceOf(JobException.class).hasMessageContaining("limit " + (512 << 10));
        Path written = folder.resolve("written");
        assertThat(Files.notExists(written) || Files.size(written) == 0).as("it can write no file").isTrue();
    }

    @Test
    void decodesManyFilesAtOnce() {
        byte[] file = Encoder.chirp(3, "mp3");
        ByteBuffer untouched = ByteBuffer.wrap(file.clone());
        List<CompletableFuture<Recording>> decodings = Stream.generate(() -> CompletableFuture.supplyAsync(() ->
                decoder(AudioLimits.DEFAULT).decode(file, null, null, JobScope.NONE))).limit(6).toList();
        int size = decodings.getFirst().join().size();
        assertThat(decodings).allSatisfy(decoding -> assertThat(decoding.join().size()).isEqualTo(size));
        assertThat(ByteBuffer.wrap(file)).isEqualTo(untouched);
        assertThat(decoders()).isEmpty();
    }

    private static AudioDecoder decoder(AudioLimits limits) {
        return new AudioDecoder(Encoder.CARRIED, limits);
    }

    private static void assertNotAvailable(AudioDecoder decoder, byte[] file, String... said) {
        assertThatThrownBy(() -> decoder.decode(file, null, null, JobScope.NONE)).isInstanceOf(JobException.class)
                .hasMessageContainingAll(said).extracting(e -> ((JobException) e).code())
                .isEqualTo(ErrorCode.MODEL_NOT_AVAILABLE);
    }

    private List<ProcessHandle> decoders() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive).filter(child -> !before.contains(child)).toList();
    }

    private Path executable(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\nexit 1\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file;
    }

    private static URL resource() {
        return FfmpegIT.class.getClassLoader().getResource("org/bytedeco/ffmpeg/linux-x86_64/ffmpeg");
    }
}
