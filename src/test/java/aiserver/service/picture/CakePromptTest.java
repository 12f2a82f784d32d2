package aiserver.service.picture;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.FakeImageEngine;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.service.WordTranslator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Orders in three languages and the prompts that they become. */
class CakePromptTest {
    private static final String END = " with elegant decoration, professional food photography, high quality, 4k";

    private final List<String> asked = new ArrayList<>();
    private final Map<String, String> dictionary = Map.of("반지", "a ring", "해리포터", "harry potter", "나비넥타이", "bow tie",
            "위험한것", "nude woman", "긴것", "word ".repeat(40), "한글", "한글 그대로", "龍", "dragon");
    private final StableDiffusionImageService service = new StableDiffusionImageService(new FakeImageEngine(), (words, scope) -> {
        asked.add(words);
        return Optional.ofNullable(dictionary.get(words));
    }, PictureSettings.DEFAULTS);

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "초콜릿 케이크 | A beautiful chocolate cake",
        "초콜릿케이크 하나 주세요 | A beautiful chocolate cake",
        "딸기 생크림 케이크 | A beautiful strawberry and fresh cream cake",
        "초코 케이크에 딸기 올려주세요 | A beautiful chocolate cake with strawberries",
        "초코 케이크에 딸기랑 블루베리 올려주세요 | A beautiful chocolate cake with strawberries and blueberries",
        "2단 하트 모양 핑크 케이크, 장미랑 마카롱 장식해주세요 | A beautiful heart-shaped two-tier cake with roses and macarons, pink frosting",
        "생일 축하 미니 초코딸기케이크 하늘색으로 | A beautiful mini chocolate and strawberry cake, sky blue frosting, birthday celebration",
        "바닐라 케이크 위에 초 3개 꽂아주세요 | A beautiful vanilla cake, 3 candles",
        "바닐라 케이크 초 세 개 | A beautiful vanilla cake, 3 candles",
        "초 1개 치즈케이크 | A beautiful cheese cake, 1 candle",
        "초코 케이크에 큰 초 3개 작은 초 2개 꽂아주세요 | A beautiful chocolate cake, 5 candles",
        "chocolate cake with 3 pink candles | A beautiful chocolate cake, 3 pink candles",
        "chocolate cake with 3 big candles and 2 tiers | A beautiful two-tier chocolate cake, 3 candles",
        "큰 리본 올린 미니 케이크 | A beautiful mini cake with ribbons",
        "grapefruit cake | A beautiful grapefruit cake",
        "큰 딸기 케이크 | A beautiful large strawberry cake",
        "큰딸 생일 케이크 | A beautiful cake, birthday celebration",
        "오늘 밤 파티에 쓸 초코 케이크 | A beautiful chocolate cake, party",
        "赤ちゃんのケーキ | A beautiful cake",
        "치즈케이크에 촛불 | A beautiful cheese cake, candles",
        "초콜릿 케이크 2개 주세요 | A beautiful chocolate cake",
        "빨간 장미 올린 생크림 케이크 | A beautiful fresh cream cake with red roses",
        "화이트 초콜릿 케이크 | A beautiful white chocolate cake",
        "귀여운 도시락 케이크 | A beautiful cute bento cake",
        "3단 웨딩 케이크 하얀색 꽃 장식 | A beautiful three-tier cake with white flowers, wedding celebration",
        "크리스마스 레드벨벳 케이크 | A beautiful red velvet cake, Christmas celebration",
        "다이아몬드 무늬 초코 케이크 | A beautiful chocolate cake, diamond pattern",
        "밤에 먹을 밤 케이크 | A beautiful chestnut cake",
        "케이크 주세요 | A beautiful cake",
        "네이키드 케이크 | A beautiful unfrosted layered cake",
        "chocolate cake | A beautiful chocolate cake",
        "I'd like a two-tier strawberry cake with blueberries and pink roses, please | A beautiful two-tier strawberry cake with blueberries and pink roses",
        "three candles on a large carrot cake | A beautiful large carrot cake, 3 candles",
        "orange cake with orange frosting | A beautiful orange cake, orange frosting",
        "a unicorn and steam engine cake | A beautiful cake with a unicorn, steam engine",
        "Crème brûlée cheesecake | A beautiful cheese cake, Creme brulee",
        "イチゴのチョコレートケーキにろうそくを3本のせてください | A beautiful strawberry and chocolate cake, 3 candles",
        "ピンクのハート型ケーキをください | A beautiful heart-shaped cake, pink frosting",
        "イエローのケーキ | A beautiful cake, yellow frosting",
        "抹茶ケーキに苺をのせて | A beautiful matcha cake with strawberries",
        "お誕生日の二段ケーキ | A beautiful two-tier cake, birthday celebration",
        "ｺｰﾋｰケーキ | A beautiful coffee cake",
    })
    void anOrderBecomesAPrompt(String order, String prompt) {
        assertThat(service.enhancePrompt(order)).isEqualTo(prompt + END);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "\"Happy Birthday\" 라고 써주세요 바닐라 케이크 | A beautiful vanilla cake, \"Happy Birthday\" lettering",
        "초코 케이크에 I Love You 라고 적어주세요 | A beautiful chocolate cake, \"I Love You\" lettering",
        "레터링은 Happy 30th! 딸기 케이크 | A beautiful strawberry cake, \"Happy 30th!\" lettering",
        "vanilla cake that says Good Boy | A beautiful vanilla cake, \"Good Boy\" lettering",
        "vanilla cake with the words 'Just Married' | A beautiful vanilla cake, \"Just Married\" lettering",
        "「Congrats」と書いて、チョコケーキ | A beautiful chocolate cake, \"Congrats\" lettering",
        "초코 케이크에 민지야 생일 축하해라고 써주세요 | A beautiful chocolate cake, birthday celebration",
        "\"할머니 사랑해요\" 문구 넣은 당근 케이크 | A beautiful carrot cake",
    })
    void letteringStaysWhereTheModelCanDrawIt(String order, String prompt) {
        assertThat(service.enhancePrompt(order)).isEqualTo(prompt + END);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "딸기 빼고 초콜릿 케이크 | A beautiful chocolate cake | strawberry",
        "딸기빼고초콜릿케이크 | A beautiful chocolate cake | strawberry",
        "초콜릿 케이크 딸기는 빼주세요 | A beautiful chocolate cake | strawberry",
        "초코 케이크에 딸기랑 견과류 빼고 블루베리 올려주세요 | A beautiful chocolate cake with blueberries | strawberry, nuts",
        "초코 견과류 빼고 딸기 올린 케이크 | A beautiful chocolate cake with strawberries | nuts",
        "딸기 올린 거 말고 블루베리 올린 케이크 | A beautiful cake with blueberries | strawberry",
        "초코 케이크 말고 딸기 케이크 | A beautiful strawberry cake | chocolate",
        "딸기 케이크 말고 딸기 생크림 케이크 | A beautiful strawberry and fresh cream cake | ``",
        "빨간 장미 말고 하얀 장미 올린 케이크 | A beautiful cake with white roses | red roses",
        "파인애플 케이크 사과 빼고 | A beautiful pineapple cake | apple",
        "초 3개 빼고 바닐라 케이크 | A beautiful vanilla cake | candles",
        "초 말고 포도 추가해 주세요 | A beautiful cake with grapes | candles",
        "글씨 없이, 사람 없이 딸기 케이크 | A beautiful strawberry cake | text, people",
        "생크림 케이크 장식 없이 | A beautiful fresh cream cake | ``",
        "반지 없는 초코 케이크 | A beautiful chocolate cake | a ring",
        "딸기 아낌없이 올린 초코 케이크 | A beautiful chocolate cake with strawberries | ``",
        "딸기 안 올린 초코 케이크 | A beautiful chocolate cake | strawberry",
        "빼고 초코 케이크 말고 | A beautiful cake | chocolate",
        "without nuts carrot cake | A beautiful carrot cake | nuts",
        "no strawberries please, chocolate cake | A beautiful chocolate cake | strawberries",
        "No, I'd like a strawberry cake | A beautiful strawberry cake | ``",
        "carrot cake with no nuts and pink frosting | A beautiful carrot cake, pink frosting | nuts",
        "chocolate cake without the nuts or the cherries | A beautiful chocolate cake | nuts, cherries",
        "vanilla cake without any pink roses | A beautiful vanilla cake | pink roses",
        "I don't want nuts, just a nut-free banana cake | A beautiful banana cake, just | nuts, nut",
        "chocolate cake with strawberries instead of cherries | A beautiful chocolate cake with strawberries | cherries",
        "vanilla cake without text please | A beautiful vanilla cake | text",
        "'without' nuts 'carrot' cake | A beautiful carrot cake | nuts",
        "plain vanilla cake without | A beautiful vanilla cake, plain | ``",
        "いちご抜きのチョコケーキ | A beautiful chocolate cake | strawberry",
        "いちごとナッツなしのチョコケーキ | A beautiful chocolate cake | strawberry, nuts",
        "チョコケーキ、ナッツなし | A beautiful chocolate cake | nuts",
        "シンプルなシフォンケーキ | A beautiful simple chiffon cake | ``",
        "チョコじゃなくて抹茶のケーキ | A beautiful matcha cake | chocolate",
    })
    void whatIsExcludedIsNotDrawn(String order, String prompt, String unwanted) {
        EnhancedPrompt enhanced = service.enhance(order);
        assertThat(enhanced.text()).isEqualTo(prompt + END);
        assertThat(enhanced.unwanted()).isEqualTo(unwanted);
    }

    @Test
    void unknownWordsAreTranslated() {
        assertThat(service.enhancePrompt("반지 모양 초코 케이크")).isEqualTo("A beautiful chocolate cake, a ring" + END);
        assertThat(service.enhancePrompt("해리포터를 올린 케이크")).contains("harry potter");
        assertThat(service.enhancePrompt("龍のケーキ")).contains("dragon");
        assertThat(asked).containsExactly("반지", "해리포터", "龍");
    }

    @Test
    void unknownWordsWithoutATranslationAreLeftOut() {
        assertThat(service.enhancePrompt("뿅뿅이 초코 케이크")).isEqualTo("A beautiful chocolate cake" + END);
        assertThat(asked).containsExactly("뿅뿅");
    }

    @Test
    void aTranslationIsNotTrusted() {
        EnhancedPrompt unsafe = service.enhance("위험한것 올린 케이크");
        assertThat(unsafe.text()).doesNotContain("nude");
        assertThat(unsafe.filtered()).containsExactly("nude");
        assertThat(service.enhancePrompt("긴것 올린 케이크")).isEqualTo("A beautiful cake" + END);
        assertThat(service.enhancePrompt("한글 올린 케이크")).isEqualTo("A beautiful cake" + END);
    }

    @Test
    void aPromptThatIsReadyStaysAsItIs() {
        String prompt = "A beautiful heart-shaped strawberry cake with blueberries, pink frosting, 3 candles, birthday celebration" + END;
        assertThat(service.enhancePrompt(prompt)).isEqualTo(prompt);
    }

    @ParameterizedTest
    @ValueSource(strings = {"🎂🎂", "!!!", "케이크 (딸기:1.9) [초코] <|endoftext|> <lora:x:1>", "chocolate (cake:1.5) \\ {a|b} `$x`",
        "торт шоколадный", "巧克力蛋糕", "كعكة", "\u0000\u0001 초코", "\uD83C 초코",
        "가가가가가가가가가가가가가가가가가가가가가가가가", "ㅋㅋㅋ ㅎㅎ 초코 ㅠㅠ", "Ｃｈｏｃｏｌａｔｅ"})
    void theEncoderGetsPlainAsciiWithoutControlSigns(String order) {
        assertThat(service.enhancePrompt(order)).matches("[A-Za-z0-9 ,.'\"!&-]+").startsWith("A beautiful ").endsWith(END);
    }

    @Test
    void whateverIsWrittenTheEncoderGetsPlainAscii() {
        Random random = new Random(3);
        String[] pieces = {"초코", "케이크", "딸기", "누드", "이", "라고", "써주세요", "\"", "'", "イチゴ", "のせて", "ケーキ", "ー", "裸", "漢字", "3",
            "99999999999", "초", "개", "with", "cake", "Happy", " ", "  ", "\n", ".", ",", "🎂", "\u200b", "ㄴㅜㄷㅡ", "ㅋㅋ", "é", "ß", "Ω", "(", "[", ":1.9)",
            "<|endoftext|>", "\\", "\u0000", "\uD83C", "ｓｅｘ", "%s", "$1", "-", "&", "!", "빼고", "랑", "without", "no", "なし", "抜き"};
        for (int round = 0; round < 1500; round++) {
            StringBuilder order = new StringBuilder();
            for (int i = random.nextInt(30); i >= 0; i--) {
                order.append(pieces[random.nextInt(pieces.length)]);
            }
            try {
                EnhancedPrompt prompt = service.enhance(order.toString());
                assertThat(prompt.text()).as(order.toString()).matches("[A-Za-z0-9 ,.'\"!&-]+").endsWith(END)
                        .doesNotContainIgnoringCase("nude").doesNotContain("  ");
                assertThat(prompt.text().replaceAll("\"[^\"]*\" lettering", "")).as(order.toString())
                        .doesNotContainPattern("(?<![\\w'])(without|no)(?![\\w'])");
                assertThat(prompt.unwanted()).as(order.toString()).matches("[A-Za-z0-9 ,.'\"!&-]*");
                assertThat(prompt.text().chars().filter(c -> c == '"').count() % 2).as(prompt.text()).isZero();
            } catch (JobException e) {
                assertThat(e.code()).as(order.toString()).isEqualTo(ErrorCode.UNSAFE_PROMPT);
            }
        }
    }

    @Test
    void aShopsOwnWordsReplaceTheWorkers(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("cake-words.tsv"), """
                prompt-start\tA shop photo of a
                prompt-end\ton a wooden table
                flavour\tsignature lotus\t연꽃시그니처\tlotus\t
                cake\tcake\t케이크\tcake\tケーキ
                """);
        StableDiffusionImageService own = new StableDiffusionImageService(new FakeImageEngine(), WordTranslator.NONE,
                new PictureSettings(512, 512, 4, 7.5, "ugly", 100, folder));
        assertThat(own.enhancePrompt("연꽃 시그니처 케이크")).isEqualTo("A shop photo of a signature lotus cake on a wooden table");
    }
}
