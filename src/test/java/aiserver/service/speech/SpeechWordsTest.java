package aiserver.service.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.SpeechRequest;
import aiserver.engine.Transcript;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeechWordsTest {
    private final SpeechWords words = new SpeechWords(null);
    private final SpeechDoubt doubt = new SpeechDoubt(SpeechRequest.DEFAULT, words);

    @Test
    void hasAPromptForEachLanguageOfTheShop() {
        assertThat(words.prompts()).containsOnlyKeys("ko", "en", "ja");
        assertThat(words.prompts().get("ko")).contains("초콜릿 케이크", ", ").endsWith(".");
        assertThat(words.prompts().values()).allMatch(prompt -> prompt.length() <= SpeechWords.MAX_PROMPT);
    }

    @Test
    void takesTheShopsOwnFileAndTheProgramsForTheRest(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("words-ko.txt"), "# 우리 가게\n\n  딸기 폭탄 \n우주 케이크\n");
        SpeechWords own = new SpeechWords(folder);
        assertThat(own.prompts().get("ko")).isEqualTo("딸기 폭탄, 우주 케이크.");
        assertThat(own.prompts().get("ja")).isEqualTo(words.prompts().get("ja"));
    }

    @Test
    void cutsALongListAtAWord(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("words-ko.txt"), "아주 긴 이름의 케이크\n".repeat(50));
        String prompt = new SpeechWords(folder).prompts().get("ko");
        assertThat(prompt).hasSizeLessThanOrEqualTo(SpeechWords.MAX_PROMPT).endsWith("아주 긴 이름의 케이크.");
    }

    @Test
    void anEmptyFileGivesNoPrompt(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("words-ko.txt"), "# nothing\n");
        assertThat(new SpeechWords(folder).prompts().get("ko")).isEmpty();
        assertThatThrownBy(() -> new SpeechWords(folder.resolve("none"))).hasMessageContaining("is not a folder");
    }

    @Test
    void knowsSentencesThatModelsMakeUp() {
        assertThat(words.isInvented("ko", " 시청해주셔서 감사합니다.")).isTrue();
        assertThat(words.isInvented("en", "Thank you for watching!")).isTrue();
        assertThat(words.isInvented("ko", "시청해 주셔서 감사합니다 케이크 주세요")).isFalse();
        assertThat(words.isInvented("ko", "감사합니다")).isFalse();
        assertThat(words.isInvented("fr", "Thank you for watching!")).isFalse();
    }

    @Test
    void doubtsWhatGoesRoundInCircles() {
        assertThat(SpeechDoubt.repeats("초콜릿 케이크 ".repeat(12))).isTrue();
        assertThat(SpeechDoubt.repeats("네, 네, 네.")).isFalse();
        assertThat(SpeechDoubt.repeats("안녕하세요, 초콜릿 케이크 하나랑 딸기 생크림 케이크 이 호 하나 주문하고 싶은데요, 내일 오후 세 시까지 될까요?"))
                .isFalse();
    }

    @Test
    void doubtsWindowsWithoutSpeechOnlyWhenTheModelIsUnsure() {
        assertThat(doubt.doubts("ko", segment(0.9, -2f))).isTrue();
        assertThat(doubt.doubts("ko", segment(0.9, -0.2f))).isFalse();
        assertThat(doubt.doubts("ko", segment(0.1, -2f))).isFalse();
    }

    private static Transcript.Segment segment(double noSpeech, float logProbability) {
        return new Transcript.Segment(0, 1, "케이크 주세요", noSpeech, List.of(1, 2), List.of(logProbability, logProbability));
    }
}
