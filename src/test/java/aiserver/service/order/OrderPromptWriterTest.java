package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.ChatMessage;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.LanguageJob;
import aiserver.job.OrderContext.Utterance;
import aiserver.job.OrderContext;
import aiserver.service.ShopLanguage;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

class OrderPromptWriterTest {
    private static final ToIntFunction<List<ChatMessage>> CHARACTERS =
            messages -> messages.stream().mapToInt(m -> m.content().length()).sum();
    private final ShopClock clock = new ShopClock(OrderPromptGoldenTest.CLOCK, ZoneId.of("Asia/Seoul"));

    private OrderPromptWriter writer(LanguageJob job, LanguageSettings settings) {
        return new OrderPromptWriter(job, new OrderMenu(job.context().menu()), RunningEvents.of(job.events(), clock),
                new PromptLibrary(null).texts(ShopLanguage.KOREAN), settings, clock);
    }

    private static LanguageJob job() {
        return Payloads.analysis(Payloads.resource("full-order.json"));
    }

    @Test
    void whatDoesNotFitGoesInItsOrderAndTheTranscriptStays() {
        LanguageSettings settings = LanguageSettings.DEFAULT.withProfile(PromptTexts.Profile.COMPACT);
        OrderPromptWriter all = writer(job(), settings);
        int full = CHARACTERS.applyAsInt(all.messages());
        List<String> seen = new ArrayList<>();
        String before = null;
        for (int budget = full; ; budget--) {
            OrderPrompt prompt;
            try {
                prompt = writer(job(), settings).fitted(CHARACTERS, budget);
            } catch (JobException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.CONTEXT_TOO_LONG);
                assertThat(e).hasMessageContaining("payload.transcript is too long").hasMessageContaining(budget + " tokens fit");
                break;
            }
            assertThat(CHARACTERS.applyAsInt(prompt.messages())).isLessThanOrEqualTo(budget);
            assertThat(prompt.messages().getLast().content()).endsWith("손님: \"초코 케이크로 바꾸고 초도 넣어 주세요\"");
            String note = String.join(";", prompt.notes());
            if (!note.equals(before)) {
                seen.add(note);
                before = note;
            }
        }
        String said = "left out to fit the model's context: 3 of 3 lines of dialogue, 2 of 2 past orders";
        assertThat(seen).startsWith("", "left out to fit the model's context: 1 of 3 lines of dialogue",
                "left out to fit the model's context: 2 of 3 lines of dialogue",
                "left out to fit the model's context: 3 of 3 lines of dialogue",
                "left out to fit the model's context: 3 of 3 lines of dialogue, 1 of 2 past orders", said, said + ", events");
        assertThat(seen.getLast()).isEqualTo(said + ", events, the menu, the customer, the order so far");
    }

    @Test
    void theOldestDialogueGoesFirst() {
        int full = CHARACTERS.applyAsInt(writer(job(), LanguageSettings.DEFAULT).messages());
        OrderPrompt prompt = writer(job(), LanguageSettings.DEFAULT).fitted(CHARACTERS, full - 1);
        assertThat(prompt.messages().getLast().content()).doesNotContain("어떤 케이크로").contains("딸기 케이크 하나요");
    }

    @Test
    void onlyTheLatestLinesAreReadAndTheAnalysisSaysSo() {
        List<Utterance> dialogue = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            dialogue.add(new Utterance(Utterance.Role.USER, "말 " + i + "."));
        }
        LanguageJob job = job();
        LanguageJob chatty = new LanguageJob(job.header(), job.operation(), job.transcript(), new OrderContext(
                job.context().user(), List.of(), dialogue, job.context().orderState(), null), List.of(), List.of());
        OrderPrompt prompt = writer(chatty, LanguageSettings.DEFAULT).fitted(CHARACTERS, 100_000);
        assertThat(prompt.notes()).containsExactly("only the latest 40 of 50 lines of dialogue were read");
        assertThat(prompt.messages().getLast().content()).contains("말 10.", "말 49.").doesNotContain("말 9.");
    }

    @Test
    void aTranscriptOutOfAllBoundsIsRefusedWithoutCounting() {
        assertThatThrownBy(() -> writer(Payloads.analysis("{\"transcript\":\"" + "a ".repeat(20_000) + "\"}"), LanguageSettings.DEFAULT)
                .fitted(messages -> {
                    throw new AssertionError("was counted");
                }, 1000)).isInstanceOf(JobException.class)
                .hasMessage("payload.transcript is too long for the model: 40000 characters, 1000 tokens fit");
    }

    @Test
    void onlyTheFirstEventsAreRead() {
        String events = "{\"name\":\"e\"},".repeat(50) + "{\"name\":\"last\"}";
        OrderPrompt prompt = writer(Payloads.analysis("{\"transcript\":\"네\",\"events\":[" + events + "]}"), LanguageSettings.DEFAULT)
                .fitted(CHARACTERS, 100_000);
        assertThat(prompt.notes()).containsExactly("only the first 50 of 51 events were read");
        assertThat(prompt.messages().getLast().content()).doesNotContain("last");
    }

    @Test
    void whatACustomerSaidStaysInItsLine() {
        String text = writer(Payloads.analysis(Payloads.resource("hostile.json")), LanguageSettings.DEFAULT).messages().getLast().content();
        assertThat(text.lines()).hasSize(7);
        assertThat(text.lines().filter(line -> line.startsWith("단계:"))).containsExactly("단계: greeting");
    }

    @Test
    void theSharedLinesComeFirst() {
        LanguageJob job = job();
        String one = writer(job, LanguageSettings.DEFAULT).messages().getLast().content();
        LanguageJob next = new LanguageJob(job.header(), job.operation(), "네", new OrderContext(job.context().user(),
                job.context().menu(), append(job.context().dialogue()), job.context().orderState(), null), job.history(), job.events());
        String two = writer(next, LanguageSettings.DEFAULT).messages().getLast().content();
        int common = 0;
        while (one.charAt(common) == two.charAt(common)) {
            common++;
        }
        assertThat(common).isGreaterThanOrEqualTo(one.indexOf("주문:"));
    }

    private static List<Utterance> append(List<Utterance> dialogue) {
        List<Utterance> longer = new ArrayList<>(dialogue);
        longer.add(new Utterance(Utterance.Role.USER, "초코로요"));
        return longer;
    }

    @Test
    void anEndThatCannotBeReadLeavesTheEventOut() {
        LanguageJob job = Payloads.analysis("{\"transcript\":\"네\",\"events\":[{\"name\":\"봄\",\"ends_at\":\"soon\"},{\"name\":\"늘\"}]}");
        OrderPrompt prompt = writer(job, LanguageSettings.DEFAULT).fitted(CHARACTERS, 100_000);
        assertThat(prompt.notes()).containsExactly("event 봄 left out: ends_at is not ISO 8601: soon");
        assertThat(prompt.messages().getLast().content()).contains("행사: 늘\n");
    }

    @Test
    void aMenuNameOutOfBoundsIsNamed() {
        assertThatThrownBy(() -> new OrderMenu(List.of(new OrderContext.MenuItem("가".repeat(101), null, List.of(), List.of()))))
                .isInstanceOf(JobException.class).hasMessageContaining("payload.context.menu name may have at most 100 characters but has 101");
    }
}
