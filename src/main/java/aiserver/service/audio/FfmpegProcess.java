package aiserver.service.audio;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One ffmpeg at work on one file of a stranger: the file goes in by a pipe, WAV comes out by a pipe. It may open
 * nothing else (no network, no files, a fixed demuxer, a list of audio codecs), write no file, and use a bounded amount
 * of memory and time; it is killed at the deadline, when the job is cancelled, and when this object is closed.
 *
 * <p>Owned by one decoding, whose thread reads {@link #wav()} and then calls {@link #finish}. Three daemon threads of
 * its own feed the input, keep the last messages and watch the clock; all end with the process.
 */
final class FfmpegProcess implements AutoCloseable {
    /** Sets the limits in the shell that then becomes ffmpeg: address space (KiB), processor seconds, files, dumps. */
    private static final String CONFINED =
            "ulimit -v \"$1\" && ulimit -t \"$2\" && ulimit -f 0 && ulimit -c 0 && shift 2 && exec \"$@\"";
    private static final String CODECS = "aac,aac_latm,alac,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,flac,"
            + "mp1,mp1float,mp2,mp2float,mp3,mp3float,opus,libopus,vorbis,libvorbis,speex,libspeex,qcelp,evrc,"
            + "wmav1,wmav2,gsm,gsm_ms,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_g722,adpcm_g726,"
            + "pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,"
            + "pcm_f64le,pcm_f64be,pcm_mulaw,pcm_alaw";
    private static final int MAX_ALLOCATION = 128 << 20;
    private static final int KEPT_MESSAGES = 20;
    private static final int MAX_MESSAGE = 300;
    /** Exit statuses from here on are signals. */
    private static final int SIGNALS = 128;
    private static final long WATCH_MILLIS = 20;
    /**
     * Silence in place of what a recording left out, so that what follows keeps its time: of 0.1 s, since less is jitter,
     * to 300 s, since more is a clock that was set, and ffmpeg would run out of the memory that it may take. Of the
     * time stamps only such jumps are kept: where they go back, two recordings were joined, and aresample by itself
     * would drop the second. (0: how far the stamps are ahead of the samples, 1: the silence so far, 2: a new jump.)
     */
    private static final String GAPS_AS_SILENCE = "asetpts='st(2,PTS-STARTPTS-N-ld(0));"
            + "if(gt(abs(ld(2)),SR/10),st(0,ld(0)+ld(2));st(1,ld(1)+between(ld(2),0,300*SR)*ld(2)));"
            + "STARTPTS+N+ld(1)',aresample=async=1";
    /** How ffmpeg's lines begin, unlike those of the shell and the loader; a file's own texts stand further right. */
    private static final Pattern LEVEL = Pattern.compile("(?:\\[[^]]* @ [^]]*] )*\\[([a-z]+)] ");
    private static final Pattern VIDEO = Pattern.compile("\\[info] {3}Stream #\\S+ Video: ");
    private static final Pattern DURATION = Pattern.compile(
            "\\[info] {3}Duration: (\\d+):(\\d+):(\\d+(?:\\.\\d+)?)(?:, start: (\\d+\\.\\d+))?");
    private static final Pattern PREFIXES = Pattern.compile("^(\\[[^]]*] )+|pipe:0: ");

    private final Process process;
    private final AudioLimits limits;
    private final BooleanSupplier cancelled;
    private final long deadline;
    private final Thread messageReader;
    private final Deque<String> errors = new ArrayDeque<>();
    private volatile boolean started;
    private volatile String otherWords = "";
    private volatile double announcedSeconds = Double.NaN;
    private volatile boolean video;
    private volatile boolean late;
    private volatile boolean stopped;

    private FfmpegProcess(Process process, List<ByteBuffer> input, AudioLimits limits, BooleanSupplier cancelled) {
        this.process = process;
        this.limits = limits;
        this.cancelled = cancelled;
        this.deadline = System.nanoTime() + limits.decodeTime().toNanos();
        this.messageReader = start("ffmpeg-messages", this::readMessages);
        start("ffmpeg-input", () -> feed(input));
        start("ffmpeg-watch", this::watch);
    }

    /**
     * Starts decoding.
     *
     * @param input     the file in parts, written one after another; must not change meanwhile
     * @param cancelled asked many times a second from a thread of this object
     */
    static FfmpegProcess start(FfmpegProgram.Located ffmpeg, AudioFormat format, List<ByteBuffer> input,
                               AudioLimits limits, BooleanSupplier cancelled) {
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", CONFINED, "sh",
                Long.toString(limits.decoderMemory() >> 10), Long.toString(limits.decodeTime().toSeconds() + 1),
                ffmpeg.program().toString(), "-nostdin", "-nostats", "-hide_banner", "-loglevel", "repeat+level+info",
                "-max_alloc", Integer.toString(MAX_ALLOCATION)));
        if (format == AudioFormat.FLAC) {
            // Its frames carry checksums: an error there is damage, while other formats begin with harmless ones.
            command.add("-xerror");
        }
        command.addAll(List.of("-threads", "1", "-protocol_whitelist", "pipe", "-codec_whitelist", CODECS,
                "-f", format.demuxer(), "-i", "pipe:0", "-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1",
                "-af", GAPS_AS_SILENCE, "-threads", "1", "-c:a", "pcm_f32le", "-bitexact", "-f", "wav", "pipe:1"));
        ProcessBuilder builder = new ProcessBuilder(command).directory(Path.of("/").toFile());
        builder.environment().clear();
        if (ffmpeg.libraries() != null) {
            builder.environment().put("LD_LIBRARY_PATH", ffmpeg.libraries().toString());
        }
        try {
            return new FfmpegProcess(builder.start(), input, limits, cancelled);
        } catch (IOException e) {
            throw unavailable(e.getMessage(), e);
        }
    }

    /** The decoded audio as a WAV stream of 32-bit floats in the file's own rate and channels; ends early on failure. */
    InputStream wav() {
        return process.getInputStream();
    }

    /** Whether more sound comes than was read; waits for it or for the end, and takes a byte. */
    boolean goesOn() {
        try {
            return wav().read() >= 0;
        } catch (IOException e) {
            // It was killed, and has a reason to tell.
            return false;
        }
    }

    /**
     * Waits for the end and judges it.
     *
     * @throws JobException INVALID_AUDIO with ffmpeg's own words, MODEL_NOT_AVAILABLE where it never came to words, or
     *                      CANCELLED
     */
    void finish() {
        int status = await();
        if (cancelled.getAsBoolean()) {
            throw new JobException(ErrorCode.CANCELLED, "the job was cancelled while its audio was decoded");
        }
        if (late) {
            throw invalid("took longer than " + limits.decodeTime().toMillis() + " ms to decode");
        }
        if (status != 0 && status < SIGNALS && !started) {
            // It says at least what it reads: the shell could not set the limits, or it or the loader found no program.
            throw unavailable(otherWords.isEmpty() ? "it ended with status " + status : otherWords, null);
        }
        if (status != 0) {
            String said = lastWords();
            throw invalid("cannot be decoded: " + (said.isEmpty() ? "ffmpeg ended with status " + status : said));
        }
    }

    /**
     * As {@link #finish()}, for who heard it out.
     *
     * @param seconds how much came out
     */
    void finish(double seconds) {
        finish();
        String said = lastWords();
        if (seconds == 0 && !said.isEmpty()) {
            throw invalid("cannot be decoded: " + said);
        }
        // A container's length spans its pictures, too, so only files of sound alone are held to it.
        if (!video && announcedSeconds - seconds > Math.max(0.5, 0.05 * announcedSeconds)) {
            throw invalid(String.format(Locale.ROOT, "was cut: it should have %.1f s, but %.1f s are there",
                    announcedSeconds, seconds));
        }
    }

    /** Ends the process and its threads wherever they are; does nothing after a normal end. */
    @Override
    public void close() {
        stopped = true;
        process.destroyForcibly();
        try {
            process.waitFor(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private int await() {
        try {
            int status = process.waitFor();
            messageReader.join(TimeUnit.SECONDS.toMillis(5));
            return status;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new JobException(ErrorCode.CANCELLED, "the worker stopped while the audio was decoded", e);
        }
    }

    private void feed(List<ByteBuffer> input) {
        try (OutputStream out = process.getOutputStream()) {
            for (ByteBuffer part : input) {
                out.write(part.array(), part.arrayOffset() + part.position(), part.remaining());
            }
        } catch (IOException e) {
            // ffmpeg closed its end: it failed, or it has all it wants; its exit status tells which.
        }
    }

    private void readMessages() {
        try (BufferedReader in = new BufferedReader(
                new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                note(line);
            }
        } catch (IOException e) {
            // The process was killed; what it said until then is kept.
        }
    }

    private void note(String line) {
        Matcher level = LEVEL.matcher(line);
        if (!level.lookingAt()) {
            otherWords = line.substring(0, Math.min(line.length(), MAX_MESSAGE));
            return;
        }
        started = true;
        if (Set.of("error", "fatal").contains(level.group(1))) {
            synchronized (errors) {
                errors.addLast(line.substring(0, Math.min(line.length(), MAX_MESSAGE)));
                if (errors.size() > KEPT_MESSAGES) {
                    errors.removeFirst();
                }
            }
        } else if (VIDEO.matcher(line).lookingAt()) {
            video = true;
        } else if (Double.isNaN(announcedSeconds)) {
            Matcher duration = DURATION.matcher(line);
            if (duration.lookingAt()) {
                // Up to the last time stamp, or without the start, as newer ones say of MPEG-4: the lesser is certain.
                announcedSeconds = Double.parseDouble(duration.group(1)) * 3600
                        + Double.parseDouble(duration.group(2)) * 60 + Double.parseDouble(duration.group(3))
                        - (duration.group(4) == null ? 0 : Double.parseDouble(duration.group(4)));
            }
        }
    }

    /** The first thing that went wrong says why; what follows are its consequences. */
    private String lastWords() {
        synchronized (errors) {
            return errors.stream()
                    .map(line -> PREFIXES.matcher(line).replaceAll("").strip())
                    .filter(line -> !line.contains("not on whitelist"))
                    .findFirst().orElse("");
        }
    }

    private void watch() {
        while (!stopped && process.isAlive()) {
            late |= System.nanoTime() - deadline > 0;
            if (late || cancelled.getAsBoolean()) {
                process.destroyForcibly();
                return;
            }
            try {
                process.waitFor(WATCH_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                process.destroyForcibly();
                return;
            }
        }
    }

    private static Thread start(String name, Runnable work) {
        return Thread.ofPlatform().daemon().name(name).start(work);
    }

    private static JobException unavailable(String why, Exception cause) {
        return new JobException(ErrorCode.MODEL_NOT_AVAILABLE,
                "audio_bytes cannot be decoded: ffmpeg does not start: " + why, cause);
    }

    private static JobException invalid(String what) {
        return new JobException(ErrorCode.INVALID_AUDIO, "audio_bytes " + what);
    }
}
