package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.service.ShopFiles;
import aiserver.service.ShopLanguage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptLibraryTest {
    @TempDir
    Path folder;

    @Test
    void aShopsOwnFileTakesThePlaceOfTheProgramsAndTheOthersStay() throws IOException {
        String own = Files.readString(Path.of("src/main/resources/aiserver/prompts/ko.txt"))
                .replace("케이크 주문을 JSON으로 정리한다.", "빵 주문을 정리한다.");
        Files.writeString(folder.resolve("ko.txt"), own);
        PromptLibrary library = new PromptLibrary(folder);
        assertThat(library.texts(ShopLanguage.KOREAN).system().get(PromptTexts.Profile.COMPACT)).isEqualTo("빵 주문을 정리한다.");
        assertThat(library.texts(ShopLanguage.ENGLISH).label("menu")).isEqualTo("Menu");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ko.txt | [labels] | [tables] | ko.txt has nothing under [labels]",
        "ko.txt | said = 손님 | said = | ko.txt [labels] lacks said",
        "ko.txt | said = 손님 | 손님 | ko.txt [labels] has a line without '=': 손님",
        "ko.txt | [recommend.full] | [system.full] | ko.txt has [system.full] twice",
        "rules.properties | needs.customization   = menu style | needs.customization = menu stile | rules.properties needs.customization has the unknown word stile",
        "rules.properties | cancel.confidence = 0.5 | cancel.confidence = much | rules.properties cancel.confidence must be 0 to 1.0 but is much",
        "rules.properties | rank.price     = 0.1 | rank.prize = 1 | rules.properties lacks rank.price"})
    void aMistakeIsNamedAtTheStart(String file, String text, String mistake, String message) throws IOException {
        String own = Files.readString(Path.of("src/main/resources/aiserver/prompts", file));
        assertThat(own).contains(text);
        Files.writeString(folder.resolve(file), own.replace(text, mistake));
        assertThatThrownBy(() -> new PromptLibrary(folder)).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void aFolderThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> new PromptLibrary(folder.resolve("none"))).hasMessage("the prompts: " + folder.resolve("none") + " is not a folder");
    }

    @Test
    void aFileOfTheShopThatIsNoTextIsNamed() throws IOException {
        Path file = Files.write(folder.resolve("en.txt"), new byte[] {(byte) 0xE9, 'a'});
        assertThatThrownBy(() -> new PromptLibrary(folder)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the prompts: " + file + " is not UTF-8 text");
    }

    @Test
    void aFileThatTheProgramLacksIsNamed() {
        assertThatThrownBy(() -> new ShopFiles("the prompts", folder, "/aiserver/prompts/").read("xx.txt"))
                .hasMessage("the program was packed without /aiserver/prompts/xx.txt");
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        "딸기 cake 하나, KOREAN", "いちごケーキ, JAPANESE", "one strawberry cake, ENGLISH", "123 !, -", "草莓蛋糕, -", "'', -"})
    void theScriptTellsTheLanguage(String text, ShopLanguage language) {
        assertThat(ShopLanguage.ofScript(text).orElse(null)).isEqualTo(language);
    }
}
