package aiserver.job;

import java.util.function.BooleanSupplier;

/**
 * What a running job knows of the world around it: whether it is still wanted, and whom to tell how far it is.
 * The worker makes one for each job; services hand it on to the engines, which ask it from native threads, so both
 * methods are safe from any thread and never throw.
 */
public interface JobScope {
    /** True once the job was cancelled or ran past its deadline; work should stop at the next chance. */
    boolean cancelled();

    /**
     * Reports progress: {@code stage} is a word such as {@code decode} or {@code sample}, {@code fraction} 0 to 1. Between two
     * steps of a picture this may take a bounded while, in which speech and language go first.
     */
    void progress(String stage, double fraction);

    /** A scope that is never cancelled and tells nobody. */
    JobScope NONE = until(() -> false);

    /** A scope that is cancelled once {@code ended} says so, and tells nobody. */
    static JobScope until(BooleanSupplier ended) {
        return new JobScope() {
            @Override
            public boolean cancelled() {
                return ended.getAsBoolean();
            }

            @Override
            public void progress(String stage, double fraction) {
                // nobody listens
            }
        };
    }
}
