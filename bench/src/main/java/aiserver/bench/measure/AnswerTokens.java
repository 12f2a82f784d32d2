package aiserver.bench.measure;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import aiserver.job.JsonObjects;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How much text an order's answer has, in the model's tokens. Replies do not say what was written, so it is counted again
 * from what came back, for every contender by the same rule. One thread.
 */
final class AnswerTokens implements AutoCloseable {
    private final HuggingFaceTokenizer tokenizer;

    private AnswerTokens(HuggingFaceTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** @param export of a language model, which has its tokenizer beside it */
    static AnswerTokens of(Path export, Setting setting) throws IOException {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("DJL_CACHE_DIR", setting.work().folder().resolve("djl").toString());
        return new AnswerTokens(HuggingFaceTokenizer.newInstance(export.resolve("tokenizer.json"),
                Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false", "modelMaxLength", "1000000")));
    }

    /** @param answer the result of a reply, or the model's own JSON */
    int count(Map<String, Object> answer) {
        return tokenizer.encode(text(answer), false, false).getIds().length;
    }

    /** The answer as the model writes it, as far as a reply tells it: without what is empty, of a menu its name alone. */
    static String text(Map<String, Object> answer) {
        Map<String, Object> written = new LinkedHashMap<>();
        for (String key : List.of("intent", "order_state", "state", "recommended_menu", "alternatives", "additional_questions", "analysis",
                "response")) {
            Object value = plain(answer.get(key));
            if (value != null) {
                written.put(key, value);
            }
        }
        return JsonObjects.write(written);
    }

    private static Object plain(Object value) {
        return switch (value) {
            case Map<?, ?> menu when menu.get("name") != null -> menu.get("name");
            case Map<?, ?> order -> {
                Map<Object, Object> filled = new LinkedHashMap<>();
                order.forEach((key, part) -> {
                    if (part != null && !(part instanceof List<?> list && list.isEmpty())) {
                        filled.put(key, part);
                    }
                });
                yield filled;
            }
            case List<?> list -> list.stream().map(AnswerTokens::plain).toList();
            case null, default -> value;
        };
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
