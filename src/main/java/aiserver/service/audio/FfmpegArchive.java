package aiserver.service.audio;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.CRC32;

/**
 * Unpacks the ffmpeg program of the {@code org.bytedeco:ffmpeg} jar into a cache folder of this user, once for all
 * workers and starts: under a name of its own first, then moved into place as a whole, so that nobody ever sees half
 * of it. The program wants libraries of screens, sound cards and video processors, which servers do not have and
 * decoding audio does not need: empty ones lie beside it. Thread-safe: concurrent unpacking ends in the same folder.
 */
final class FfmpegArchive {
    private static final String PLATFORM = "linux-x86_64";
    private static final String PREFIX = "org/bytedeco/ffmpeg/" + PLATFORM + "/";
    private static final String PROGRAM = "ffmpeg";
    private static final String UNPACKING = "unpacking-";
    /** X11, two sound systems, two interfaces to video processors. */
    private static final List<String> NOT_NEEDED = List.of("libxcb.so.1", "libxcb-shm.so.0", "libasound.so.2",
            "libpulse.so.0", "libva.so.2", "libva-drm.so.2", "libdrm.so.2");

    private final URL resource;
    private final Path cache;
    /** Stands for a cache that cannot be used; null until it is needed. */
    private Path temporary;

    /** @param resource the program inside a jar, or null: there is none */
    FfmpegArchive(URL resource, Path cache) {
        this.resource = resource;
        this.cache = Objects.requireNonNull(cache, "cache");
    }

    static FfmpegArchive ofClassPath(Path cache) {
        boolean fits = System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64");
        URL program = fits ? FfmpegArchive.class.getClassLoader().getResource(PREFIX + PROGRAM) : null;
        return new FfmpegArchive(program, cache);
    }

    /** The unpacked program, its libraries beside it, or empty where the class path has none for this machine. */
    Optional<Path> program() throws IOException {
        if (resource == null) {
            return Optional.empty();
        }
        if (!(resource.openConnection() instanceof JarURLConnection connection)) {
            throw new IOException("ffmpeg must lie in a jar, not at " + resource);
        }
        connection.setUseCaches(false);
        try (JarFile jar = connection.getJarFile()) {
            List<JarEntry> entries = entries(jar);
            Path base = base();
            Path folder = base.resolve("ffmpeg-" + fingerprint(entries));
            if (!complete(folder, entries)) {
                unpack(jar, entries, folder);
            }
            if (!base.equals(cache)) {
                deleteOnExit(base, folder);
            }
            return Optional.of(folder.resolve(PROGRAM));
        }
    }

    /** The cache, ours alone; a private temporary folder where the home is not to be written, as in containers. */
    private synchronized Path base() throws IOException {
        Set<PosixFilePermission> ours = PosixFilePermissions.fromString("rwx------");
        try {
            Files.createDirectories(cache);
            String owner = Files.getOwner(cache, LinkOption.NOFOLLOW_LINKS).getName();
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(cache, LinkOption.NOFOLLOW_LINKS);
            boolean foreign = !owner.equals(Files.getOwner(Path.of("/proc/self")).getName())
                    || permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE);
            if (!foreign && Files.isWritable(cache)) {
                return cache;
            }
        } catch (IOException e) {
            // A read-only or missing home: the temporary folder below serves as well.
        }
        // One for all calls: whoever asks again and again must not fill the disk.
        if (temporary == null || !Files.isDirectory(temporary, LinkOption.NOFOLLOW_LINKS)) {
            temporary = Files.createTempDirectory("ai-server-", PosixFilePermissions.asFileAttribute(ours));
        }
        return temporary;
    }

    private static List<JarEntry> entries(JarFile jar) {
        List<JarEntry> entries = new ArrayList<>();
        for (JarEntry entry : Collections.list(jar.entries())) {
            String name = entry.getName();
            if (name.startsWith(PREFIX) && !entry.isDirectory() && wanted(name.substring(PREFIX.length()))) {
                entries.add(entry);
            }
        }
        return entries;
    }

    private static boolean wanted(String name) {
        return name.equals(PROGRAM)
                || (name.startsWith("libav") || name.startsWith("libsw")) && name.contains(".so.") && !name.contains("/");
    }

    private static String fingerprint(List<JarEntry> entries) {
        CRC32 sum = new CRC32();
        for (JarEntry entry : entries) {
            sum.update((entry.getName() + entry.getCrc() + ' ' + entry.getSize()).getBytes());
        }
        return String.format("%08x", sum.getValue());
    }

    private static boolean complete(Path folder, List<JarEntry> entries) throws IOException {
        for (JarEntry entry : entries) {
            Path file = folder.resolve(entry.getName().substring(PREFIX.length()));
            if (!Files.isRegularFile(file) || Files.size(file) != entry.getSize()) {
                return false;
            }
        }
        return NOT_NEEDED.stream().allMatch(name -> Files.isRegularFile(folder.resolve(name)));
    }

    private static void unpack(JarFile jar, List<JarEntry> entries, Path folder) throws IOException {
        deleteLeftovers(folder.getParent());
        Path fresh = Files.createTempDirectory(folder.getParent(), UNPACKING);
        try {
            for (JarEntry entry : entries) {
                try (InputStream in = jar.getInputStream(entry)) {
                    Files.copy(in, fresh.resolve(entry.getName().substring(PREFIX.length())));
                }
            }
            for (String name : NOT_NEEDED) {
                Files.write(fresh.resolve(name), EmptyLibrary.named(name));
            }
            Files.setPosixFilePermissions(fresh.resolve(PROGRAM), PosixFilePermissions.fromString("rwx------"));
            if (!place(fresh, folder, entries)) {
                // An earlier one that lacks files; it is moved away first, since only an empty folder can be replaced.
                moveAway(folder, folder.resolveSibling(fresh.getFileName() + "-old"));
                if (!place(fresh, folder, entries)) {
                    throw new IOException(folder + " lacks files and cannot be replaced");
                }
            }
        } finally {
            delete(fresh);
        }
    }

    // Of a worker that was killed while it unpacked; a living one takes seconds.
    private static void deleteLeftovers(Path parent) throws IOException {
        Instant old = Instant.now().minus(Duration.ofHours(1));
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, UNPACKING + "*")) {
            for (Path folder : folders) {
                try {
                    if (Files.getLastModifiedTime(folder, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(old)) {
                        delete(folder);
                    }
                } catch (NoSuchFileException e) {
                    // Another worker did so just now.
                }
            }
        }
    }

    /** Whether the whole program is there now: this one, or that of another worker, who was quicker with the same files. */
    private static boolean place(Path fresh, Path folder, List<JarEntry> entries) throws IOException {
        try {
            Files.move(fresh, folder, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (FileSystemException e) { // Linux has no exception of its own for a folder that is not empty
            if (!Files.exists(folder)) {
                throw e;
            }
            return complete(folder, entries);
        }
    }

    private static void moveAway(Path folder, Path old) throws IOException {
        try {
            delete(Files.move(folder, old));
        } catch (NoSuchFileException e) {
            // Another worker did so just now.
        }
    }

    private static void deleteOnExit(Path base, Path folder) throws IOException {
        base.toFile().deleteOnExit();
        folder.toFile().deleteOnExit();
        try (var files = Files.list(folder)) {
            files.forEach(file -> file.toFile().deleteOnExit());
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.deleteIfExists(file);
                }
            }
            Files.deleteIfExists(folder);
        }
    }
}
