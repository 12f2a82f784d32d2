package aiserver.service.order;

import aiserver.engine.AnswerForm;
import aiserver.engine.ChatMessage;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.LanguageJob;
import aiserver.job.ShopEvent;
import aiserver.service.order.RecommendationRanking.Candidate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Asks the model for the reason of a recommendation that was computed already: the facts, a line each, and one text to
 * write. What does not fit goes in this order: events, what the recommended menu offers. Made for one job.
 *
 * @param ranked not empty, best first
 */
record RecommendationPrompt(LanguageJob job, CustomerProfile profile, List<Candidate> ranked, List<ShopEvent> applied,
                            PromptTexts texts, PromptTexts.Profile length) {
    static final int ALTERNATIVES = 3;
    private static final int REASON = 200;
    private static final List<String> LEFT_OUT = List.of("events", "events and details of the menu");

    static AnswerForm.Template form() {
        return new AnswerForm.Template(List.of(new AnswerForm.Literal("{\"reason\":\""),
                new AnswerForm.JsonText("reason", REASON), new AnswerForm.Literal("}")));
    }

    /** @throws JobException CONTEXT_TOO_LONG where what must stay does not fit */
    OrderPrompt fitted(ToIntFunction<List<ChatMessage>> tokens, int budget) {
        boolean said = job.transcript() != null && !job.transcript().isBlank();
        if (said) {
            OrderPromptWriter.requireCountable(job.transcript(), budget);
        }
        int needed = 0;
        for (int leaveOut = 0; leaveOut <= LEFT_OUT.size(); leaveOut++) {
            List<ChatMessage> messages = messages(leaveOut);
            needed = tokens.applyAsInt(messages);
            if (needed <= budget) {
                return new OrderPrompt(messages, leaveOut == 0 ? List.of()
                        : List.of("left out to fit the model's context: " + LEFT_OUT.get(leaveOut - 1)));
            }
        }
        throw new JobException(ErrorCode.CONTEXT_TOO_LONG, said
                ? "payload.transcript is too long for the model: the prompt has " + needed + " tokens with little else in it, "
                        + budget + " fit"
                : "the facts of the recommendation are too long for the model: the prompt has " + needed + " tokens, "
                        + budget + " fit");
    }

    List<ChatMessage> messages(int leaveOut) {
        List<String> lines = new ArrayList<>();
        line(lines, "customer", PromptData.customer(job.context().user()));
        line(lines, "frequent", String.join("; ", profile.frequentMenus().stream().map(PromptData::name).toList()));
        line(lines, "preferred_style", profile.preferredStyle() == null ? "" : PromptData.name(profile.preferredStyle()));
        line(lines, "average_amount", profile.averageAmount() == null ? "" : Long.toString(Math.round(profile.averageAmount())));
        line(lines, "events", leaveOut > 0 ? "" : String.join("; ", applied.stream().limit(OrderPromptWriter.MAX_EVENTS).map(PromptData::event).toList()));
        line(lines, "recommended", PromptData.menuItem(ranked.getFirst().item(), leaveOut < 2));
        line(lines, "alternatives", String.join("; ", ranked.stream().skip(1).limit(ALTERNATIVES).map(Candidate::name)
                .map(PromptData::name).toList()));
        if (job.transcript() != null && !job.transcript().isBlank()) {
            lines.add(texts.label("said") + ": " + PromptWords.quoted(job.transcript()));
        }
        return List.of(ChatMessage.system(texts.recommend().get(length)), ChatMessage.user(String.join("\n", lines)));
    }

    /** A sentence for a model that wrote nothing: after the strongest sign. */
    String standardReason() {
        Candidate best = ranked.getFirst();
        String key = best.frequency() > 0 ? "frequent" : best.discount() != null ? "event" : best.style() > 0 ? "style" : "menu";
        return texts.reasons().get(key)
                .replace("{discount}", best.discount() == null ? "" : PromptData.percent(best.discount().discountPercent()))
                .replace("{style}", best.style() > 0 ? profile.preferredStyle() : "")
                .replace("{event}", best.discount() == null ? "" : PromptWords.oneLine(best.discount().name()))
                .replace("{menu}", best.name());
    }

    private void line(List<String> lines, String label, String text) {
        if (!text.isEmpty()) {
            lines.add(texts.label(label) + ": " + text);
        }
    }
}
