package aiserver.service.audio;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Any audio file to a {@link Recording}. The format is told by content first, then by MIME type, then by name. PCM in
 * WAV is read here; everything else goes through ffmpeg, which gives WAV, too: one way for both, one resampler, so
 * that the same sentence sounds the same whatever it came in. Stateless but for the ffmpeg it found; any thread.
 */
public final class AudioDecoder {
    private final FfmpegProgram ffmpeg;
    private final AudioLimits limits;

    public AudioDecoder(FfmpegProgram ffmpeg, AudioLimits limits) {
        this.ffmpeg = Objects.requireNonNull(ffmpeg, "ffmpeg");
        this.limits = Objects.requireNonNull(limits, "limits");
    }

    /**
     * Decodes a file; blocks while it does.
     *
     * @param file     as it was sent; only read
     * @param mimeType a hint, or null
     * @param filename a hint, or null
     * @throws JobException INVALID_AUDIO for what is no audio, damaged, cut or empty; AUDIO_TOO_LONG; CANCELLED;
     *                      MODEL_NOT_AVAILABLE where ffmpeg is needed and there is none
     */
    public Recording decode(byte[] file, String mimeType, String filename, JobScope scope) {
        if (file.length == 0) {
            throw invalid("is empty");
        }
        if (file.length > limits.maxBytes()) {
            throw new JobException(ErrorCode.AUDIO_TOO_LONG,
                    "audio_bytes has " + file.length + " bytes; at most " + limits.maxBytes() + " are taken");
        }
        AudioFormat format = format(file, mimeType, filename);
        try {
            return format == AudioFormat.WAV ? wav(file, scope) : byFfmpeg(format, file, scope);
        } catch (IOException e) {
            throw new JobException(ErrorCode.INVALID_AUDIO, "audio_bytes cannot be read: " + e.getMessage(), e);
        }
    }

    private static AudioFormat format(byte[] file, String mimeType, String filename) {
        Optional<AudioFormat> shown = AudioSignature.format(file);
        if (shown.isPresent()) {
            return shown.get();
        }
        Optional<String> other = AudioSignature.other(file);
        if (other.isPresent()) {
            throw invalid("is " + other.get() + ", not audio" + labels(mimeType, filename));
        }
        // Only frames without a container can begin with something else; all other formats show themselves.
        return AudioFormat.ofMimeType(mimeType).or(() -> AudioFormat.ofFilename(filename))
                .filter(format -> format == AudioFormat.MP3 || format == AudioFormat.AAC)
                .orElseThrow(() -> invalid("is no audio format that is known: it begins with "
                        + HexFormat.ofDelimiter(" ").formatHex(file, 0, Math.min(8, file.length))
                        + labels(mimeType, filename)));
    }

    private static String labels(String mimeType, String filename) {
        String labels = (mimeType == null ? "" : ", mime_type \"" + brief(mimeType) + "\"")
                + (filename == null ? "" : ", filename \"" + brief(filename) + "\"");
        return labels.isEmpty() ? "" : " (" + labels.substring(2) + ")";
    }

    private static String brief(String text) {
        return text.length() <= 60 ? text : text.substring(0, text.offsetByCodePoints(0, 30)) + "…";
    }

    private Recording wav(byte[] file, JobScope scope) throws IOException {
        ByteArrayInputStream in = new ByteArrayInputStream(file);
        if (AudioSignature.tag(file, 0).equals("RIFX")) {
            return byFfmpeg(AudioFormat.WAV, file, scope);
        }
        WavHeader header = WavHeader.read(in, file.length);
        if (header.coding() == null) {
            return byFfmpeg(AudioFormat.WAV, file, scope);
        }
        WavReader reader = WavReader.of(in, header);
        return checked(record(reader, scope), reader);
    }

    private Recording byFfmpeg(AudioFormat format, byte[] file, JobScope scope) throws IOException {
        Optional<String> cut = ContainerEnd.cut(format, file);
        if (cut.isPresent()) {
            throw invalid("is " + article(format) + " file that was cut: " + cut.get());
        }
        List<ByteBuffer> parts =
                format == AudioFormat.MP4 ? Mp4Layout.streamable(file) : List.of(ByteBuffer.wrap(file));
        try (FfmpegProcess process = FfmpegProcess.start(ffmpeg.located(), format, parts, limits, scope::cancelled)) {
            InputStream wav = process.wav();
            WavReader reader;
            Recording recording;
            try {
                reader = WavReader.of(wav, WavHeader.read(wav, -1));
                recording = record(reader, scope);
            } catch (JobException | IOException e) {
                // A stream that breaks off is only the consequence; the process knows the reason. Of what the reader
                // turned down it knows nothing, and waits for ever for somebody who reads on.
                if (!process.goesOn()) {
                    process.finish();
                }
                throw e;
            }
            process.finish((double) reader.framesRead() / reader.rate());
            return checked(recording, reader);
        } catch (JobException e) {
            if (e.code() == ErrorCode.MODEL_NOT_AVAILABLE) {
                ffmpeg.forget();
            }
            throw e;
        }
    }

    private Recording record(WavReader reader, JobScope scope) throws IOException {
        Resampler resampler = new Resampler(reader.rate());
        Recording recording = new Recording();
        float[] in = new float[2048];
        float[] out = new float[resampler.bound(in.length)];
        long most = (long) (limits.maxSeconds() * reader.rate());
        for (int count = reader.read(in); count > 0; count = reader.read(in)) {
            if (scope.cancelled()) {
                throw new JobException(ErrorCode.CANCELLED, "the job was cancelled while its audio was decoded");
            }
            if (reader.framesRead() > most) {
                throw new JobException(ErrorCode.AUDIO_TOO_LONG, String.format(Locale.ROOT,
                        "audio_bytes holds more than %s s of audio, which is the limit", number(limits.maxSeconds())));
            }
            recording.append(out, resampler.push(in, count, out));
        }
        recording.append(out, resampler.finish(out));
        return recording;
    }

    private Recording checked(Recording recording, WavReader reader) {
        if (reader.framesRead() == 0) {
            throw invalid("has a header but no audio");
        }
        if (recording.seconds() < limits.minSeconds()) {
            throw invalid(String.format(Locale.ROOT, "holds %d samples, %.4f s of audio; at least %s s are needed",
                    reader.framesRead(), (double) reader.framesRead() / reader.rate(), number(limits.minSeconds())));
        }
        double clipped = (double) reader.clipped() / reader.framesRead();
        if (clipped > limits.maxClipped()) {
            throw invalid(String.format(Locale.ROOT, "is clipped: %.0f %% of its samples are at full scale",
                    100 * clipped));
        }
        return recording;
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private static String article(AudioFormat format) {
        return (format == AudioFormat.AMR || format == AudioFormat.OGG || format == AudioFormat.MP3 ? "an " : "a ")
                + format;
    }

    private static JobException invalid(String what) {
        return new JobException(ErrorCode.INVALID_AUDIO, "audio_bytes " + what);
    }
}
