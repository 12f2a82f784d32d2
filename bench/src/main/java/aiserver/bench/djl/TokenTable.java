package aiserver.bench.djl;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** What an export says of its model: the bytes of its tokens, and meta.json. Immutable. */
record TokenTable(byte[][] bytes, JsonNode meta) {
    static TokenTable read(Path folder) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("tokens.txt"));
        byte[][] bytes = new byte[lines.size()][];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = Base64.getDecoder().decode(lines.get(i));
        }
        return new TokenTable(bytes, meta(folder));
    }

    static JsonNode meta(Path folder) throws IOException {
        return JsonMapper.builder().build().readTree(folder.resolve("meta.json").toFile());
    }
}
