package aiserver.service.audio;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Puts an MPEG-4 file in an order that can be read from a pipe. Recorders write the index ({@code moov}) last, since
 * only then they know it; a reader that cannot seek needs it first. So the index is moved ahead of the media data and
 * the chunk offsets in it, which count from the start of the file, are moved along. The data itself is not copied.
 * Pure functions; any thread.
 */
final class Mp4Layout {
    private static final Set<String> CONTAINERS = Set.of("moov", "trak", "mdia", "minf", "stbl");
    private static final int MAX_DEPTH = 8;

    /** A box from its header on; {@code content} is where its inside begins. */
    private record Box(String type, int begin, int content, int end) {
    }

    private Mp4Layout() {
    }

    /**
     * The file as parts to be written one after another, index first.
     *
     * @throws JobException INVALID_AUDIO for a file that is cut, has no index, or whose boxes contradict each other
     */
    static List<ByteBuffer> streamable(byte[] file) {
        List<Box> boxes = boxes(file);
        int moov = find(boxes, "moov");
        int mdat = find(boxes, "mdat");
        if (moov < 0) {
            // Fragments without an index of their own continue a stream whose beginning is elsewhere.
            throw invalid("was cut or never finished: it has no index (moov box)");
        }
        if (mdat < 0 || moov < mdat) {
            return List.of(ByteBuffer.wrap(file));
        }
        Box index = boxes.get(moov);
        int insertAt = boxes.get(mdat).begin();
        ByteBuffer moved = ByteBuffer.wrap(Arrays.copyOfRange(file, index.begin(), index.end()));
        shift(moved, 0, moved.limit(), insertAt, index.begin(), index.end() - index.begin(), 0);
        List<ByteBuffer> parts = new ArrayList<>();
        parts.add(ByteBuffer.wrap(file, 0, insertAt));
        parts.add(moved.rewind());
        parts.add(ByteBuffer.wrap(file, insertAt, index.begin() - insertAt));
        parts.add(ByteBuffer.wrap(file, index.end(), file.length - index.end()));
        return parts;
    }

    private static List<Box> boxes(byte[] file) {
        ByteBuffer in = ByteBuffer.wrap(file);
        List<Box> boxes = new ArrayList<>();
        int at = 0;
        while (at + 8 <= file.length) {
            Box box = box(in, at, file.length);
            if (box == null) {
                break;
            }
            boxes.add(box);
            at = box.end();
        }
        return boxes;
    }

    /** The box at a place, or null where zeros show that the file was only padded from here on. */
    private static Box box(ByteBuffer in, int at, int limit) {
        long size = in.getInt(at) & 0xFFFF_FFFFL;
        String type = AudioSignature.tag(in.array(), at + 4);
        int content = at + 8;
        if (size == 0 && type.equals("\0\0\0\0")) {
            return null;
        }
        if (size == 1 && at + 16 <= limit) {
            size = in.getLong(at + 8);
            content = at + 16;
        } else if (size == 0) {
            size = limit - at;
        }
        if (size < content - at) {
            throw invalid("is damaged: a box at byte " + at + " has the size " + size);
        }
        if (size > limit - at) {
            throw invalid("was cut: its \"" + type.replaceAll("[^ -~]", ".") + "\" box should have " + size
                    + " bytes, but " + (limit - at) + " are there");
        }
        return new Box(type, at, content, (int) (at + size));
    }

    private static int find(List<Box> boxes, String type) {
        for (int i = 0; i < boxes.size(); i++) {
            if (boxes.get(i).type().equals(type)) {
                return i;
            }
        }
        return -1;
    }

    /** Adds {@code by} to every chunk offset from {@code from} to before {@code to}, in the boxes of a part. */
    private static void shift(ByteBuffer in, int begin, int end, int from, int to, int by, int depth) {
        int at = begin;
        while (at + 8 <= end) {
            Box box = box(in, at, end);
            if (box == null) {
                return;
            }
            if (CONTAINERS.contains(box.type()) && depth < MAX_DEPTH) {
                shift(in, box.content(), box.end(), from, to, by, depth + 1);
            } else if (box.type().equals("stco")) {
                shiftOffsets(in, box, Integer.BYTES, from, to, by);
            } else if (box.type().equals("co64")) {
                shiftOffsets(in, box, Long.BYTES, from, to, by);
            }
            at = box.end();
        }
    }

    private static void shiftOffsets(ByteBuffer in, Box box, int width, int from, int to, int by) {
        int entries = box.content() + 8;
        long count = entries > box.end() ? -1 : in.getInt(box.content() + 4) & 0xFFFF_FFFFL;
        if (count < 0 || count * width > box.end() - entries) {
            throw invalid("is damaged: its \"" + box.type() + "\" box is too short for its table");
        }
        for (int at = entries; at < entries + count * width; at += width) {
            long offset = width == Integer.BYTES ? in.getInt(at) & 0xFFFF_FFFFL : in.getLong(at);
            if (offset >= from && offset < to) {
                if (width == Integer.BYTES) {
                    in.putInt(at, (int) (offset + by));
                } else {
                    in.putLong(at, offset + by);
                }
            }
        }
    }

    private static JobException invalid(String what) {
        return new JobException(ErrorCode.INVALID_AUDIO, "audio_bytes is an MPEG-4 file that " + what);
    }
}
