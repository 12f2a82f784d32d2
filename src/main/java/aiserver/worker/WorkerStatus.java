package aiserver.worker;

import aiserver.job.TaskType;

import java.util.Map;

/**
 * How a worker is at one moment, for health checks.
 *
 * @param phase  what it is doing as a whole
 * @param redis  whether Redis answered the last heartbeat
 * @param alive  false once an engine is stuck and the process is about to end
 * @param lanes  for each lane "", or what keeps its model from working
 */
public record WorkerStatus(Phase phase, boolean redis, boolean alive, Map<TaskType, String> lanes) {

    /** The worker's life in order; quiet may be left again. */
    public enum Phase {
        NEW, WORKING, QUIET, DRAINING, STOPPED
    }

    /** Whether jobs should be expected to be done here: working, with Redis, and with at least one lane that can. */
    public boolean ready() {
        return phase == Phase.WORKING && redis && alive && lanes.values().stream().anyMatch(String::isEmpty);
    }
}
