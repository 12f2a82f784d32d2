package aiserver.service.audio;

import java.util.Optional;
import java.util.function.IntUnaryOperator;

/**
 * Tells whether a file breaks off in the middle of a page, element or frame, as an upload that was cut does. ffmpeg
 * decodes such a file up to the break and calls that success; a customer's order must not lose its second half so.
 * What is no page, element or frame at all ends the walk without a verdict: ffmpeg has the last word there.
 * Pure functions; any thread.
 */
final class ContainerEnd {
    private static final int EBML_SEGMENT = 0x18538067;
    private static final int EBML_CLUSTER = 0x1F43B675;
    private static final int[] AMR_NARROW = {12, 13, 15, 17, 19, 20, 26, 31, 5};
    private static final int[] AMR_WIDE = {17, 23, 32, 36, 40, 46, 50, 58, 60, 5};
    private static final int AMR_NO_DATA = 15;

    private ContainerEnd() {
    }

    /** What is cut, in words that follow "it was cut: ", or empty where nothing shows that it was. */
    static Optional<String> cut(AudioFormat format, byte[] file) {
        return switch (format) {
            case OGG -> ogg(file);
            case WEBM -> ebml(file);
            case MP3 -> mp3(file);
            case AMR -> amr(file);
            case AAC -> aac(file);
            default -> Optional.empty();
        };
    }

    private static Optional<String> ogg(byte[] file) {
        int at = 0;
        while (at < file.length && AudioSignature.tag(file, at).equals("OggS")) {
            int table = at + 27;
            int segments = table <= file.length ? file[at + 26] & 0xFF : 0;
            long end = (long) table + segments;
            for (int i = 0; i < segments && table + i < file.length; i++) {
                end += file[table + i] & 0xFF;
            }
            if (end > file.length) {
                return missing("its last page", end - file.length);
            }
            at = (int) end;
        }
        return Optional.empty();
    }

    /** Walks through segments and clusters, whose sizes live recordings do not know, from leaf to leaf. */
    private static Optional<String> ebml(byte[] file) {
        long at = 0;
        while (at < file.length) {
            int idLength = Integer.numberOfLeadingZeros(file[(int) at] & 0xFF) - 23;
            if (idLength > 4 || at + idLength >= file.length) {
                break;
            }
            int id = (int) number(file, (int) at, idLength);
            int sizeAt = (int) at + idLength;
            int sizeLength = Integer.numberOfLeadingZeros(file[sizeAt] & 0xFF) - 23;
            if (sizeLength > 8 || sizeAt + sizeLength > file.length) {
                break;
            }
            long mask = (1L << 7 * sizeLength) - 1;
            long size = number(file, sizeAt, sizeLength) & mask;
            boolean unknown = size == mask;
            long content = sizeAt + sizeLength;
            if (!unknown && size > file.length - content) {
                return missing("its last element", size - (file.length - content));
            }
            if (id == EBML_SEGMENT || id == EBML_CLUSTER) {
                at = content;
            } else if (unknown) {
                break;
            } else {
                at = content + size;
            }
        }
        return Optional.empty();
    }

    private static long number(byte[] file, int at, int length) {
        long number = 0;
        for (int i = 0; i < length; i++) {
            number = number << 8 | file[at + i] & 0xFF;
        }
        return number;
    }

    /** ADTS frames carry their lengths; a cut exactly between two of them cannot be seen. */
    private static Optional<String> aac(byte[] file) {
        int begin = (int) Math.min(AudioSignature.afterId3(file), file.length);
        Frames frames = Frames.of(begin, at -> AudioSignature.aacFrame(file, at));
        int left = file.length - frames.end();
        if (left < 0) {
            return missing("its last frame", -left);
        }
        boolean header = frames.end() > 0 && left > 0 && left < AudioSignature.AAC_HEADER && (file[frames.end()] & 0xFF) == 0xFF;
        return header ? missing("its last header", AudioSignature.AAC_HEADER - left) : Optional.empty();
    }

    private static Optional<String> mp3(byte[] file) {
        long begin = AudioSignature.afterId3(file);
        if (begin >= file.length) {
            return Optional.of("it ends within its tags");
        }
        Frames frames = Frames.of((int) begin, at -> Mp3Frames.length(file, at));
        int left = file.length - frames.end();
        if (left < 0) {
            return missing("its last frame", -left);
        }
        int announced = frames.count() > 0 ? Mp3Frames.announced(file, (int) begin) : -1;
        // The frame with the announcement counts for some writers; one frame is 26 to 72 ms.
        if (announced > frames.count() + 1 && left < 4) {
            return Optional.of("it should have " + announced + " frames, but " + frames.count() + " are there");
        }
        return Optional.empty();
    }

    /** Frames that follow each other; {@code end} lies beyond the file where the last of them is cut. */
    private record Frames(int count, int end) {
        /** @param length of the frame that begins there, 0 or less where none does */
        static Frames of(int begin, IntUnaryOperator length) {
            int count = 0;
            int at = begin;
            for (int next = length.applyAsInt(at); next > 0; next = length.applyAsInt(at)) {
                count++;
                at += next;
            }
            return new Frames(count, at);
        }
    }

    private static Optional<String> amr(byte[] file) {
        boolean wide = AudioSignature.tag(file, 5).startsWith("-WB\n");
        if (!wide && !(file.length > 5 && file[5] == '\n')) {
            return Optional.empty();
        }
        int[] sizes = wide ? AMR_WIDE : AMR_NARROW;
        int at = wide ? 9 : 6;
        while (at < file.length) {
            int type = file[at] >> 3 & 15;
            if (type >= sizes.length && type < AMR_NO_DATA - 1) {
                return Optional.empty();
            }
            int end = at + 1 + (type < sizes.length ? sizes[type] : 0);
            if (end > file.length) {
                return missing("its last frame", end - file.length);
            }
            at = end;
        }
        return Optional.empty();
    }

    private static Optional<String> missing(String what, long bytes) {
        return Optional.of(what + " lacks " + bytes + " bytes");
    }
}
