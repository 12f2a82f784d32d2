package aiserver.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/**
 * A file with one to three injuries, the same for the same number: cut, bits flipped, numbers replaced by those that break
 * arithmetic, bytes put in or taken out, weights that are no numbers. Most hit the header, where sizes and lengths stand.
 *
 * @param injuries what was done, to be read in a failure
 */
record DamagedFile(byte[] bytes, String injuries) {
    private static final long[] BREAKING = {0, -1, 1, 2, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 31, 1L << 32, 1L << 40,
            Long.MAX_VALUE, Long.MIN_VALUE, 0xffff, 65, 255, 1 << 20, 1 << 28};
    private static final int[] NOT_A_NUMBER = {0x7fc00000, 0x7f800000, 0xff800000, 0x7c007e00};
    private static final int[] REGIONS = {128, 2_048, 1 << 16, Integer.MAX_VALUE};

    static DamagedFile of(byte[] whole, int number) {
        Random random = new Random(20251122L * 31 + number);
        byte[] bytes = whole;
        StringBuilder injuries = new StringBuilder();
        for (int i = random.nextInt(4) == 0 ? 3 : 1; i > 0 && bytes.length > 16; i--) {
            int at = random.nextInt(Math.min(bytes.length, REGIONS[random.nextInt(REGIONS.length)]));
            int injury = random.nextInt(9);
            bytes = switch (injury) {
                case 0 -> Arrays.copyOf(bytes, at);
                case 1 -> flip(bytes, at, random);
                case 2 -> number(bytes, at, BREAKING[random.nextInt(BREAKING.length)], Integer.BYTES);
                case 3 -> number(bytes, at, BREAKING[random.nextInt(BREAKING.length)], Long.BYTES);
                case 4 -> splice(bytes, at, at, noise(1 + random.nextInt(16), random));
                case 5 -> splice(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(16)), new byte[0]);
                case 6 -> over(bytes, at, noise(1 + random.nextInt(64), random));
                case 7 -> over(bytes, at, new byte[1 + random.nextInt(4_096)]);
                default -> number(bytes, bytes.length / 2 + random.nextInt(bytes.length / 2) / 4 * 4,
                        NOT_A_NUMBER[random.nextInt(NOT_A_NUMBER.length)], Integer.BYTES);
            };
            injuries.append(injury).append('@').append(at).append(' ');
        }
        return new DamagedFile(bytes, injuries.toString().strip());
    }

    private static byte[] flip(byte[] bytes, int at, Random random) {
        byte[] out = bytes.clone();
        out[at] ^= (byte) (1 << random.nextInt(8));
        return out;
    }

    private static byte[] number(byte[] bytes, int at, long value, int size) {
        return over(bytes, at, Arrays.copyOf(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(), size));
    }

    private static byte[] over(byte[] bytes, int at, byte[] put) {
        byte[] out = bytes.clone();
        System.arraycopy(put, 0, out, at, Math.min(put.length, out.length - at));
        return out;
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] put) {
        byte[] out = new byte[bytes.length - (to - from) + put.length];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(put, 0, out, from, put.length);
        System.arraycopy(bytes, to, out, from + put.length, bytes.length - to);
        return out;
    }

    private static byte[] noise(int length, Random random) {
        byte[] noise = new byte[length];
        random.nextBytes(noise);
        return noise;
    }
}
