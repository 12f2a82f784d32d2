package aiserver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

class JobCodecTest {
    private static final String SPEECH = """
            {"request_id":"s-1","task_type":"stt","created_at":5,"deadline_at":9,
             "payload":{"audio_bytes":"AAEC","filename":"a.wav","mime_type":"audio/wav","language":"ko"}}""";
    private static final String LANGUAGE = """
            {"payload":{"transcript":"케이크","context":{"user":{"name":"민지"},"menu":[{"name":"딸기","price":1,"styles":["a"],"options":[]}],
             "dialogue":[{"role":"assistant","content":"네?"}],"order_state":{"b":0.10,"a":[1,null,true,{"x":"y"}]},"state":"confirmation"},
             "user_history":[{"menu":"초코","style":null,"options":["c"],"price":2,"ordered_at":"2025-01-01"}],
             "events":[{"name":"할인","discount_percent":12.5,"menus":["딸기"]}],"more":1},"task_type":"llm","request_id":"l-1","x":[{}]}""";
    private static final String IMAGE = "{\"request_id\":\"i-1\",\"task_type\":\"image\",\"payload\":{\"prompt\":\"p\",\"seed\":7}}";

    private final JobCodec codec = new JobCodec(new JobCodec.Limits(4000, 4000, 4000));

    private Job read(TaskType kind, String json) {
        return codec.read(codec.open(kind, bytes(json)));
    }

    @Test
    void readsSpeech() {
        SpeechJob job = (SpeechJob) read(TaskType.STT, SPEECH);
        assertThat(job.header()).isEqualTo(new JobHeader("s-1", 5L, 9L));
        assertThat(job.audio()).containsExactly(0, 1, 2);
        assertThat(List.of(job.filename(), job.mimeType(), job.language())).containsExactly("a.wav", "audio/wav", "ko");
    }

    @Test
    void readsLanguageWithEveryPart() {
        LanguageJob job = (LanguageJob) read(TaskType.LLM, LANGUAGE);
        assertThat(job.operation()).isEqualTo(LanguageJob.Operation.ANALYZE_VOICE_ORDER);
        assertThat(job.context().stage()).isEqualTo(OrderStage.CONFIRMATION);
        assertThat(job.context().menu()).containsExactly(new OrderContext.MenuItem("딸기", 1L, List.of("a"), List.of()));
        assertThat(job.context().orderState().keySet()).containsExactly("b", "a");
        assertThat(job.context().orderState().get("b").toString()).isEqualTo("0.10");
        assertThat(job.context().orderState().get("a")).isEqualTo(Arrays.asList(1, null, true, Map.of("x", "y")));
        assertThat(job.history()).containsExactly(new PastOrder("초코", null, List.of("c"), 2L, "2025-01-01"));
        assertThat(job.events()).containsExactly(new ShopEvent("할인", null, 12.5, List.of("딸기"), null));
    }

    @Test
    void readsImageAndNullForWhatIsLeftOut() {
        ImageJob job = (ImageJob) read(TaskType.IMAGE, IMAGE);
        assertThat(job.seed()).isEqualTo(7);
        assertThat(job.negativePrompt()).isNull();
        assertThat(job.header().createdAt()).isNull();
    }

