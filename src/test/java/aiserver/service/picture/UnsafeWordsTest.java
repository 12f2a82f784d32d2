package aiserver.service.picture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The filter against a hand-written set of cases for both kinds of error, and against what tries to get around it. */
class UnsafeWordsTest {
    private final UnsafeWords unsafe = UnsafeWords.load(null, CakeLexicon.load(null));

    private record Case(String text, List<String> taken) {
    }

    private static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        try (var in = UnsafeWordsTest.class.getResourceAsStream("/aiserver/pictures/unsafe-cases.tsv")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                if (!line.startsWith("#") && !line.isBlank()) {
                    String[] cells = line.split("\t", -1);
                    assertThat(cells).as(line).hasSize(2);
                    cases.add(new Case(cells[0], Arrays.stream(cells[1].split(" \\| ")).filter(w -> !w.isEmpty()).toList()));
                }
            }
        }
        return cases;
    }

    @Test
    void takesOutWhatIsUnsafeAndNothingElse() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Case one : cases()) {
            UnsafeWords.Screened screened = unsafe.screen(PromptText.normalised(one.text()));
            if (!screened.removed().equals(one.taken())) {
                wrong.add(one.text() + ": took " + screened.removed() + ", not " + one.taken());
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void bothKindsOfErrorHaveAtLeastTwoHundredCases() throws IOException {
        assertThat(cases()).filteredOn(one -> one.taken().isEmpty()).hasSizeGreaterThanOrEqualTo(200);
        assertThat(cases()).filteredOn(one -> !one.taken().isEmpty()).hasSizeGreaterThanOrEqualTo(200);
    }

    @Test
    void nothingUnsafeIsLeftWhereWordsWereTakenOut() throws IOException {
        for (Case one : cases()) {
            UnsafeWords.Screened screened = unsafe.screen(PromptText.normalised(one.text()));
            assertThat(unsafe.screen(screened.text()).removed()).as(one.text()).isEmpty();
        }
    }

    @Test
    void everyWordOfTheListIsFoundByItself() {
        PictureWords.eachLine(null, "unsafe-words.tsv", 4, line -> {
            for (String cell : line.subList(1, 4)) {
                for (String word : PictureWords.words(cell)) {
                    assertThat(unsafe.screen(PromptText.normalised(word)).removed()).as(word).isNotEmpty();
                }
            }
        });
    }

    @Test
    void noOrderWordIsUnsafe() {
        for (String word : CakeLexicon.load(null).spellings()) {
            assertThat(unsafe.screen(PromptText.normalised(word)).removed()).as(word).isEmpty();
        }
    }

    @Test
    void nestedWordsDoNotSurvive() {
        assertThat(unsafe.screen("누누드드 케이크").text()).isEqualTo("케이크");
        String nested = "누".repeat(30) + "드".repeat(30);
        assertThat(unsafe.screen(nested).text()).doesNotContain("누드");
    }

    @Test
    void aLongTextOfOneLetterIsReadQuickly() {
        assertThat(unsafe.screen("이".repeat(20_000)).removed()).isEmpty();
        assertThat(unsafe.screen("a".repeat(20_000)).removed()).isEmpty();
        assertThat(unsafe.screen("a ".repeat(10_000)).removed()).isEmpty();
    }

    @Test
    void theShopsOwnListIsUsedInsteadOfTheWorkers(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("unsafe-words.tsv"), "rivals\t옆집빵집\tother bakery\t\n");
        UnsafeWords own = UnsafeWords.load(folder, CakeLexicon.load(null));

        assertThat(own.screen("옆집빵집 로고 케이크").removed()).containsExactly("옆집빵집");
        assertThat(own.screen("the Other Bakery cake").removed()).containsExactly("Other Bakery");
        assertThat(own.screen("누드 케이크").removed()).isEmpty();
    }
}
