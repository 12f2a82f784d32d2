package aiserver.job;

import java.util.Objects;

/**
 * A cake to be drawn.
 *
 * @param prompt         what the customer asked for, in any of the supported languages, not blank
 * @param negativePrompt what must not be seen, or null: the configured one
 * @param seed           0 to 2^63-1, or null: random
 */
public record ImageJob(JobHeader header, String prompt, String negativePrompt, Long seed) implements Job {
    public ImageJob {
        Objects.requireNonNull(header, "header");
        Objects.requireNonNull(prompt, "prompt");
        if (prompt.isBlank()) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload.prompt is blank");
        }
        if (seed != null && seed < 0) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload.seed must be 0 or more but is " + seed);
        }
    }

    @Override
    public TaskType type() {
        return TaskType.IMAGE;
    }
}