    @Test
    void aRecommendationNeedsNoTranscript() {
        LanguageJob job = (LanguageJob) read(TaskType.LLM, "{\"request_id\":\"r\",\"task_type\":\"llm\",\"payload\":"
                + "{\"operation\":\"generate_personalized_recommendation\",\"context\":null}}");
        assertThat(job.transcript()).isNull();
        assertThat(job.context()).isEqualTo(OrderContext.EMPTY);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
            "STT   | {'audio_bytes':5}                                   | INVALID_PAYLOAD | payload.audio_bytes must be a string but is 5",
            "STT   | {}                                                  | INVALID_PAYLOAD | payload.audio_bytes is missing",
            "STT   | {'audio_bytes':null}                                | INVALID_PAYLOAD | payload.audio_bytes is missing",
            "STT   | {'audio_bytes':''}                                  | INVALID_AUDIO   | payload.audio_bytes is empty",
            "STT   | {'audio_bytes':'A*=='}                              | INVALID_PAYLOAD | payload.audio_bytes is not base64 (RFC 4648, no line breaks): Illegal base64 character 2a",
            "STT   | {'audio_bytes':'A'}                                 | INVALID_PAYLOAD | -",
            "STT   | {'audio_bytes':'AAAA','language':'xx'}              | INVALID_PAYLOAD | payload.language must be an ISO 639-1 code such as ko, or null but is \"xx\"",
            "STT   | {'audio_bytes':'AAAA','language':'ko-KR'}           | INVALID_PAYLOAD | payload.language must be an ISO 639-1 code such as ko, or null but is \"ko-KR\"",
            "LLM   | {}                                                  | INVALID_PAYLOAD | payload.transcript is missing",
            "LLM   | {'transcript':' '}                                  | INVALID_PAYLOAD | payload.transcript is blank",
            "LLM   | {'transcript':'x\\u0000'}                           | INVALID_PAYLOAD | payload.transcript has a NUL character at 1",
            "LLM   | {'transcript':'x\\ud83c'}                           | INVALID_PAYLOAD | payload.transcript has half a surrogate pair at 1",
            "LLM   | {'transcript':'x','operation':'sing'}               | INVALID_PAYLOAD | payload.operation must be one of analyze_voice_order, generate_personalized_recommendation but is \"sing\"",
            "LLM   | {'transcript':'x','context':[]}                     | INVALID_PAYLOAD | payload.context must be an object but is an array",
            "LLM   | {'transcript':'x','context':{'state':'done'}}       | INVALID_PAYLOAD | payload.context.state must be one of greeting, menu_selection, style_selection, customization, confirmation but is \"done\"",
            "LLM   | {'transcript':'x','context':{'menu':[{}]}}          | INVALID_PAYLOAD | payload.context.menu[0].name is missing",
            "LLM   | {'transcript':'x','context':{'menu':[{'name':'a','price':1.5}]}} | INVALID_PAYLOAD | payload.context.menu[0].price must be a whole number of at most 63 bits but is 1.5",
            "LLM   | {'transcript':'x','context':{'dialogue':['hi']}}    | INVALID_PAYLOAD | payload.context.dialogue[0] must be an object but is \"hi\"",
            "LLM   | {'transcript':'x','context':{'order_state':{'n':1e999}}} | INVALID_PAYLOAD | payload.context.order_state.n must be a number within 1e400 but is 1E+999",
            "LLM   | {'transcript':'x','context':{'order_state':{'n':['\\ud83c']}}} | INVALID_PAYLOAD | payload.context.order_state.n[0] has half a surrogate pair at 0",
            "LLM   | {'transcript':'x','user_history':[{'menu':'a','options':[1]}]} | INVALID_PAYLOAD | payload.user_history[0].options[0] must be a string but is 1",
            "LLM   | {'transcript':'x','events':[{'name':'a','discount_percent':101}]} | INVALID_PAYLOAD | payload.events discount_percent must be 0 to 100 but is 101.0",
            "IMAGE | {'prompt':' '}                                      | INVALID_PAYLOAD | payload.prompt is blank",
            "IMAGE | {'prompt':'x','seed':-1}                            | INVALID_PAYLOAD | payload.seed must be 0 or more but is -1",
            "IMAGE | {'prompt':'x','seed':'5'}                           | INVALID_PAYLOAD | payload.seed must be a whole number of at most 63 bits but is \"5\"",
            "IMAGE | {'prompt':'x','seed':9223372036854775808}           | INVALID_PAYLOAD | payload.seed must be a whole number of at most 63 bits but is 9223372036854775808",
            "IMAGE | []                                                  | INVALID_PAYLOAD | payload must be an object",
            "IMAGE | {'prompt':'x','prompt':'y'}                         | INVALID_JSON    | -"
    })
    void aBadPayloadIsRefusedByNameAndValue(TaskType kind, String payload, ErrorCode code, String message) {
        String json = "{\"request_id\":\"r\",\"task_type\":\"" + kind.wireName() + "\",\"payload\":" + payload.replace('\'', '"') + "}";
        Envelope envelope = codec.open(kind, bytes(json));
        assertThat(envelope.requestId()).isEqualTo("r");
        JobException e = catchThrowableOfType(JobException.class, () -> codec.read(envelope));
        assertThat(e.code()).isEqualTo(code);
        if (!message.equals("-")) {
            assertThat(e).hasMessage(message);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
            "{'request_id':'r','payload':{}}                                     | UNKNOWN_TASK    | task_type is missing; it must be stt, llm or image",
            "{'request_id':'r','task_type':'video','payload':{}}                 | UNKNOWN_TASK    | task_type must be stt, llm or image but is \"video\"",
            "{'request_id':'r','task_type':7,'payload':{}}                       | UNKNOWN_TASK    | task_type must be stt, llm or image but is no string",
            "{'request_id':'r','task_type':'stt','payload':{}}                   | INVALID_PAYLOAD | task_type is stt but the job came through ai:queue:llm",
            "{'request_id':'r','task_type':'llm'}                                | INVALID_PAYLOAD | payload is missing",
            "{'request_id':'r','task_type':'llm','payload':null}                 | INVALID_PAYLOAD | payload must be an object",
            "{'request_id':'r','created_at':1.5,'task_type':'llm','payload':{}}  | INVALID_PAYLOAD | created_at must be a whole number of epoch milliseconds, 0 or more, but is \"1.5\"",
            "{'request_id':'r','deadline_at':-5,'task_type':'llm','payload':{}}  | INVALID_PAYLOAD | deadline_at must be a whole number of epoch milliseconds, 0 or more, but is \"-5\"",
            "{'request_id':'r','deadline_at':{},'task_type':'llm','payload':{}}  | INVALID_PAYLOAD | deadline_at must be a whole number of epoch milliseconds, 0 or more, but is no number",
            "{'request_id':'r','task_type':'llm','payload':{}} {}                | INVALID_JSON    | something follows the JSON object",
            "{'request_id':'r','request_id':'s'}                                 | INVALID_JSON    | -",
            "{'request_id':'r','task_type':'llm','payload':{'a':                 | INVALID_JSON    | -"
    })
    void aBadOutsideIsToldToWhoeverAsked(String json, ErrorCode code, String message) {
        Envelope envelope = codec.open(TaskType.LLM, bytes(json.replace('\'', '"')));
        assertThat(envelope.requestId()).isEqualTo("r");
        assertThat(envelope.defect().code()).isEqualTo(code);
        if (!message.equals("-")) {
            assertThat(envelope.defect()).hasMessage(message);
        }
        assertThatThrownBy(() -> codec.read(envelope)).isSameAs(envelope.defect());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {"rubbish", "[1]", "5", "null", "{", "{}", "{'request_id':5}", "{'request_id':''}",
            "{'request_id':'a b'}", "{'request_id':'a\\nb'}", "{'request_id':null,'task_type':'llm'}"})
    void aMessageWithoutReadableRequestIdHasADefectAndNobodyToTell(String json) {
        Envelope envelope = codec.open(TaskType.LLM, bytes(json.replace('\'', '"')));
        assertThat(envelope.answerable()).isFalse();
        assertThat(envelope.defect()).isNotNull();
    }

    @Test
    void aMessageThatIsTooLongIsRefusedByNameUnread() {
        String json = "{\"request_id\":\"r\",\"task_type\":\"llm\",\"payload\":{\"transcript\":\"" + "x".repeat(5000) + "\"}}";
        Envelope envelope = codec.open(TaskType.LLM, bytes(json));
        assertThat(envelope.requestId()).isEqualTo("r");
        assertThat(envelope.defect()).hasMessage("the message has " + json.length() + " bytes; at most 4000 are read for a job of kind llm");
        byte[] hidden = bytes("{\"payload\":\"" + "x".repeat(100_000) + "\",\"request_id\":\"r\"}");
        assertThat(codec.open(TaskType.LLM, hidden).answerable()).isFalse();
    }

    @Test
    void deepJsonIsRefusedCheaply() {
        String json = "{\"request_id\":\"r\",\"task_type\":\"llm\",\"payload\":" + "[".repeat(1000) + "]".repeat(1000) + "}";
        Envelope envelope = codec.open(TaskType.LLM, bytes(json));
        assertThat(envelope.requestId()).isEqualTo("r");
        assertThat(envelope.defect().code()).isEqualTo(ErrorCode.INVALID_JSON);
        assertThat(envelope.defect()).hasMessageContaining("depth");
    }

    @Test
    void hugeNumbersAreRefused() {
        String json = "{\"request_id\":\"r\",\"task_type\":\"image\",\"payload\":{\"prompt\":\"x\",\"seed\":" + "9".repeat(500) + "}}";
        assertThatThrownBy(() -> read(TaskType.IMAGE, json)).isInstanceOf(JobException.class).hasMessageContaining("length");
    }

    @Test
    void valuesInMessagesAreShortAndHarmless() {
        String json = "{\"request_id\":\"r\",\"task_type\":\"\\u001b[31m\\r\\n" + "x".repeat(100) + "\",\"payload\":{}}";
        assertThat(codec.open(TaskType.LLM, bytes(json)).defect().getMessage())
                .contains("\\u001b[31m\\u000d\\u000a").endsWith("x...\"").hasSizeLessThan(130);
    }

    @Test
    void writesEveryKindOfResult() {
        Map<String, Object> menu = new LinkedHashMap<>();
        menu.put("name", "딸기 🎂");
        menu.put("price", null);
        check(TaskType.STT, new SpeechResult("안녕", "ko", 0.5, 2, List.of(new SpeechResult.Segment(0, 1.25, "안녕"))));
        OrderAnalysis.Transition transition = new OrderAnalysis.Transition(OrderStage.GREETING, OrderStage.MENU_SELECTION, true, "ok");
        check(TaskType.LLM, new OrderAnalysis("order", 1, "네", "주문", menu, List.of(Map.of("name", "a"), Map.of("name", "b")), List.of("?"), menu,
                OrderStage.MENU_SELECTION, transition, List.of("note")));
        JsonNode analysis = check(TaskType.LLM, new OrderAnalysis("other", 0, "", "", null, List.of(), List.of(), Map.of(),
                OrderStage.GREETING, transition, List.of()));
        assertThat(analysis.get("result").get("recommended_menu").isNull()).isTrue();
        check(TaskType.LLM, new Recommendation(null, List.of(), "r", new Recommendation.Profile(List.of("a"), null, null),
                List.of(new Recommendation.AppliedEvent("e", 10, null)), List.of()));
        JsonNode image = check(TaskType.IMAGE, new CakeImage(new byte[] {1, 2, 3}, 8, 8, "p", "n", Long.MAX_VALUE, 50, 7.5,
                List.of("w"), true));
        assertThat(image.get("result").get("image_base64").asText()).isEqualTo("AQID");
        assertThat(image.get("result").get("seed").asLong()).isEqualTo(Long.MAX_VALUE);
    }

    private JsonNode check(TaskType kind, JobResult result) {
        return Schemas.assertFits("result", codec.write(new Reply("r", kind, "w", 1, 3, 4, result, null)));
    }

    @Test
    void writesEveryError() {
        for (ErrorCode code : ErrorCode.values()) {
            JsonNode node = Schemas.assertFits("result",
                    codec.write(new Reply("r", TaskType.STT, "w", 0, -5, 4, null, new JobException(code, "why \"so\"\n"))));
            assertThat(node.get("error").get("code").asText()).isEqualTo(code.name());
            assertThat(node.get("error").get("retryable").asBoolean()).isEqualTo(code.retryable());
            assertThat(node.get("timing").get("queued_ms").asLong()).isZero();
        }
    }

    @Test
    void writesProgressWithinItsRange() {
        for (double fraction : new double[] {-1, 0, 0.5, 7, Double.NaN}) {
            Schemas.assertFits("progress", codec.writeProgress("r", TaskType.IMAGE, "sample", fraction));
        }
    }

    @Test
    void halfACharacterInAResultDoesNotSpoilIt() {
        JsonNode node = check(TaskType.STT, new SpeechResult("a\ud83cb", "ko", 1, 1, List.of()));
        assertThat(node.get("result").get("text").asText()).isEqualTo("a?b");
    }

    @Test
    void probabilitiesHaveFourPlaces() {
        JsonNode node = check(TaskType.STT, new SpeechResult("", "ko", 0.93214999, 1, List.of()));
        assertThat(node.get("result").get("language_probability").asText()).isEqualTo("0.9321");
    }

    @Test
    void whatJsonCannotSayIsRefused() {
        assertThatThrownBy(() -> check(TaskType.STT, new SpeechResult("", "ko", Double.NaN, 1, List.of())))
                .isInstanceOf(IllegalStateException.class).hasMessage("language_probability is NaN, which JSON cannot say");
    }

    @Test
    void limitsMustBePositive() {
        assertThatThrownBy(() -> new JobCodec.Limits(1, 0, 1))
                .hasMessage("message limit for language must be at least 1 byte but is 0");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
