package aiserver.check;

import aiserver.engine.Devices;
import java.nio.file.Path;

/**
 * What one run of the check is about.
 *
 * @param device  a setting as the worker takes it: auto, cpu, cuda:0
 * @param tiny    models of a few megabytes and a fraction of the work: shows that the check itself runs
 * @param work    where models lie; kept between runs
 * @param out     where rows and the result go
 * @param limit   the C loop's program, or null: without it
 * @param threads of the processor
 */
record CheckSetting(String device, boolean tiny, Path work, Path out, Path limit, int threads) {
    /** Of the two, what fits. */
    int pick(int small, int real) {
        return tiny ? small : real;
    }

    /** The device as ggml names it; the libraries must be loaded. */
    String deviceName() {
        return chosen().name();
    }

    Devices.Device chosen() {
        return Devices.choose(device).getFirst();
    }
}
