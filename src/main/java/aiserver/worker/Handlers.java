package aiserver.worker;

import aiserver.job.ImageJob;
import aiserver.job.LanguageJob;
import aiserver.job.SpeechJob;
import aiserver.job.TaskType;

/** Who does which kind of job; null for a kind that this worker has no lane for. */
public record Handlers(JobHandler<SpeechJob> speech, JobHandler<LanguageJob> language, JobHandler<ImageJob> image) {

    JobHandler<?> of(TaskType kind) {
        return switch (kind) {
            case STT -> speech;
            case LLM -> language;
            case IMAGE -> image;
        };
    }
}
