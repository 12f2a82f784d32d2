package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.AnswerForm;
import aiserver.engine.ChatMessage;
import aiserver.job.LanguageJob;
import aiserver.service.ShopLanguage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prompts and answer forms as they were written down in {@code src/test/resources/prompts}: what training data is made
 * after. {@code -Dgolden.write=true} writes them anew.
 */
class OrderPromptGoldenTest {
    static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-22T03:00:00Z"), ZoneOffset.UTC);

    @ParameterizedTest
    @CsvSource({
        "full-order, COMPACT, KOREAN", "full-order, FULL, KOREAN", "full-order, FULL, ENGLISH", "full-order, FULL, JAPANESE",
        "first-words, COMPACT, KOREAN", "no-menu, COMPACT, KOREAN", "hostile, COMPACT, KOREAN"})
    void isAsWrittenDown(String name, PromptTexts.Profile profile, ShopLanguage language) throws IOException {
        LanguageJob job = Payloads.analysis(Payloads.resource(name + ".json"));
        LanguageSettings settings = LanguageSettings.DEFAULT.withProfile(profile).withLanguage(language);
        ShopClock clock = new ShopClock(CLOCK, ZoneId.of("Asia/Seoul"));
        OrderMenu menu = new OrderMenu(job.context().menu());
        OrderPromptWriter writer = new OrderPromptWriter(job, menu, RunningEvents.of(job.events(), clock),
                new PromptLibrary(null).texts(language), settings, clock);
        String rendered = render(writer.messages())
                + "--- answer\n" + render(new OrderAnswerForm(menu, job.context().orderState()).template().parts(), "") + "\n";
        Path golden = Path.of("src/test/resources/prompts", name + "." + language.code() + "."
                + profile.name().toLowerCase(java.util.Locale.ROOT) + ".txt");
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(golden, rendered);
        }
        assertThat(rendered).isEqualTo(Files.readString(golden));
    }

    private static String render(List<ChatMessage> messages) {
        return messages.stream().map(m -> "--- " + m.role().templateName() + "\n" + m.content() + "\n").collect(Collectors.joining());
    }

    private static String render(List<AnswerForm.Part> parts, String indent) {
        return parts.stream().map(part -> switch (part) {
            case AnswerForm.Literal literal -> literal.text();
            case AnswerForm.JsonText text -> "<" + text.name() + ": text of at most " + text.maxChars() + ">\"";
            case AnswerForm.Repeat repeat -> "<0 to " + repeat.max() + " of " + render(repeat.item(), indent) + ">]";
            case AnswerForm.Choice choice when choice.name().equals("quantity") -> "<quantity: null or 1 to 99>";
            case AnswerForm.Choice choice -> "<" + choice.name() + ": " + choice.options().stream()
                    .map(o -> (o.then().size() > 1 ? "\n" + indent + "  " : "") + o.text() + render(o.then(), indent + "  "))
                    .collect(Collectors.joining(" | ")) + ">";
        }).collect(Collectors.joining());
    }
}
