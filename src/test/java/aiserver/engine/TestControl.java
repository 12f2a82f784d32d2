package aiserver.engine;

import java.util.function.BooleanSupplier;
import java.util.function.DoubleConsumer;

/** A test's control of a run: cancelled when the first part says so; the second hears how far it is. */
record TestControl(BooleanSupplier ends, DoubleConsumer told) implements RunControl {
    /** Never cancelled. */
    static RunControl telling(DoubleConsumer told) {
        return new TestControl(() -> false, told);
    }

    @Override
    public boolean cancelled() {
        return ends.getAsBoolean();
    }

    @Override
    public void progress(double fraction) {
        told.accept(fraction);
    }
}
