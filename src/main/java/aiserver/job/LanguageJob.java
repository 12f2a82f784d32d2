package aiserver.job;

import java.util.List;
import java.util.Objects;

/**
 * A sentence of a customer to be understood, or a recommendation to be made.
 *
 * @param transcript what the customer said; not blank for an analysis, may be null for a recommendation
 * @param context    the call so far; never null, its parts may be empty
 * @param history    earlier orders; never null
 * @param events     running promotions; never null
 */
public record LanguageJob(JobHeader header, Operation operation, String transcript, OrderContext context,
                          List<PastOrder> history, List<ShopEvent> events) implements Job {

    /** What is asked of the language model. */
    public enum Operation {
        ANALYZE_VOICE_ORDER("analyze_voice_order"),
        GENERATE_PERSONALIZED_RECOMMENDATION("generate_personalized_recommendation");

        private final String wireName;

        Operation(String wireName) {
            this.wireName = wireName;
        }

        public String wireName() {
            return wireName;
        }
    }

    public LanguageJob {
        Objects.requireNonNull(header, "header");
        Objects.requireNonNull(operation, "operation");
        Objects.requireNonNull(context, "context");
        history = List.copyOf(history);
        events = List.copyOf(events);
        if (operation == Operation.ANALYZE_VOICE_ORDER && (transcript == null || transcript.isBlank())) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload.transcript is blank");
        }
    }

    @Override
    public TaskType type() {
        return TaskType.LLM;
    }
}
