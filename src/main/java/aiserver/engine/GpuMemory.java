package aiserver.engine;

/**
 * The share of each GPU's memory that may be in use when a model is loaded, by whomever: the process has one, as it has
 * one set of devices. Set before engines load; any thread may read.
 */
public final class GpuMemory {
    /** Leaves room for what CUDA takes beside the engines' own buffers. */
    public static final double USUAL_SHARE = 0.92;

    private static volatile double share = USUAL_SHARE;

    private GpuMemory() {
    }

    /** @throws IllegalArgumentException naming the option, for a share that is not above 0 and at most 1 */
    public static void limit(double newShare) {
        if (!(newShare > 0 && newShare <= 1)) {
            throw new IllegalArgumentException("--gpu-memory must be above 0 and at most 1 but is " + newShare);
        }
        share = newShare;
    }

    static double share() {
        return share;
    }
}
