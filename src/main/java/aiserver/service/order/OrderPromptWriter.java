package aiserver.service.order;

import aiserver.engine.ChatMessage;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.LanguageJob;
import aiserver.job.OrderContext.MenuItem;
import aiserver.job.OrderContext.Utterance;
import aiserver.job.OrderStage;
import aiserver.job.PastOrder;
import aiserver.job.ShopEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * Writes the prompt for a customer's sentence and makes it fit. What does not fit goes in this order: the oldest
 * dialogue, the oldest past orders, events, what the menu's items offer, the menu, the customer, the order so far (the
 * service keeps it all the same). The transcript always stays whole. Made for one job, used by one thread.
 */
final class OrderPromptWriter {
    static final int MAX_EVENTS = 50;
    // More characters than this to a token are no speech.
    private static final int CHARACTERS_PER_TOKEN = 32;

    private final LanguageJob job;
    private final OrderMenu menu;
    private final PromptTexts texts;
    private final PromptTexts.Profile profile;
    private final List<Utterance> dialogue;
    private final List<PastOrder> history;
    private final List<ShopEvent> events;
    private final List<String> notes = new ArrayList<>();

    OrderPromptWriter(LanguageJob job, OrderMenu menu, RunningEvents running, PromptTexts texts, LanguageSettings settings,
                      ShopClock clock) {
        this.job = job;
        this.menu = menu;
        this.texts = texts;
        this.profile = settings.profile();
        this.dialogue = latest("lines of dialogue", job.context().dialogue(), settings.maxDialogue());
        this.history = latest("past orders", chronological(job.history(), clock), settings.maxHistory());
        this.events = running.events().subList(0, Math.min(MAX_EVENTS, running.events().size()));
        this.notes.addAll(running.notes());
        if (events.size() < running.events().size()) {
            notes.add("only the first " + MAX_EVENTS + " of " + running.events().size() + " events were read");
        }
    }

    /**
     * @param tokens counts what messages take as a prompt
     * @param budget most tokens that the prompt may take
     * @throws JobException CONTEXT_TOO_LONG where the transcript alone does not fit
     */
    OrderPrompt fitted(ToIntFunction<List<ChatMessage>> tokens, int budget) {
        requireCountable(job.transcript(), budget);
        int most = dialogue.size() + history.size() + 5;
        if (tokens.applyAsInt(messages(0)) <= budget) {
            return new OrderPrompt(messages(0), notes);
        }
        int least = tokens.applyAsInt(messages(most));
        if (least > budget) {
            throw tooLong("the prompt has " + least + " tokens with nothing else in it", budget);
        }
        int low = 1;
        int high = most;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (tokens.applyAsInt(messages(middle)) <= budget) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        notes.add("left out to fit the model's context: " + leftOut(low));
        return new OrderPrompt(messages(low), notes);
    }

    /** Refuses a transcript that cannot fit before the engine has to count its tokens. */
    static void requireCountable(String transcript, int budget) {
        if (transcript.length() > (long) CHARACTERS_PER_TOKEN * Math.max(budget, 1)) {
            throw tooLong(transcript.length() + " characters", budget);
        }
    }

    private static JobException tooLong(String length, int budget) {
        return new JobException(ErrorCode.CONTEXT_TOO_LONG,
                "payload.transcript is too long for the model: " + length + ", " + budget + " tokens fit");
    }

    /** The prompt with everything in it. */
    List<ChatMessage> messages() {
        return messages(0);
    }

    private List<ChatMessage> messages(int leaveOut) {
        int dialogueGone = Math.min(leaveOut, dialogue.size());
        int historyGone = Math.min(leaveOut - dialogueGone, history.size());
        int further = leaveOut - dialogueGone - historyGone;
        List<String> lines = new ArrayList<>();
        if (further < 3) {
            joined(lines, "menu", menu.items().stream().map(item -> PromptData.menuItem(item, further < 2)).toList());
        }
        if (further < 1) {
            joined(lines, "events", events.stream().map(PromptData::event).toList());
        }
        if (further < 4) {
            String customer = PromptData.customer(job.context().user());
            joined(lines, "customer", customer.isEmpty() ? List.of() : List.of(customer));
        }
        joined(lines, "history", history.stream().skip(historyGone).map(PromptData::pastOrder).toList());
        if (dialogueGone < dialogue.size()) {
            lines.add(texts.label("dialogue") + ":");
            dialogue.stream().skip(dialogueGone).map(said -> PromptData.utterance(said, texts)).forEach(lines::add);
        }
        lines.add(texts.label("order") + ": " + PromptData.order(further < 5 ? job.context().orderState() : Map.of()));
        lines.add(texts.label("stage") + ": " + OrderStages.from(job.context()).wireName());
        lines.add(texts.label("said") + ": " + PromptWords.quoted(job.transcript()));
        return List.of(ChatMessage.system(texts.system().get(profile)), ChatMessage.user(String.join("\n", lines)));
    }

    private void joined(List<String> lines, String label, List<String> entries) {
        if (!entries.isEmpty()) {
            lines.add(texts.label(label) + ": " + String.join("; ", entries));
        }
    }

    private String leftOut(int count) {
        List<String> parts = new ArrayList<>();
        int dialogueGone = Math.min(count, dialogue.size());
        int historyGone = Math.min(count - dialogueGone, history.size());
        if (dialogueGone > 0) {
            parts.add(dialogueGone + " of " + dialogue.size() + " lines of dialogue");
        }
        if (historyGone > 0) {
            parts.add(historyGone + " of " + history.size() + " past orders");
        }
        List.of("events", "details of the menu", "the menu", "the customer", "the order so far").stream()
                .limit(count - dialogueGone - historyGone).forEach(parts::add);
        parts.remove(parts.contains("the menu") ? "details of the menu" : "");
        return String.join(", ", parts);
    }

    private <T> List<T> latest(String what, List<T> all, int max) {
        if (all.size() > max) {
            notes.add("only the latest " + max + " of " + all.size() + " " + what + " were read");
        }
        return all.subList(Math.max(0, all.size() - max), all.size());
    }

    // Those whose time is not known or cannot be read count as the oldest; equals stay as they came.
    private static List<PastOrder> chronological(List<PastOrder> history, ShopClock clock) {
        return history.stream()
                .sorted(Comparator.comparing(order -> clock.moment(order.orderedAt()).orElse(Instant.MIN)))
                .collect(Collectors.toList());
    }
}
