package aiserver.job;

/** A job as it was read from its queue: one record for each kind of work. */
public sealed interface Job permits SpeechJob, LanguageJob, ImageJob {
    JobHeader header();

    TaskType type();
}
