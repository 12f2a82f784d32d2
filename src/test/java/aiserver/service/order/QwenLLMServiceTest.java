package aiserver.service.order;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.EngineException;
import aiserver.engine.FakeTextEngine;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.LanguageJob;
import aiserver.job.OrderAnalysis.Transition;
import aiserver.job.OrderAnalysis;
import aiserver.job.OrderStage;
import aiserver.job.Recommendation;
import aiserver.job.ShopEvent;
import aiserver.job.TestScope;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class QwenLLMServiceTest {
    private static final LanguageSettings SETTINGS = LanguageSettings.DEFAULT.withProfile(PromptTexts.Profile.COMPACT);

    private String answer;
    private final FakeTextEngine engine = new FakeTextEngine(4096, request -> answer);
    private final QwenLLMService service = new QwenLLMService(engine, SETTINGS, OrderPromptGoldenTest.CLOCK);

    private static LanguageJob order() {
        return Payloads.analysis(Payloads.resource("full-order.json"));
    }

    private static String answer(String intent, String order, String state, String rest) {
        return "{\"intent\":\"" + intent + "\",\"order_state\":{" + order + "},\"state\":\"" + state + "\"," + rest + "}";
    }

    private static final String NOTHING = "\"menu\":null,\"style\":null,\"options\":[],\"size\":null,\"quantity\":null,\"lettering\":null,"
            + "\"pickup_at\":null,\"notes\":null,\"remove\":[]";
    private static final String QUIET = "\"recommended_menu\":null,\"alternatives\":[],\"additional_questions\":[],\"analysis\":\"바꿈\",\"response\":\"네.\"";

    @Test
    void mergesTheOrderAndMovesOn() {
        answer = answer("change", NOTHING.replace("\"menu\":null,\"style\":null,\"options\":[]",
                "\"menu\":\"초코 케이크\",\"style\":\"클래식\",\"options\":[\"초\"]"), "customization", QUIET);
        OrderAnalysis analysis = service.analyzeVoiceOrder(order(), JobScope.NONE);
        assertThat(analysis.intent()).isEqualTo("change");
        assertThat(analysis.confidence()).isBetween(0.9, 1.0);
        assertThat(analysis.orderState().toString())
                .isEqualTo("{order_id=17, menu=초코 케이크, quantity=1, options=[초], style=클래식}");
        assertThat(analysis.transition()).isEqualTo(new Transition(OrderStage.STYLE_SELECTION, OrderStage.CUSTOMIZATION, true, "moved on"));
        assertThat(analysis.state()).isEqualTo(OrderStage.CUSTOMIZATION);
        assertThat(analysis.response()).isEqualTo("네.");
        assertThat(analysis.analysis()).isEqualTo("바꿈");
        assertThat(analysis.additionalQuestions()).isEmpty();
        assertThat(analysis.notes()).isEmpty();
    }

    @Test
    void aMoveThatIsTooEarlyIsHeldBackAndTheMissingPartAskedFor() {
        answer = answer("order", NOTHING, "confirmation", QUIET);
        OrderAnalysis analysis = service.analyzeVoiceOrder(order(), JobScope.NONE);
        assertThat(analysis.transition()).isEqualTo(new Transition(OrderStage.STYLE_SELECTION, OrderStage.STYLE_SELECTION, false,
                "held back: confirmation needs style, pickup_at"));
        assertThat(analysis.additionalQuestions()).containsExactly("스타일은 어떻게 해 드릴까요?");
    }

    @Test
    void aModelsOwnQuestionAndSuggestionsComeThroughWithPrices() {
        answer = answer("recommendation", NOTHING, "style_selection", "\"recommended_menu\":{\"name\":\"치즈 \\\"뉴욕\\\" 케이크\"},"
                + "\"alternatives\":[\"딸기 케이크\",\"초코 케이크\",\"딸기 케이크\"],\"additional_questions\":[\"초는 몇 개요?\"],"
                + "\"analysis\":\"추천\",\"response\":\"치즈요.\"");
        OrderAnalysis analysis = service.analyzeVoiceOrder(order(), JobScope.NONE);
        assertThat(analysis.recommendedMenu()).isEqualTo(Map.of("name", "치즈 \"뉴욕\" 케이크", "price", 42000L));
        assertThat(analysis.alternatives()).containsExactly(Map.of("name", "딸기 케이크", "price", 38000L),
                Map.of("name", "초코 케이크", "price", 40000L));
        assertThat(analysis.additionalQuestions()).containsExactly("초는 몇 개요?");
    }

    @Test
    void cancellingGivesUpTheOrderAndKeepsTheBackendsKeys() {
        answer = answer("cancel", NOTHING, "greeting", QUIET);
        OrderAnalysis analysis = service.analyzeVoiceOrder(order(), JobScope.NONE);
        assertThat(analysis.orderState()).isEqualTo(Map.of("order_id", 17));
        assertThat(analysis.transition()).isEqualTo(new Transition(OrderStage.STYLE_SELECTION, OrderStage.GREETING, false, "cancelled"));
    }

    @Test
    void goingBackKeepsWhatWasSettled() {
        answer = answer("change", NOTHING, "menu_selection", QUIET);
        OrderAnalysis analysis = service.analyzeVoiceOrder(order(), JobScope.NONE);
        assertThat(analysis.state()).isEqualTo(OrderStage.MENU_SELECTION);
        assertThat(analysis.orderState()).isEqualTo(order().context().orderState());
    }

    @Test
    void aSilentModelStillAnswersTheCustomer() {
        answer = answer("order", NOTHING, "customization", QUIET.replace("네.", ""));
        assertThat(service.analyzeVoiceOrder(order(), JobScope.NONE).response()).isEqualTo("스타일은 어떻게 해 드릴까요?");
    }

    @Test
    void noiseGivesAWholeAnalysisWhateverIsAsked() {
        FakeTextEngine noise = new FakeTextEngine(8192, request -> null);
        for (int seed = 0; seed < 15; seed++) {
            QwenLLMService wild = new QwenLLMService(noise, SETTINGS.withSampling(new aiserver.engine.Sampling(2, 50, 1, 0, seed)),
                    OrderPromptGoldenTest.CLOCK);
            for (String payload : List.of("full-order", "first-words", "no-menu", "hostile")) {
                OrderAnalysis analysis = wild.analyzeVoiceOrder(Payloads.analysis(Payloads.resource(payload + ".json")), JobScope.NONE);
                assertThat(OrderIntent.wireNames()).contains(analysis.intent());
                assertThat(analysis.confidence()).isBetween(0.0, 1.0);
                assertThat(analysis.response()).isNotEmpty().doesNotContain("\uFFFD");
                assertThat(analysis.state()).isEqualTo(analysis.transition().to());
            }
        }
    }

    @Test
    void anUncertainCancellationIsAskedBack() {
        FakeTextEngine noise = new FakeTextEngine(8192, request -> null);
        for (int seed = 0; seed < 500; seed++) {
            LanguageJob job = Payloads.analysis("{\"transcript\":\"취소 " + seed + "\",\"context\":{\"order_state\":{\"menu\":\"딸기\"},\"state\":\"menu_selection\"}}");
            OrderAnalysis analysis = new QwenLLMService(noise, SETTINGS).analyzeVoiceOrder(job, JobScope.NONE);
            if (analysis.intent().equals("cancel") && analysis.confidence() < 0.5) {
                assertThat(analysis.orderState()).isEqualTo(Map.of("menu", "딸기"));
                assertThat(analysis.transition().reason()).isEqualTo("held back: cancel is not certain");
                assertThat(analysis.additionalQuestions()).first().isEqualTo("주문을 취소할까요?");
                return;
            }
        }
        throw new AssertionError("no seed gave an uncertain cancellation");
    }

    @Test
    void theSameJobHasTheSameAnswer() {
        FakeTextEngine noise = new FakeTextEngine(8192, request -> null);
        QwenLLMService twice = new QwenLLMService(noise, SETTINGS, OrderPromptGoldenTest.CLOCK);
        assertThat(twice.analyzeVoiceOrder(order(), JobScope.NONE)).isEqualTo(twice.analyzeVoiceOrder(order(), JobScope.NONE));
    }

    @Test
    void twoHundredHostileNamesStayNames() {
        StringBuilder menu = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            menu.append(i == 0 ? "" : ",").append("{\"name\":").append(aiserver.job.JsonObjects.write(
                    List.of("\"", "\\", "\",\"x\":1,\"", "]}", "\u0007", "케", "케이", "🎂").get(i % 8) + (i < 8 ? "" : i))).append("}");
        }
        LanguageJob job = Payloads.analysis("{\"transcript\":\"x\",\"context\":{\"menu\":[" + menu + "]}}");
        FakeTextEngine noise = new FakeTextEngine(16384, request -> null);
        for (int seed = 0; seed < 20; seed++) {
            OrderAnalysis analysis = new QwenLLMService(noise, SETTINGS.withSampling(new aiserver.engine.Sampling(2, 50, 1, 0, seed)))
                    .analyzeVoiceOrder(job, JobScope.NONE);
            Object name = analysis.orderState().get("menu");
            if (name != null) {
                assertThat(new OrderMenu(job.context().menu()).names()).contains((String) name);
            }
        }
    }

    @Test
    void aTranscriptThatIsTooLongHasItsOwnCode() {
        LanguageJob job = Payloads.analysis("{\"transcript\":\"" + "아".repeat(4000) + "\"}");
        assertThatThrownBy(() -> service.analyzeVoiceOrder(job, JobScope.NONE)).isInstanceOfSatisfying(JobException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.CONTEXT_TOO_LONG));
    }

    @Test
    void namesTooLongForAnAnswerAreTheMenusFault() {
        String longest = "케".repeat(90);
        LanguageJob job = Payloads.analysis("{\"transcript\":\"x\",\"context\":{\"menu\":[{\"name\":\"딸기\"},{\"name\":\"" + longest + "\"}]}}");
        assertThatThrownBy(() -> new QwenLLMService(engine, SETTINGS.withMaxAnswerTokens(192)).analyzeVoiceOrder(job, JobScope.NONE))
                .isInstanceOfSatisfying(JobException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_PAYLOAD))
                .hasMessageStartingWith("payload.context.menu does not fit an answer, its longest name is " + longest + ": maxTokens 192");
    }

    @Test
    void whatHoldsNoOrderIsRefusedAtTheStart() {
        assertThatThrownBy(() -> SETTINGS.withMaxAnswerTokens(191)).hasMessage("language maxAnswerTokens cannot be 191");
        FakeTextEngine small = new FakeTextEngine(383, request -> null);
        assertThatThrownBy(() -> new QwenLLMService(small, SETTINGS)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("language contextTokens cannot be 383");
    }

    @Test
    void aLongOptionOfTheOrderDoesNotCloseTheAnswer() {
        answer = answer("order", NOTHING.replace("\"lettering\":null", "\"lettering\":\"축하해\"")
                .replace("\"remove\":[]", "\"remove\":[\"초\"]"), "customization", QUIET);
        String endless = "a".repeat(900);
        OrderAnalysis analysis = service.analyzeVoiceOrder(Payloads.analysis("{\"transcript\":\"x\",\"context\":{\"order_state\":{\"options\":[\""
                + endless + "\",\"초\"]}}}"), JobScope.NONE);
        assertThat(analysis.orderState()).isEqualTo(Map.of("options", List.of(endless), "lettering", "축하해"));
        assertThat(analysis.response()).isEqualTo("네.");
    }

    @Test
    void textsOfTheOrderAreSingleLines() {
        answer = answer("order", NOTHING.replace("\"lettering\":null", "\"lettering\":\" 생일\\n축하 \"")
                .replace("\"notes\":null", "\"notes\":\"\\b\\t\"").replace("\"options\":[]", "\"options\":[\" 초\",\"초\",\" \"]")
                .replace("\"remove\":[]", "\"remove\":[\" 리본\"]"), "customization", QUIET);
        OrderAnalysis analysis = service.analyzeVoiceOrder(Payloads.analysis(
                "{\"transcript\":\"x\",\"context\":{\"order_state\":{\"options\":[\" 리본\"]}}}"), JobScope.NONE);
        assertThat(analysis.orderState()).isEqualTo(Map.of("options", List.of("초"), "lettering", "생일 축하"));
    }

    @Test
    void anEngineThatFailedIsTriedOnceMore() {
        answer = answer("other", NOTHING, "style_selection", QUIET);
        engine.failOnce(new EngineException(EngineException.Kind.ENGINE_FAILED, "decode failed"));
        assertThat(service.analyzeVoiceOrder(order(), JobScope.NONE).intent()).isEqualTo("other");
    }

    @Test
    void aCancelledJobEndsAsCancelled() {
        assertThatThrownBy(() -> service.analyzeVoiceOrder(order(), TestScope.CANCELLED)).isInstanceOfSatisfying(JobException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    }

    @Test
    void loadsAndUnloads() {
        service.loadModel(JobScope.NONE);
        assertThat(engine.loaded()).isTrue();
        service.unloadModel();
        assertThat(engine.loaded()).isFalse();
    }

    @Test
    void thePromptIsInTheLanguageOfTheTranscript() {
        assertThat(service.buildPrompt(Payloads.analysis("{\"transcript\":\"one cake please\"}")).messages().getLast().content())
                .contains("Customer says: \"one cake please\"");
        assertThat(service.buildPrompt(Payloads.analysis("{\"transcript\":\"ケーキを一つ\"}")).messages().getLast().content())
                .contains("お客様: \"ケーキを一つ\"");
    }

    // ---- recommendations

    @Test
    void recommendsWhatTheFactsSay() {
        answer = "{\"reason\":\"자주 드시는 케이크예요.\"}";
        Recommendation recommendation = service.generatePersonalizedRecommendation(
                Payloads.recommendation(Payloads.resource("full-order.json")), JobScope.NONE);
        assertThat(recommendation.reason()).isEqualTo("자주 드시는 케이크예요.");
        assertThat(recommendation.profile()).isEqualTo(new Recommendation.Profile(List.of("치즈 케이크", "딸기 케이크"), "모던", 35500.0));
        assertThat(recommendation.recommendedMenu()).isEqualTo(Map.of("name", "딸기 케이크", "price", 38000L, "style", "모던"));
        assertThat(recommendation.alternatives()).containsExactly(Map.of("name", "초코 케이크", "price", 40000L),
                Map.of("name", "치즈 \"뉴욕\" 케이크", "price", 42000L));
        assertThat(recommendation.appliedEvents()).isEmpty();
        assertThat(engine.lastRequest().messages().getLast().content()).isEqualTo("""
                고객: 김민지; grade VIP
                자주 산 메뉴: 치즈 케이크; 딸기 케이크
                좋아하는 스타일: 모던
                평균 금액: 35500
                추천: 딸기 케이크 [클래식/모던] {초/리본} 38000
                다른 후보: 초코 케이크; 치즈 "뉴욕" 케이크
                손님: "초코 케이크로 바꾸고 초도 넣어 주세요\"""");
    }

    @Test
    void discountsAreThoseOfTodayAndPricesAreRounded() {
        answer = "{\"reason\":\"\"}";
        Recommendation recommendation = service.generatePersonalizedRecommendation(Payloads.recommendation("""
                {"context": {"menu": [{"name": "a", "price": 1000}, {"name": "b", "price": 999}]}, "events": [
                 {"name": "today", "discount_percent": 50, "menus": ["b"], "ends_at": "2026-11-22"},
                 {"name": "news", "menus": ["b"]},
                 {"name": "all", "discount_percent": 33.3},
                 {"name": "over", "discount_percent": 90, "menus": ["a"], "ends_at": "2026-11-21"}]}"""), JobScope.NONE);
        assertThat(recommendation.recommendedMenu()).isEqualTo(Map.of("name", "b", "price", 999L));
        assertThat(recommendation.appliedEvents()).containsExactly(new Recommendation.AppliedEvent("today", 50, 500L),
                new Recommendation.AppliedEvent("news", 0, 999L), new Recommendation.AppliedEvent("all", 33.3, 666L));
        assertThat(recommendation.reason()).isEqualTo("today 행사로 50% 할인되는 b을(를) 추천해 드려요.");
        assertThat(recommendation.profile()).isEqualTo(new Recommendation.Profile(List.of(), null, null));
    }

    @Test
    void withoutAMenuWhatWasOrderedBeforeIsRecommended() {
        answer = "{\"reason\":\"\"}";
        Recommendation recommendation = service.generatePersonalizedRecommendation(Payloads.recommendation("""
                {"user_history": [{"menu": "x"}, {"menu": "y", "price": 10, "ordered_at": "2026-01-01"}, {"menu": "y", "price": 20,
                 "ordered_at": "2025-01-01"}], "events": [{"name": "e", "discount_percent": 10, "menus": ["z"]}]}"""), JobScope.NONE);
        assertThat(recommendation.recommendedMenu()).isEqualTo(Map.of("name", "y", "price", 10L));
        assertThat(recommendation.alternatives()).containsExactly(Map.of("name", "x"), Map.of("name", "z"));
        assertThat(recommendation.reason()).isEqualTo("자주 드신 y을(를) 추천해 드려요.");
    }

    @Test
    @Timeout(60)
    void asManyNamesAsAMessageHoldsAreRankedAtOnce() {
        answer = "{\"reason\":\"\"}";
        String orders = IntStream.range(0, 40_000).mapToObj(i -> "{\"menu\":\"m" + i + "\"}").collect(joining(","));
        String menus = IntStream.range(0, 40_000).mapToObj(i -> "\"e" + i + "\"").collect(joining(","));
        Recommendation recommendation = service.generatePersonalizedRecommendation(Payloads.recommendation("{\"user_history\":[" + orders
                + ",{\"menu\":\"m7\"}],\"events\":[{\"name\":\"e\",\"discount_percent\":10,\"menus\":[" + menus + "]}]}"), JobScope.NONE);
        assertThat(recommendation.recommendedMenu()).isEqualTo(Map.of("name", "m7"));
        assertThat(recommendation.profile().frequentMenus()).first().isEqualTo("m7");
    }

    @Test
    void theBestDiscountCountsAndOfEqualsTheFirst() {
        RunningEvents events = new RunningEvents(List.of(new ShopEvent("a", null, 10.0, List.of("x"), null),
                new ShopEvent("news", null, null, List.of(), null), new ShopEvent("b", null, 20.0, List.of("y", " x "), null),
                new ShopEvent("c", null, 20.0, List.of("x"), null), new ShopEvent("d", null, 15.0, List.of(), null),
                new ShopEvent("e", null, 12.0, List.of("z"), null)), List.of());
        assertThat(List.of("x", "y", "z")).extracting(menu -> events.best().apply(menu).name()).containsExactly("b", "b", "d");
        assertThat(new RunningEvents(List.of(), List.of()).best().apply("x")).isNull();
    }

    @Test
    void pricesWithoutBoundsHaveAnAverage() {
        answer = "{\"reason\":\"\"}";
        Recommendation recommendation = service.generatePersonalizedRecommendation(Payloads.recommendation("{\"user_history\":["
                + "{\"menu\":\"x\",\"price\":9223372036854775807},{\"menu\":\"x\",\"price\":9223372036854775807}]}"), JobScope.NONE);
        assertThat(recommendation.profile().averageAmount()).isEqualTo(9223372036854775807.0);
    }

    @Test
    void aNameBeyondAllBoundsIsCutInThePrompt() {
        answer = "{\"reason\":\"좋아요.\"}";
        String endless = "케".repeat(5000);
        Recommendation recommendation = service.generatePersonalizedRecommendation(Payloads.recommendation("""
                {"context": {"menu": [{"name": "a"}]}, "user_history": [{"menu": "%s", "style": "%s"}]}""".formatted(endless, endless)),
                JobScope.NONE);
        assertThat(recommendation.reason()).isEqualTo("좋아요.");
        assertThat(engine.lastRequest().messages().getLast().content()).contains("자주 산 메뉴: " + "케".repeat(59) + "…\n")
                .doesNotContain("케".repeat(60));
    }

    @Test
    void nothingToRecommendIsSaidWithoutAskingTheModel() {
        Recommendation recommendation = service.generatePersonalizedRecommendation(Payloads.recommendation("{}"), JobScope.NONE);
        assertThat(recommendation.recommendedMenu()).isNull();
        assertThat(recommendation.alternatives()).isEmpty();
        assertThat(recommendation.reason()).isEqualTo("지금 추천해 드릴 메뉴가 없어요.");
        assertThat(engine.lastRequest()).isNull();
    }
}
