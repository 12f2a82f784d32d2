package aiserver.service.audio;

import java.nio.ByteBuffer;

/** How a WAV file writes one sample, and how to read it as a float of -1 to 1. Stateless; any thread. */
enum SampleCoding {
    PCM_U8(1) {
        @Override
        float read(ByteBuffer in) {
            return ((in.get() & 0xFF) - 128) / 128f;
        }
    },
    PCM_S16(2) {
        @Override
        float read(ByteBuffer in) {
            return in.getShort() / 32768f;
        }
    },
    PCM_S24(3) {
        @Override
        float read(ByteBuffer in) {
            int low = in.getShort() & 0xFFFF;
            return (in.get() << 16 | low) / 8388608f;
        }
    },
    PCM_S32(4) {
        @Override
        float read(ByteBuffer in) {
            return in.getInt() / 2147483648f;
        }
    },
    FLOAT_32(4) {
        @Override
        float read(ByteBuffer in) {
            return in.getFloat();
        }
    },
    FLOAT_64(8) {
        @Override
        float read(ByteBuffer in) {
            return (float) in.getDouble();
        }
    },
    MU_LAW(1) {
        @Override
        float read(ByteBuffer in) {
            int code = ~in.get() & 0xFF;
            int magnitude = ((code & 0x0F) << 3 | 0x84) << (code >> 4 & 7);
            return ((code & 0x80) == 0 ? magnitude - 0x84 : 0x84 - magnitude) / 32768f;
        }
    },
    A_LAW(1) {
        @Override
        float read(ByteBuffer in) {
            int code = in.get() & 0xFF ^ 0x55;
            int exponent = code >> 4 & 7;
            int mantissa = (code & 0x0F) << 4 | 8;
            int magnitude = exponent == 0 ? mantissa : (mantissa | 0x100) << exponent - 1;
            return ((code & 0x80) == 0 ? -magnitude : magnitude) / 32768f;
        }
    };

    private final int bytes;

    SampleCoding(int bytes) {
        this.bytes = bytes;
    }

    int bytes() {
        return bytes;
    }

    /** Takes one sample from a little-endian buffer. Floats come as they are: out of range, infinite or not a number. */
    abstract float read(ByteBuffer in);
}
