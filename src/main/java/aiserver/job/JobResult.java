package aiserver.job;

/** What came of a job that went well: one record for each operation. Errors travel as {@link JobException}. */
public sealed interface JobResult permits SpeechResult, OrderAnalysis, Recommendation, CakeImage {
}
