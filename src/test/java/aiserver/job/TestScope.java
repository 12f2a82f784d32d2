package aiserver.job;

import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/** A job's scope of a test: cancelled when the first part says so; the second hears stages and fractions. */
public record TestScope(BooleanSupplier ends, BiConsumer<String, Double> told) implements JobScope {
    /** Cancelled from the beginning. */
    public static final JobScope CANCELLED = new TestScope(() -> true, (stage, fraction) -> { });

    /** Never cancelled. */
    public static JobScope telling(BiConsumer<String, Double> told) {
        return new TestScope(() -> false, told);
    }

    @Override
    public boolean cancelled() {
        return ends.getAsBoolean();
    }

    @Override
    public void progress(String stage, double fraction) {
        told.accept(stage, fraction);
    }
}
