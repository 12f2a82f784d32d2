package aiserver.worker;

import aiserver.job.Job;
import aiserver.job.JobResult;
import aiserver.job.JobScope;

/**
 * What does the work of one kind of job; a service, or a fake in tests. {@link #handle} is called by as many threads at a
 * time as its lane has, {@link #load} and {@link #unload} while none of them works.
 */
@FunctionalInterface
public interface JobHandler<J extends Job> {
    /**
     * Does a job on the calling thread.
     *
     * @throws aiserver.job.JobException with the contract's code; anything else that is thrown is answered as INTERNAL
     */
    JobResult handle(J job, JobScope scope);

    /**
     * Makes ready what the first job would otherwise have to wait for; a JobException says why it cannot.
     *
     * @param scope cancelled once nobody waits for that any more; an engine that can breaks the load off
     */
    default void load(JobScope scope) {
    }

    /** Gives the model's memory back; the next job loads it again. */
    default void unload() {
    }

    /**
     * Gives back memory that past jobs of all kinds left free in the process; models that are loaded stay. Called of one
     * handler when there was no job of any kind, and no model unloaded, for a while.
     */
    default void rest() {
    }

    /** Whether the model is in memory. */
    default boolean loaded() {
        return true;
    }
}
