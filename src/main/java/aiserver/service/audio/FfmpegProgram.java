package aiserver.service.audio;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Which ffmpeg decodes what Java does not: the one that a setting names, else the one on PATH, which the system keeps
 * up to date, else the one of the {@code org.bytedeco:ffmpeg} jar. Looked for at first use, and again where it did not start. Any thread.
 */
public final class FfmpegProgram {
    private final Path configured;
    private final String searchPath;
    private final FfmpegArchive archive;
    private Located found;

    /** @param libraries the folder that the program's libraries lie in, or null: the system's */
    record Located(Path program, Path libraries) {
    }

    /**
     * @param configured the program to use, or null: look for one
     * @param cache      a folder of this user's alone, where the jar's is unpacked once; it need not be there
     */
    public FfmpegProgram(Path configured, Path cache) {
        this(configured, System.getenv().getOrDefault("PATH", ""), FfmpegArchive.ofClassPath(cache));
    }

    FfmpegProgram(Path configured, String searchPath, FfmpegArchive archive) {
        this.configured = configured;
        this.searchPath = Objects.requireNonNull(searchPath, "searchPath");
        this.archive = Objects.requireNonNull(archive, "archive");
    }

    /**
     * Where the program is.
     *
     * @throws JobException MODEL_NOT_AVAILABLE where there is none: what is missing belongs to the worker, not the job
     */
    synchronized Located located() {
        if (found == null) {
            found = find();
        }
        return found;
    }

    /** What was found does not start: the next one who asks has it looked for again. */
    synchronized void forget() {
        found = null;
    }

    /** The program's file; as {@link #located}, for who wants to know and not to run it. */
    public Path path() {
        return located().program();
    }

    private Located find() {
        if (configured != null) {
            if (!Files.isExecutable(configured)) {
                throw missing("the configured ffmpeg " + configured + " is not an executable file", null);
            }
            return new Located(configured.toAbsolutePath(), null);
        }
        Optional<Path> onPath = onPath();
        if (onPath.isPresent()) {
            return new Located(onPath.get(), null);
        }
        try {
            return archive.program().map(program -> new Located(program, program.getParent())).orElseThrow(() ->
                    missing("no ffmpeg on PATH, and none for this machine on the class path; install ffmpeg", null));
        } catch (IOException e) {
            throw missing("no ffmpeg on PATH, and the one on the class path cannot be unpacked: " + e.getMessage(), e);
        }
    }

    private Optional<Path> onPath() {
        for (String folder : searchPath.split(File.pathSeparator)) {
            // An empty or relative entry would mean the working directory, from where nothing is to be started.
            if (folder.startsWith("/")) {
                Path candidate = Path.of(folder, "ffmpeg");
                if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    private static JobException missing(String why, Exception cause) {
        return new JobException(ErrorCode.MODEL_NOT_AVAILABLE, "audio_bytes cannot be decoded: " + why, cause);
    }
}
