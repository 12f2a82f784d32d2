package aiserver.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import org.junit.jupiter.api.Test;

class AnswerTokensTest {
    @Test
    void aReplyAndTheModelsOwnJsonAreTheSameText() {
        String reply = """
                {"intent":"order","confidence":0.9,"response":"b","analysis":"a","recommended_menu":{"name":"m","price":3},
                 "alternatives":[{"name":"n","price":4}],"additional_questions":["q"],"order_state":{"menu":"m"},"state":"greeting",
                 "transition":{"from":"greeting","to":"greeting"},"notes":[]}""";
        String written = """
                {"intent":"order","order_state":{"menu":"m","style":null,"options":[],"remove":[]},"state":"greeting",
                 "recommended_menu":{"name":"m"},"alternatives":["n"],"additional_questions":["q"],"analysis":"a","response":"b"}""";
        assertThat(AnswerTokens.text(JsonObjects.read(reply))).isEqualTo(AnswerTokens.text(JsonObjects.read(written)))
                .isEqualTo("{\"intent\":\"order\",\"order_state\":{\"menu\":\"m\"},\"state\":\"greeting\",\"recommended_menu\":\"m\","
                        + "\"alternatives\":[\"n\"],\"additional_questions\":[\"q\"],\"analysis\":\"a\",\"response\":\"b\"}");
    }
}
