package aiserver.engine;

import java.util.Arrays;

/** Token ids in a row, growing. Not safe for several threads. */
final class IntList {
    private int[] values = new int[64];
    private int size;

    int size() {
        return size;
    }

    int get(int index) {
        return values[index];
    }

    void add(int value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
        }
        values[size++] = value;
    }

    void addAll(int[] more) {
        for (int value : more) {
            add(value);
        }
    }

    /** Keeps the first ones. */
    void truncate(int length) {
        size = Math.min(size, length);
    }

    /** How many of the first are the same in both. */
    int commonPrefix(int[] other, int otherFrom, int otherLength) {
        int most = Math.min(size, otherLength);
        int mismatch = Arrays.mismatch(values, 0, most, other, otherFrom, otherFrom + most);
        return mismatch < 0 ? most : mismatch;
    }

    int[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
