package aiserver.service.audio;

import aiserver.config.UserCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes sounds in the formats of browsers, phones and recorders, with the ffmpeg that the project carries. */
public final class Encoder {
    public static final FfmpegProgram CARRIED = new FfmpegProgram(null, "", FfmpegArchive.ofClassPath(UserCache.folder()));

    private Encoder() {
    }

    /** The file that ffmpeg makes of a chirp of some seconds with these output options, in a container by its ending. */
    public static byte[] chirp(double seconds, String ending, String... options) {
        return encode(Sound.wav(Sound.chirp(48000, seconds), 48000), ending, options);
    }

    public static byte[] encode(byte[] wav, String ending, String... options) {
        try {
            Path folder = Files.createTempDirectory("encoder");
            Path in = Files.write(folder.resolve("in.wav"), wav);
            Path out = folder.resolve("out." + ending);
            List<String> command = new ArrayList<>(List.of(CARRIED.located().program().toString(), "-nostdin",
                    "-loglevel", "error", "-i", in.toString()));
            command.addAll(List.of(options));
            command.add(out.toString());
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("LD_LIBRARY_PATH", CARRIED.located().libraries().toString());
            Process process = builder.start();
            String said = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new AssertionError("ffmpeg cannot encode " + ending + ": " + said);
            }
            byte[] file = Files.readAllBytes(out);
            for (Path path : List.of(in, out, folder)) {
                Files.delete(path);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
