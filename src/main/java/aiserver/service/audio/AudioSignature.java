package aiserver.service.audio;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells a file by its first bytes. Senders mislabel files, so the content is asked before the MIME type and the name.
 * Pure functions; any thread.
 */
final class AudioSignature {
    /** Kinds that are surely not audio, with the words that the sender is told. */
    private static final Map<byte[], String> OTHERS = new LinkedHashMap<>();

    static {
        OTHERS.put(new byte[] {'P', 'K', 3, 4}, "a zip archive");
        OTHERS.put(new byte[] {'P', 'K', 5, 6}, "an empty zip archive");
        OTHERS.put(new byte[] {'R', 'a', 'r', '!'}, "a rar archive");
        OTHERS.put(new byte[] {'7', 'z', (byte) 0xBC, (byte) 0xAF}, "a 7z archive");
        OTHERS.put(new byte[] {0x1F, (byte) 0x8B}, "gzip data");
        OTHERS.put(ascii("%PDF"), "a PDF");
        OTHERS.put(new byte[] {(byte) 0x89, 'P', 'N', 'G'}, "a PNG picture");
        OTHERS.put(new byte[] {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF}, "a JPEG picture");
        OTHERS.put(ascii("GIF8"), "a GIF picture");
        OTHERS.put(new byte[] {0x7F, 'E', 'L', 'F'}, "a program");
        OTHERS.put(ascii("#EXTM3U"), "a playlist");
        OTHERS.put(ascii("<!DOCTYPE"), "a web page");
        OTHERS.put(ascii("<html"), "a web page");
    }

    /** First boxes of MPEG-4 and older QuickTime files. */
    private static final Set<String> MP4_BOXES =
            Set.of("ftyp", "styp", "moov", "moof", "mdat", "wide", "free", "skip", "sidx");
    static final int AAC_HEADER = 7;
    private static final int ID3_HEADER = 10;

    private AudioSignature() {
    }

    /** The format that the content shows, or empty where it shows none that is known. */
    static Optional<AudioFormat> format(byte[] file) {
        if (tag(file, 8).equals("WAVE") && Set.of("RIFF", "RIFX", "RF64", "BW64").contains(tag(file, 0))) {
            return Optional.of(AudioFormat.WAV);
        }
        String start = tag(file, 0);
        if (start.equals("FORM") && Set.of("AIFF", "AIFC").contains(tag(file, 8))) {
            return Optional.of(AudioFormat.AIFF);
        }
        if (startsWith(file, 0, ascii("#!AMR"))) {
            return Optional.of(AudioFormat.AMR);
        }
        if (startsWith(file, 0, new byte[] {0x1A, 0x45, (byte) 0xDF, (byte) 0xA3})) {
            return Optional.of(AudioFormat.WEBM);
        }
        if (MP4_BOXES.contains(tag(file, 4))) {
            return Optional.of(AudioFormat.MP4);
        }
        return switch (start) {
            case "OggS" -> Optional.of(AudioFormat.OGG);
            case "fLaC" -> Optional.of(AudioFormat.FLAC);
            case "caff" -> Optional.of(AudioFormat.CAF);
            default -> frames(file);
        };
    }

    /** What the file is instead of audio, or empty where that is not known. */
    static Optional<String> other(byte[] file) {
        return OTHERS.entrySet().stream()
                .filter(entry -> startsWith(file, 0, entry.getKey()))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** Where the audio begins behind ID3v2 tags; past the end of the file where a tag says so. */
    static long afterId3(byte[] file) {
        long at = 0;
        while (at + ID3_HEADER <= file.length && startsWith(file, (int) at, ascii("ID3"))) {
            int size = 0;
            for (int i = 6; i < ID3_HEADER; i++) {
                size = size << 7 | file[(int) at + i] & 0x7F;
            }
            boolean footer = (file[(int) at + 5] & 0x10) != 0;
            at += ID3_HEADER + size + (footer ? ID3_HEADER : 0);
        }
        return at;
    }

    /** MPEG audio and AAC begin with a frame, perhaps behind an ID3 tag, which FLAC files may carry, too. */
    private static Optional<AudioFormat> frames(byte[] file) {
        long begin = afterId3(file);
        if (begin + 4 > file.length) {
            return begin > 0 ? Optional.of(AudioFormat.MP3) : Optional.empty();
        }
        int at = (int) begin;
        if (tag(file, at).equals("fLaC")) {
            return Optional.of(AudioFormat.FLAC);
        }
        // One frame header is a dozen set bits and little more; a second one behind it makes chance unlikely.
        int aac = aacFrame(file, at);
        if (aac > 0 && (at + aac + AAC_HEADER > file.length || aacFrame(file, at + aac) > 0)) {
            return Optional.of(AudioFormat.AAC);
        }
        int mp3 = Mp3Frames.length(file, at);
        boolean confirmed = mp3 > 0 && (at + mp3 + 4 > file.length || Mp3Frames.length(file, at + mp3) > 0);
        return confirmed || begin > 0 ? Optional.of(AudioFormat.MP3) : Optional.empty();
    }

    /** Bytes of the ADTS frame whose header stands at {@code at}, or 0 where none stands there. */
    static int aacFrame(byte[] file, int at) {
        if (at + AAC_HEADER > file.length || (file[at] & 0xFF) != 0xFF || (file[at + 1] & 0xF6) != 0xF0) {
            return 0;
        }
        int length = (file[at + 3] & 3) << 11 | (file[at + 4] & 0xFF) << 3 | (file[at + 5] & 0xFF) >> 5;
        return length >= AAC_HEADER ? length : 0;
    }

    static boolean startsWith(byte[] file, int at, byte[] sign) {
        if (at < 0 || at + sign.length > file.length) {
            return false;
        }
        for (int i = 0; i < sign.length; i++) {
            if (file[at + i] != sign[i]) {
                return false;
            }
        }
        return true;
    }

    /** Four characters at a place, or nothing where the file is shorter. */
    static String tag(byte[] file, int at) {
        return at < 0 || at + 4 > file.length ? "" : new String(file, at, 4, StandardCharsets.ISO_8859_1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
