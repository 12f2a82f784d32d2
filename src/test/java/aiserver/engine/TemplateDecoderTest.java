package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import aiserver.engine.AnswerForm.Choice;
import aiserver.engine.AnswerForm.JsonText;
import aiserver.engine.AnswerForm.Literal;
import aiserver.engine.AnswerForm.Option;
import aiserver.engine.AnswerForm.Part;
import aiserver.engine.AnswerForm.Repeat;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateDecoderTest {
    private final FakeVocabulary vocabulary = new FakeVocabulary();

    private record Run(String text, List<Integer> tokens, Map<String, Generation.Chosen> choices, int asked) {
    }

    private static Choice words(String name, String... options) {
        return new Choice(name, java.util.Arrays.stream(options).map(Option::new).toList());
    }

    private static final List<Part> ORDER = List.of(
            new Literal("{\"intent\":\""), words("intent", "order", "other", "recommendation", "cancel"),
            new Literal("\",\"menu\":"), new Choice("menu", List.of(
                    new Option("null", List.of(new Literal(",\"style\":"), words("style", "null"))),
                    new Option("\"딸기 케이크\"", List.of(new Literal(",\"style\":"), words("style", "null", "\"클래식\""))),
                    new Option("\"딸기\"", List.of(new Literal(",\"style\":"), words("style", "null", "\"ab\"", "\"abc\""))))),
            new Literal(",\"options\":["), new Repeat("options", List.of(words("option", "\"초코\"", "\"초\"", "\"!\"")), 3),
            new Literal(",\"quantity\":"), words("quantity", "null", "1", "2", "12"),
            new Literal(",\"response\":\""), new JsonText("response", 12), new Literal("}"));

    private Run run(List<Part> parts, int maxTokens, Sampling sampling, Function<Run, float[]> model) {
        TemplateDecoder decoder = new TemplateDecoder(new AnswerForm.Template(parts), vocabulary, vocabulary::tokenize, sampling, maxTokens);
        List<Integer> tokens = new ArrayList<>();
        int asked = 0;
        AnswerDecoder.Step step = decoder.start();
        while (true) {
            for (int token : step.tokens()) {
                tokens.add(token);
            }
            Run now = new Run(decoder.text(), List.copyOf(tokens), Map.copyOf(decoder.choices()), asked);
            if (step.last()) {
                assertThat(new String(vocabulary.bytes(tokens), StandardCharsets.UTF_8)).isEqualTo(decoder.text());
                assertThat(decoder.finished()).isTrue();
                return now;
            }
            step = decoder.next(MemorySegment.ofArray(model.apply(now)));
            asked++;
        }
    }

    private Run wanting(List<Part> parts, String text) {
        return run(parts, 1000, Sampling.GREEDY, now -> vocabulary.wanting(text.getBytes(StandardCharsets.UTF_8),
                vocabulary.bytes(now.tokens()).length, now.tokens()));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"intent\":\"order\",\"menu\":\"딸기 케이크\",\"style\":\"클래식\",\"options\":[\"초\"],\"quantity\":12,\"response\":\"주세요.\"}",
        "{\"intent\":\"other\",\"menu\":null,\"style\":null,\"options\":[],\"quantity\":null,\"response\":\"요.\"}",
        "{\"intent\":\"cancel\",\"menu\":\"딸기\",\"style\":\"ab\",\"options\":[\"초코\",\"초\"],\"quantity\":1,\"response\":\"a\\\"b\"}",
        "{\"intent\":\"recommendation\",\"menu\":\"딸기\",\"style\":\"abc\",\"options\":[\"초\",\"초\",\"초\"],\"quantity\":2,\"response\":\"요.\"}"})
    void writesWhatTheModelWantsInTheTokensOfTheWholeText(String wanted) {
        Run run = wanting(ORDER, wanted);
        assertThat(run.text()).isEqualTo(wanted);
        assertThat(run.tokens()).containsExactly(java.util.Arrays.stream(vocabulary.tokenize(wanted)).boxed().toArray(Integer[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "[\"+ 초\"]", "[\"+ 과일\",\"+ 초\"]", "[\"+ 크림\",\"+ 과일\"]", "[\"+ 초\",\"+ 리본\",\"+ 과일 세트\"]",
        "[\"(+) 초\",\"(+) 촛대\"]", "[\"[ NEW ] 딸기\",\"(+) 초\",\"[ NEW ] 딸기\"]", "[\"+초\",\"+ 초\"]", "[]"})
    void namesThatBeginAlikeWithABlankBeforeTheWordAreToldApart(String wanted) {
        List<String> names = List.of("+ 초", "+초", "+ 과일", "+ 과일 세트", "+ 크림", "+ 리본", "(+) 초", "(+) 촛대", "[ NEW ] 딸기");
        List<List<String>> menus = List.of(names, names.subList(0, 6), names.subList(2, 6), List.of(names.get(0), names.get(2), names.get(4),
                names.get(5)), names.subList(6, 8));
        for (List<String> menu : menus) {
            if (java.util.regex.Pattern.compile("\"([^\"]*)\"").matcher(wanted).results().anyMatch(name -> !menu.contains(name.group(1)))) {
                continue;
            }
            String whole = "{\"options\":" + wanted + ",\"x\":1}";
            List<Part> parts = List.of(new Literal("{\"options\":["), new Repeat("options", List.of(words("option",
                    menu.stream().map(name -> "\"" + name + "\"").toArray(String[]::new))), 3), new Literal(",\"x\":1}"));
            assertThat(wanting(parts, whole).text()).isEqualTo(whole);
        }
    }

    @Test
    void bareWordsInAListDoNotGrowTheirTreeWithoutEnd() {
        List<Part> parts = List.of(new Literal("["), new Repeat("n", List.of(words("n", "11", "22", "33", "44", "55", "66", "77", "88")), 9));
        assertThat(wanting(parts, "[11,22,88,44]").text()).isEqualTo("[11,22,88,44]");
    }

    @Test
    void namesThatAreEachOthersBeginningsDoNotGrowTheirTreeWithoutEnd() {
        String[] marks = java.util.stream.IntStream.rangeClosed(1, 40).mapToObj(n -> "\"" + "!".repeat(n) + "\"").toArray(String[]::new);
        List<Part> parts = List.of(new Literal("["), new Repeat("n", List.of(words("n", marks)), 8));
        String wanted = "[\"!!!\",\"!\",\"" + "!".repeat(40) + "\",\"!!\"]";
        assertThat(org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(java.time.Duration.ofSeconds(60), () -> wanting(parts, wanted).text()))
                .isEqualTo(wanted);
    }

    @Test
    void optionsWithTheSameTokensAreRefused() {
        assertThatThrownBy(() -> new TemplateDecoder(new AnswerForm.Template(List.of(new Literal("["), words("x", "ab", "cd"))), vocabulary,
                text -> new int[text.length()], Sampling.GREEDY, 100).start())
                .isInstanceOf(EngineException.class).hasMessageContaining("do not tell the options of a template apart");
    }

    @Test
    void punctuationAndEmptyTextsAreWrittenAsWanted() {
        String wanted = "{\"intent\":\"other\",\"menu\":null,\"style\":null,\"options\":[\"!\",\"초\",\"!\"],\"quantity\":2,\"response\":\"\"}";
        assertThat(wanting(ORDER, wanted).text()).isEqualTo(wanted);
    }

    @Test
    void fixedTextIsNeverAskedFor() {
        Run run = wanting(List.of(new Literal("{\"a\":"), words("a", "null"), new Literal(",\"intent\":\""),
                words("intent", "order", "cancel"), new Literal("\"}")), "{\"a\":null,\"intent\":\"cancel\"}");
        assertThat(run.asked()).isEqualTo(1);
        assertThat(run.tokens()).hasSizeGreaterThan(8);
    }

    @Test
    void theProbabilityIsThatOfTheOptionAgainstTheOthers() {
        List<Part> parts = List.of(new Literal("{\"intent\":\""), words("intent", "order", "other", "cancel"), new Literal("\"}"));
        int order = vocabulary.tokenize("order")[0];
        int other = vocabulary.tokenize("other")[0];
        int cancel = vocabulary.tokenize("cancel")[0];
        Run run = run(parts, 100, Sampling.qwen(1), now -> {
            float[] logits = new float[vocabulary.size()];
            logits['x'] = 100;
            logits[order] = (float) Math.log(0.2);
            logits[other] = (float) Math.log(0.5);
            logits[cancel] = (float) Math.log(0.3);
            return logits;
        });
        assertThat(run.choices().get("intent").option()).isEqualTo("other");
        assertThat(run.choices().get("intent").probability()).isCloseTo(0.5, within(1e-6));
    }

    @Test
    void theProbabilityOfANameCountsEveryForkOnTheWay() {
        List<Part> parts = List.of(new Literal("{\"menu\":"), words("menu", "null", "\"ax\"", "\"ay\"", "\"bx\""), new Literal("}"));
        Run run = run(parts, 100, Sampling.GREEDY, now -> {
            float[] logits = new float[vocabulary.size()];
            // whether there is a name at all: 3 to 1; a or b: 4 to 1; x or y: 9 to 1
            logits[vocabulary.tokenize("\":\"")[0]] = (float) Math.log(3);
            logits['a'] = (float) Math.log(4);
            logits['x'] = (float) Math.log(9);
            return logits;
        });
        assertThat(run.text()).isEqualTo("{\"menu\":\"ax\"}");
        assertThat(run.choices().get("menu").probability()).isCloseTo(0.75 * 0.8 * 0.9, within(1e-6));
    }

    @Test
    void noiseGivesWholeAnswersWithinTheLimit() {
        for (int seed = 0; seed < 400; seed++) {
            java.util.Random random = new java.util.Random(seed);
            int limit = 130 + seed;
            Sampling sampling = seed % 2 == 0 ? Sampling.GREEDY : new Sampling(1.5, 40, 1, 0, seed);
            Run run = run(ORDER, limit, sampling, now -> {
                float[] logits = new float[vocabulary.size()];
                for (int i = 0; i < logits.length; i++) {
                    logits[i] = (float) random.nextGaussian() * 4;
                }
                return logits;
            });
            Map<String, Object> json = aiserver.job.JsonObjects.read(run.text());
            assertThat(json.keySet()).containsExactly("intent", "menu", "style", "options", "quantity", "response");
            assertThat(run.tokens().size()).isLessThanOrEqualTo(limit);
            String response = (String) json.get("response");
            assertThat(response.codePointCount(0, response.length())).isLessThanOrEqualTo(12);
            assertThat(response).doesNotContain("\uFFFD");
            assertThat(run.choices().get("intent").probability()).isBetween(0.25, 1.0);
        }
    }

    @Test
    void aModelThatNeverEndsATextIsEndedByItsLength() {
        Run run = run(List.of(new Literal("{\"r\":\""), new JsonText("r", 5), new Literal("}")), 1000, Sampling.GREEDY,
                now -> vocabulary.wanting("{\"r\":\"안녕하세요안녕하세요\"}".getBytes(StandardCharsets.UTF_8),
                        vocabulary.bytes(now.tokens()).length, now.tokens()));
        assertThat(run.text()).isEqualTo("{\"r\":\"안녕하세요\"}");
    }

    @Test
    void aLimitThatCannotHoldTheFormIsRefusedWithItsNumber() {
        assertThatThrownBy(() -> run(ORDER, 20, Sampling.GREEDY, now -> null)).isInstanceOf(EngineException.class)
                .hasMessageContaining("maxTokens 20 cannot hold the answer's form");
    }

    @Test
    void optionsMustDiffer() {
        assertThatThrownBy(() -> run(List.of(words("x", "a", "a")), 100, Sampling.GREEDY, now -> null))
                .isInstanceOf(EngineException.class).hasMessage("choice x has an option twice: a");
    }

    @Test
    void logitsThatAreNotNumbersDoNoHarm() {
        Run run = run(ORDER, 1000, Sampling.GREEDY, now -> {
            float[] logits = new float[vocabulary.size()];
            java.util.Arrays.fill(logits, Float.NaN);
            logits['"'] = 1;
            return logits;
        });
        assertThat(run.text()).endsWith("\"response\":\"\"}");
    }
}
