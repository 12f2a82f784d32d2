package aiserver.worker;

import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.TaskType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;

/**
 * What a lane knows of its model: when it is to be loaded, what keeps it from working, when its memory goes back. Nothing here
 * throws what the model throws. Owned by the {@link Lane}; {@link #ready} is its monitor thread's, the rest any thread's.
 */
final class LaneModel {
    private static final Logger LOG = LoggerFactory.getLogger(LaneModel.class);
    private static final Duration LOAD_AGAIN = Duration.ofSeconds(30);

    private final TaskType kind;
    private final LaneSettings settings;
    private final JobHandler<?> handler;
    private volatile String trouble;
    private long lastLoadNanos;

    LaneModel(TaskType kind, LaneSettings settings, JobHandler<?> handler) {
        this.kind = kind;
        this.settings = settings;
        this.handler = handler;
    }

    boolean loaded() {
        return handler.loaded();
    }

    /** What keeps the model from working, or null. */
    String trouble() {
        return trouble;
    }

    /** Loads the model where that is due, in a scope of its own; false while jobs should be left to other workers. */
    boolean ready(JobScope loading) {
        boolean again = trouble != null && settings.leaveQueue();
        if (lastLoadNanos == 0 && (settings.loadAtStart() || settings.leaveQueue())
                || again && System.nanoTime() - lastLoadNanos >= LOAD_AGAIN.toNanos()) {
            lastLoadNanos = System.nanoTime() | 1;
            load(loading);
        }
        return trouble == null || !settings.leaveQueue();
    }

    private void load(JobScope scope) {
        try {
            handler.load(scope);
            trouble = null;
        } catch (JobException e) {
            if (e.code() != ErrorCode.CANCELLED) {
                failed(e.getMessage());
            }
        } catch (RuntimeException | LinkageError e) {
            failed(e.toString());
        }
    }

    private void failed(String why) {
        if (trouble == null) {
            LOG.error("lane {} has no model: {}; it {}", kind.wireName(), why, settings.leaveQueue()
                    ? "leaves its queue to other workers and tries again every " + LOAD_AGAIN.toSeconds() + " s"
                    : "answers its jobs with MODEL_NOT_AVAILABLE");
        }
        trouble = why;
    }

    /** What a job's end says of the model; null for a job that went well. */
    void learn(JobException error) {
        if (error == null) {
            trouble = null;
        } else if (error.code() == ErrorCode.MODEL_NOT_AVAILABLE && error.ofEngine()) {
            failed(error.getMessage());
        } else if (error.code() == ErrorCode.OUT_OF_MEMORY) {
            LOG.warn("lane {} ran out of memory and unloads its model", kind.wireName());
            unload();
        }
    }

    void unload() {
        try {
            handler.unload();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("lane {} cannot unload its model: {}", kind.wireName(), e.toString());
        }
    }

    /** Gives back what the process keeps for nothing, models left as they are. */
    void rest() {
        try {
            handler.rest();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("lane {} cannot give memory back: {}", kind.wireName(), e.toString());
        }
    }
}
