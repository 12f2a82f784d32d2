package aiserver.job;

import java.util.Objects;

/**
 * Speech to be written down.
 *
 * @param audio    the file as it was sent; owned by the job, not copied
 * @param filename a hint to the format, or null
 * @param mimeType a hint to the format, or null
 * @param language ISO 639-1 code that is forced, or null: detect it
 */
public record SpeechJob(JobHeader header, byte[] audio, String filename, String mimeType, String language) implements Job {
    public SpeechJob {
        Objects.requireNonNull(header, "header");
        Objects.requireNonNull(audio, "audio");
    }

    @Override
    public TaskType type() {
        return TaskType.STT;
    }
}
