package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.LlamaEngine;
import aiserver.engine.LlamaSettings;
import aiserver.engine.Sampling;
import aiserver.engine.SmallQwen;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.OrderAnalysis;
import aiserver.job.Recommendation;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The whole service on the real engine, with noise for weights: whatever it says has the contract's form. */
class QwenLLMServiceIT {
    private static final LlamaEngine ENGINE = new LlamaEngine(
            LlamaSettings.of(SmallQwen.file(1)).withContext(4096, 2).withThreads(1).withDevice("cpu").withFlashAttention(false));
    private static final LanguageSettings SETTINGS = LanguageSettings.DEFAULT.withProfile(PromptTexts.Profile.COMPACT);

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    @Test
    void everyPayloadHasAWholeAnalysisWhateverTheSeed() {
        for (int seed = 0; seed < 6; seed++) {
            QwenLLMService service = new QwenLLMService(ENGINE, SETTINGS.withSampling(new Sampling(1.5, 40, 1, 0, seed)));
            for (String payload : List.of("full-order", "first-words", "no-menu", "hostile")) {
                OrderAnalysis analysis = service.analyzeVoiceOrder(Payloads.analysis(Payloads.resource(payload + ".json")), JobScope.NONE);
                assertThat(OrderIntent.wireNames()).contains(analysis.intent());
                assertThat(analysis.confidence()).isBetween(1.0 / 6, 1.0);
                assertThat(analysis.response()).isNotEmpty().doesNotContain("\uFFFD");
                assertThat(analysis.notes()).isEmpty();
            }
        }
    }

    @Test
    void theSameJobHasTheSameAnswerAlsoAfterOthers() {
        QwenLLMService service = new QwenLLMService(ENGINE, SETTINGS, OrderPromptGoldenTest.CLOCK);
        OrderAnalysis first = service.analyzeVoiceOrder(Payloads.analysis(Payloads.resource("full-order.json")), JobScope.NONE);
        service.analyzeVoiceOrder(Payloads.analysis(Payloads.resource("no-menu.json")), JobScope.NONE);
        service.unloadModel();
        assertThat(service.analyzeVoiceOrder(Payloads.analysis(Payloads.resource("full-order.json")), JobScope.NONE)).isEqualTo(first);
    }

    @Test
    void aLongDialogueIsCutToFitAndSaidSo() {
        StringBuilder dialogue = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            dialogue.append(i == 0 ? "" : ",").append("{\"role\":\"user\",\"content\":\"").append("딸기 케이크 이야기 ".repeat(20)).append("\"}");
        }
        OrderAnalysis analysis = new QwenLLMService(ENGINE, SETTINGS).analyzeVoiceOrder(Payloads.analysis(
                "{\"transcript\":\"네\",\"context\":{\"dialogue\":[" + dialogue + "]}}"), JobScope.NONE);
        assertThat(analysis.notes()).singleElement().asString().startsWith("left out to fit the model's context:").endsWith("lines of dialogue");
        assertThatThrownBy(() -> new QwenLLMService(ENGINE, SETTINGS).analyzeVoiceOrder(Payloads.analysis(
                "{\"transcript\":\"" + "뷁".repeat(2000) + "\"}"), JobScope.NONE)).isInstanceOfSatisfying(JobException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.CONTEXT_TOO_LONG));
    }

    @Test
    void recommendsFromTheFacts() {
        Recommendation recommendation = new QwenLLMService(ENGINE, SETTINGS, OrderPromptGoldenTest.CLOCK)
                .generatePersonalizedRecommendation(Payloads.recommendation(Payloads.resource("full-order.json")), JobScope.NONE);
        assertThat(recommendation.recommendedMenu()).containsEntry("name", "딸기 케이크");
        assertThat(recommendation.reason()).isNotEmpty();
    }

    @Test
    void aMissingModelHasItsCode() {
        try (LlamaEngine missing = new LlamaEngine(LlamaSettings.of(Path.of("nowhere.gguf")))) {
            assertThatThrownBy(() -> new QwenLLMService(missing, SETTINGS).loadModel(JobScope.NONE)).isInstanceOfSatisfying(JobException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_AVAILABLE)).hasMessageContaining("nowhere.gguf");
        }
    }
}
