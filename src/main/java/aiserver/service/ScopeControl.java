package aiserver.service;

import aiserver.engine.RunControl;
import aiserver.job.JobScope;
import java.util.Objects;

/**
 * Steers an engine run by its job's scope: the job's cancellation stops the run, the run's progress is told under a
 * stage name, spread over a part of the whole job.
 *
 * @param stage the word that progress is reported under: {@code load}, {@code decode}, {@code sample} …
 * @param from  fraction of the job that is done when this run begins, 0 to 1
 * @param to    fraction that is done when it ends, {@code from} to 1
 */
public record ScopeControl(JobScope scope, String stage, double from, double to) implements RunControl {
    public ScopeControl {
        Objects.requireNonNull(scope, "scope");
        Objects.requireNonNull(stage, "stage");
        if (!(from >= 0 && from <= to && to <= 1)) {
            throw new IllegalArgumentException("part of a job cannot be " + from + " to " + to);
        }
    }

    public ScopeControl(JobScope scope, String stage) {
        this(scope, stage, 0, 1);
    }

    @Override
    public boolean cancelled() {
        return scope.cancelled();
    }

    @Override
    public void progress(double fraction) {
        scope.progress(stage, from + (to - from) * Math.clamp(fraction, 0.0, 1.0));
    }
}
