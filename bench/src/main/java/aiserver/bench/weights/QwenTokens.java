package aiserver.bench.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Qwen's vocabulary, so that a prompt has as many tokens as with the real model: {@code vocab.json} and
 * {@code merges.txt} as they are published beside the weights.
 *
 * @param texts  tokens by id
 * @param merges pairs with a blank between
 */
record QwenTokens(List<String> texts, List<String> merges) {
    /** @throws IOException saying what to do where the folder does not hold the two files */
    static QwenTokens read(Path folder) throws IOException {
        Path vocabulary = folder.resolve("vocab.json");
        Path merges = folder.resolve("merges.txt");
        if (!Files.isReadable(vocabulary) || !Files.isReadable(merges)) {
            throw new IOException("no vocab.json and merges.txt of Qwen3 in " + folder.toAbsolutePath()
                    + "; name the folder by --tokenizer");
        }
        JsonNode ids = JsonMapper.builder().build().readTree(vocabulary.toFile());
        String[] texts = new String[ids.size()];
        for (Map.Entry<String, JsonNode> entry : ids.properties()) {
            int id = entry.getValue().asInt(-1);
            if (id < 0 || id >= texts.length || texts[id] != null) {
                throw new IOException(vocabulary + ": token '" + entry.getKey() + "' has the id " + entry.getValue());
            }
            texts[id] = entry.getKey();
        }
        List<String> lines = Files.readAllLines(merges).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#version")).toList();
        return new QwenTokens(Arrays.asList(texts), lines);
    }
}
