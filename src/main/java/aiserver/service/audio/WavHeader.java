package aiserver.service.audio;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * The chunks of a WAV file up to its first sample. Recorders that write to a pipe cannot know the length and put 0 or
 * a huge number there: then the data goes to the end of the stream. Immutable; any thread.
 *
 * @param coding    how samples are written, or null where only ffmpeg can read them
 * @param tag       the format tag as written, for messages
 * @param rate      samples a second and channel
 * @param channels  1 or more
 * @param frames    samples a channel, or -1: until the stream ends
 */
record WavHeader(SampleCoding coding, int tag, int rate, int channels, long frames) {
    static final int MIN_RATE = 1_000;
    static final int MAX_RATE = 384_000;
    static final int MAX_CHANNELS = 64;
    private static final int EXTENSIBLE = 0xFFFE;
    private static final long UNSIGNED = 0xFFFF_FFFFL;
    /** Sizes from here on are what writers to a pipe put: 2 GiB less a header, 2 GiB, 4 GiB less one. */
    private static final long STREAMED = 0x7FFF_0000L;
    private static final Set<String> CHUNKS_AFTER_DATA = Set.of("LIST", "id3 ", "ID3 ", "fact", "cue ", "bext", "iXML");

    /**
     * Reads up to the first sample.
     *
     * @param in        at the start of the file; afterwards at the first sample
     * @param available bytes of the whole file, or -1 where a pipe delivers it
     * @throws JobException INVALID_AUDIO for a file that is not WAV, is cut, or says impossible things
     */
    static WavHeader read(InputStream in, long available) throws IOException {
        String riff = id(in, "RIFF header");
        int32(in);
        String wave = id(in, "RIFF header");
        if (!Set.of("RIFF", "RF64", "BW64").contains(riff) || !wave.equals("WAVE")) {
            throw invalid("audio_bytes is not a WAV file: it begins with \"" + printable(riff) + "\"");
        }
        long position = 12;
        long dataSizeOf64 = -1;
        ByteBuffer format = null;
        while (true) {
            String id = id(in, format == null ? "\"fmt \" chunk" : "\"data\" chunk");
            long size = int32(in) & UNSIGNED;
            position += 8;
            if (id.equals("data")) {
                if (format == null) {
                    throw invalid("audio_bytes is a WAV file whose data comes before its \"fmt \" chunk");
                }
                return of(format, size == UNSIGNED && dataSizeOf64 >= 0 ? dataSizeOf64 : size,
                        available < 0 ? -1 : available - position, in);
            }
            if (id.equals("fmt ") || id.equals("ds64")) {
                if (size < 16 || size > 4096) {
                    throw invalid("audio_bytes is a WAV file whose \"" + id + "\" chunk has " + size + " bytes");
                }
                ByteBuffer content = little(in.readNBytes((int) size));
                if (content.limit() < size) {
                    throw cut(id, size, content.limit());
                }
                if (id.equals("fmt ")) {
                    format = content;
                } else {
                    dataSizeOf64 = content.getLong(8);
                }
            } else {
                skip(in, id, size);
            }
            // Chunks begin at even places; the padding byte may be missing at the end of the file.
            position += size + (size & 1);
            if ((size & 1) == 1) {
                in.read();
            }
        }
    }

    private static WavHeader of(ByteBuffer format, long size, long rest, InputStream in) throws IOException {
        int tag = format.getShort(0) & 0xFFFF;
        int channels = format.getShort(2) & 0xFFFF;
        long rate = format.getInt(4) & UNSIGNED;
        int block = format.getShort(12) & 0xFFFF;
        int bits = format.getShort(14) & 0xFFFF;
        if (tag == EXTENSIBLE && format.limit() >= 26) {
            tag = format.getShort(24) & 0xFFFF;
        }
        if (rate < MIN_RATE || rate > MAX_RATE) {
            throw invalid("audio_bytes has " + rate + " samples a second; possible are "
                    + MIN_RATE + " to " + MAX_RATE);
        }
        if (channels < 1 || channels > MAX_CHANNELS) {
            throw invalid("audio_bytes has " + channels + " channels; possible are 1 to " + MAX_CHANNELS);
        }
        SampleCoding coding = coding(tag, bits);
        if (coding == null) {
            return new WavHeader(null, tag, (int) rate, channels, -1);
        }
        int expected = coding.bytes() * channels;
        if (block != expected) {
            throw invalid("audio_bytes is a WAV file whose blocks have " + block + " bytes; " + channels
                    + " channels of " + bits + " bits need " + expected);
        }
        boolean streamed = size == 0 && !nothingFollows(in, rest) || size >= STREAMED;
        if (streamed) {
            return new WavHeader(coding, tag, (int) rate, channels, rest < 0 ? -1 : rest / block);
        }
        if (rest >= 0 && size > rest) {
            throw cut("data", size, rest);
        }
        return new WavHeader(coding, tag, (int) rate, channels, size / block);
    }

    /** With a size of 0, tells an empty file from a streamed one; only a known chunk behind it makes it empty. */
    private static boolean nothingFollows(InputStream in, long rest) throws IOException {
        if (rest == 0) {
            return true;
        }
        if (!in.markSupported()) {
            return false;
        }
        in.mark(4);
        byte[] next = in.readNBytes(4);
        in.reset();
        return next.length == 0 || CHUNKS_AFTER_DATA.contains(new String(next, StandardCharsets.ISO_8859_1));
    }

    private static SampleCoding coding(int tag, int bits) {
        return switch (tag) {
            case 1 -> switch ((bits + 7) / 8) {
                case 1 -> SampleCoding.PCM_U8;
                case 2 -> SampleCoding.PCM_S16;
                case 3 -> SampleCoding.PCM_S24;
                case 4 -> SampleCoding.PCM_S32;
                default -> null;
            };
            case 3 -> bits == 32 ? SampleCoding.FLOAT_32 : bits == 64 ? SampleCoding.FLOAT_64 : null;
            case 6 -> bits == 8 ? SampleCoding.A_LAW : null;
            case 7 -> bits == 8 ? SampleCoding.MU_LAW : null;
            default -> null;
        };
    }

    private static void skip(InputStream in, String id, long size) throws IOException {
        long left = size;
        while (left > 0) {
            long skipped = in.skip(left);
            if (skipped == 0) {
                if (in.read() < 0) {
                    throw cut(id, size, size - left);
                }
                skipped = 1;
            }
            left -= skipped;
        }
    }

    private static String id(InputStream in, String what) throws IOException {
        byte[] id = in.readNBytes(4);
        if (id.length < 4) {
            throw invalid("audio_bytes is a WAV file that ends before its " + what);
        }
        return new String(id, StandardCharsets.ISO_8859_1);
    }

    private static int int32(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(4);
        if (bytes.length < 4) {
            throw invalid("audio_bytes is a WAV file that ends in its header");
        }
        return little(bytes).getInt();
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String printable(String text) {
        return text.replaceAll("[^ -~]", ".");
    }

    private static JobException cut(String chunk, long size, long there) {
        return invalid("audio_bytes is a WAV file that was cut: its \"" + printable(chunk) + "\" chunk should have "
                + size + " bytes, but " + there + " are there");
    }

    private static JobException invalid(String message) {
        return new JobException(ErrorCode.INVALID_AUDIO, message);
    }
}
