package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The demo's language model answers here as it does in transformers: the same tokens of the same prompts, and the same
 * greedy continuation. {@code training/language/golden.py} made the golden answers from the weights of the same file.
 */
class LanguageParityIT {
    private static final Path MODEL = Path.of("models-gguf/demo/qwen3-demo.gguf");
    private static final Path GOLDEN = Path.of("src/test/resources/golden/language.json");
    private static final LlamaSettings SETTINGS =
            new LlamaSettings(MODEL, "cpu", 1024, 1, 512, 1, 1, 0, false, LlamaSettings.CacheType.F16, false);

    @Test
    void writesTheTokensThatTransformersWrites() throws IOException, NoSuchAlgorithmException {
        List<?> prompts = (List<?>) golden().get("prompts");
        assertThat(prompts).hasSizeGreaterThanOrEqualTo(20);
        try (LlamaEngine engine = new LlamaEngine(SETTINGS)) {
            for (Object prompt : prompts) {
                Map<?, ?> row = (Map<?, ?>) prompt;
                List<ChatMessage> messages = ((List<?>) row.get("messages")).stream().map(message -> (Map<?, ?>) message)
                        .map(message -> new ChatMessage(ChatMessage.Role.valueOf(((String) message.get("role")).toUpperCase(java.util.Locale.ROOT)),
                                (String) message.get("content")))
                        .toList();
                List<?> wanted = (List<?>) row.get("tokens");
                Generation written = engine.generate(new TextRequest(messages, new AnswerForm.Free(), wanted.size(), Sampling.GREEDY),
                        RunControl.NONE);
                assertThat(written.promptTokens()).isEqualTo(((List<?>) row.get("prompt_tokens")).size());
                assertThat(written.tokens()).as(messages.getLast().content()).isEqualTo(wanted);
            }
        }
    }

    @Test
    void splitsTextsAsTransformersDoes() throws IOException, NoSuchAlgorithmException {
        Map<String, Object> golden = golden();
        List<?> texts = (List<?>) golden.get("texts");
        assertThat(texts).hasSizeGreaterThanOrEqualTo(20);
        try (EngineThread thread = new EngineThread("test", 1)) {
            thread.run(() -> {
                try (LlamaModel model = LlamaModel.load(SETTINGS, Placement.choose("cpu", Placement.ALL, () -> null), RunControl.NONE)) {
                    for (Object row : texts) {
                        String text = (String) ((Map<?, ?>) row).get("text");
                        assertThat(IntStream.of(model.tokenize(text, true)).boxed().toList()).as(text).isEqualTo(((Map<?, ?>) row).get("tokens"));
                    }
                    for (Object prompt : (List<?>) golden.get("prompts")) {
                        Map<?, ?> row = (Map<?, ?>) prompt;
                        String chat = ((List<?>) row.get("messages")).stream().map(message -> (Map<?, ?>) message)
                                .map(message -> "<|im_start|>" + message.get("role") + "\n" + message.get("content") + "<|im_end|>\n")
                                .collect(Collectors.joining()) + "<|im_start|>assistant\n";
                        assertThat(IntStream.of(model.tokenize(chat, true)).boxed().toList()).as(chat).isEqualTo(row.get("prompt_tokens"));
                    }
                }
            });
        }
    }

    private static Map<String, Object> golden() throws IOException, NoSuchAlgorithmException {
        Map<String, Object> golden = JsonObjects.read(Files.readString(GOLDEN));
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(MODEL))))
                .as("the golden answers are of another file").isEqualTo(golden.get("sha256"));
        return golden;
    }
}
