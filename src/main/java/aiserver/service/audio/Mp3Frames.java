package aiserver.service.audio;

/**
 * Frame headers of MPEG audio: enough to step from frame to frame and to read how many there should be.
 * Pure functions; any thread.
 */
final class Mp3Frames {
    /** kbit/s by [MPEG-1 or later][layer I, II, III][index]; 0 is "free", which recorders do not write. */
    private static final int[][][] BIT_RATES = {
        {
            {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
            {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
            {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
        },
        {
            {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
            {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
            {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
        },
    };
    private static final int[] SAMPLE_RATES = {44100, 48000, 32000};

    private Mp3Frames() {
    }

    /** Bytes of the frame whose header stands at {@code at}, or 0 where none stands there. */
    static int length(byte[] file, int at) {
        if (at < 0 || at + 4 > file.length) {
            return 0;
        }
        int header = (file[at] & 0xFF) << 24 | (file[at + 1] & 0xFF) << 16 | (file[at + 2] & 0xFF) << 8 | file[at + 3] & 0xFF;
        int version = header >>> 19 & 3;
        int layer = 4 - (header >>> 17 & 3);
        int bitRateIndex = header >>> 12 & 15;
        int sampleRateIndex = header >>> 10 & 3;
        if (header >>> 21 != 0x7FF || version == 1 || layer == 4 || bitRateIndex == 0 || bitRateIndex == 15
                || sampleRateIndex == 3) {
            return 0;
        }
        boolean first = version == 3;
        int bitRate = BIT_RATES[first ? 0 : 1][layer - 1][bitRateIndex] * 1000;
        int sampleRate = SAMPLE_RATES[sampleRateIndex] >> (first ? 0 : version == 2 ? 1 : 2);
        int padding = header >>> 9 & 1;
        if (layer == 1) {
            return (12 * bitRate / sampleRate + padding) * 4;
        }
        return (layer == 3 && !first ? 72 : 144) * bitRate / sampleRate + padding;
    }

    /** How many frames follow, as the Xing or Info tag in the frame at {@code at} says, or -1 where it says nothing. */
    static int announced(byte[] file, int at) {
        boolean first = (file[at + 1] & 0x08) != 0;
        boolean mono = (file[at + 3] & 0xC0) == 0xC0;
        int tag = at + 4 + (first ? mono ? 17 : 32 : mono ? 9 : 17);
        String name = AudioSignature.tag(file, tag);
        if (tag + 12 > file.length || !name.equals("Xing") && !name.equals("Info") || (file[tag + 7] & 1) == 0) {
            return -1;
        }
        return (file[tag + 8] & 0xFF) << 24 | (file[tag + 9] & 0xFF) << 16 | (file[tag + 10] & 0xFF) << 8
                | file[tag + 11] & 0xFF;
    }
}
