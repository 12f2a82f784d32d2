package aiserver.service.audio;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The containers that browsers, phones and recorders send, with the words that announce them and the demuxer that
 * ffmpeg is told to use. ffmpeg never guesses: its guess would let a job reach playlist and image formats.
 * Immutable; any thread.
 */
enum AudioFormat {
    WAV("wav", Set.of("wav", "wave", "x-wav", "vnd.wave", "x-pn-wav"), Set.of("wav", "wave")),
    MP3("mp3", Set.of("mpeg", "mp3", "x-mp3", "mpeg3", "x-mpeg", "mpa"), Set.of("mp3", "mpga", "mp2")),
    /** MPEG-4 and its kin: m4a, fragmented mp4, 3gp, QuickTime. */
    MP4("mov", Set.of("mp4", "m4a", "x-m4a", "aac-mp4", "3gpp", "3gpp2", "quicktime", "x-m4b"),
            Set.of("mp4", "m4a", "m4b", "3gp", "3gpp", "3g2", "mov")),
    OGG("ogg", Set.of("ogg", "opus", "vorbis", "x-ogg", "speex"), Set.of("ogg", "oga", "opus", "spx")),
    /** WebM and Matroska, with or without a duration. */
    WEBM("matroska", Set.of("webm", "x-matroska", "matroska"), Set.of("webm", "weba", "mkv", "mka")),
    FLAC("flac", Set.of("flac", "x-flac"), Set.of("flac")),
    AIFF("aiff", Set.of("aiff", "x-aiff"), Set.of("aiff", "aif", "aifc")),
    AMR("amr", Set.of("amr", "amr-wb", "amr-nb"), Set.of("amr", "awb")),
    /** AAC frames without a container. */
    AAC("aac", Set.of("aac", "x-aac", "aacp", "x-hx-aac-adts"), Set.of("aac", "adts")),
    CAF("caf", Set.of("x-caf", "caf"), Set.of("caf"));

    private final String demuxer;
    private final Set<String> subtypes;
    private final Set<String> extensions;

    AudioFormat(String demuxer, Set<String> subtypes, Set<String> extensions) {
        this.demuxer = demuxer;
        this.subtypes = subtypes;
        this.extensions = extensions;
    }

    /** What ffmpeg calls the reader of this format. */
    String demuxer() {
        return demuxer;
    }

    /** By a MIME type such as {@code audio/webm;codecs=opus} or {@code video/mp4}; null and nonsense are empty. */
    static Optional<AudioFormat> ofMimeType(String mimeType) {
        if (mimeType == null) {
            return Optional.empty();
        }
        String type = mimeType.toLowerCase(Locale.ROOT).split(";", 2)[0].strip();
        int slash = type.indexOf('/');
        String main = slash < 0 ? "" : type.substring(0, slash);
        if (!Set.of("audio", "video", "application").contains(main)) {
            return Optional.empty();
        }
        return find(format -> format.subtypes.contains(type.substring(slash + 1)));
    }

    /** By the ending of a file name, whatever its case; null and nonsense are empty. */
    static Optional<AudioFormat> ofFilename(String filename) {
        if (filename == null) {
            return Optional.empty();
        }
        String ending = filename.substring(filename.lastIndexOf('.') + 1).strip().toLowerCase(Locale.ROOT);
        return find(format -> format.extensions.contains(ending));
    }

    private static Optional<AudioFormat> find(java.util.function.Predicate<AudioFormat> test) {
        for (AudioFormat format : values()) {
            if (test.test(format)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }
}
