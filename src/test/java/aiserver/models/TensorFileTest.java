package aiserver.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorFileTest {
    @TempDir
    Path folder;

    @Test
    void writesTheBytesOfTheFormat() throws IOException {
        Path file = folder.resolve("a.gguf");
        new TensorFile("clip-l").put("n", 7).put("l", List.of("가")).add("t", WeightType.F32, (piece, count) -> piece[0] = 1.5f, 1)
                .add("h", WeightType.BF16, (piece, count) -> piece[0] = -2, 1).writeGguf(file);
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(in.getInt()).isEqualTo(0x46554747);
        assertThat(in.getInt()).isEqualTo(3);
        assertThat(in.getLong()).isEqualTo(2);
        assertThat(in.getLong()).isEqualTo(3);
        assertThat(text(in)).isEqualTo("general.architecture");
        assertThat(in.getInt()).isEqualTo(8);
        assertThat(text(in)).isEqualTo("clip-l");
        assertThat(text(in)).isEqualTo("n");
        assertThat(in.getInt()).isEqualTo(4);
        assertThat(in.getInt()).isEqualTo(7);
        assertThat(text(in)).isEqualTo("l");
        assertThat(in.getInt()).isEqualTo(9);
        assertThat(in.getInt()).isEqualTo(8);
        assertThat(in.getLong()).isEqualTo(1);
        assertThat(text(in)).isEqualTo("가");
        for (int i = 0; i < 2; i++) {
            assertThat(text(in)).isEqualTo(i == 0 ? "t" : "h");
            assertThat(in.getInt()).isEqualTo(1);
            assertThat(in.getLong()).isEqualTo(1);
            assertThat(in.getInt()).isEqualTo(i == 0 ? 0 : 30);
            assertThat(in.getLong()).isEqualTo(i * 32L);
        }
        in.position((in.position() + 31) / 32 * 32);
        assertThat(in.getFloat()).isEqualTo(1.5f);
        in.position(in.position() + 28);
        assertThat(in.getShort()).isEqualTo((short) 0xC000);
        assertThat(in.remaining()).isEqualTo(30);
        assertThat(Files.list(folder)).containsExactly(file);
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[(int) in.getLong()];
        in.get(bytes);
        return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    }

    @Test
    void theSameSeedGivesTheSameFile() throws IOException {
        for (String name : List.of("a", "b")) {
            new RandomQwenModel(1, 32, 1, 1, 32, 32, 256, WeightType.Q8_0, 0, 3).write(folder.resolve(name));
        }
        new RandomQwenModel(1, 32, 1, 1, 32, 32, 256, WeightType.Q8_0, 0, 4).write(folder.resolve("c"));
        assertThat(folder.resolve("a")).hasSameBinaryContentAs(folder.resolve("b"));
        assertThat(Files.mismatch(folder.resolve("a"), folder.resolve("c"))).isPositive();
    }

    @Test
    void aModelMayHaveTheTokensOfAnother() throws IOException {
        Path file = folder.resolve("tokens");
        new RandomQwenModel(1, 32, 1, 1, 32, 32, 256, WeightType.F32, 8, 3).write(file, List.of("a", "b", "ab"), List.of("a b"));
        String bytes = new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(bytes).containsSubsequence("tokenizer.ggml.tokens", "ab", "<|endoftext|>", "<|im_start|>", "<|im_end|>",
                "[unused6]", "[unused7]", "tokenizer.ggml.merges", "a b");
        assertThat(bytes).doesNotContain("[unused8]");
    }

    @Test
    void aRowThatDoesNotFillItsBlocksIsRefused() {
        assertThatThrownBy(() -> new TensorFile("x").add("t", WeightType.Q8_0, (piece, count) -> { }, 33))
                .hasMessage("tensor t of type Q8_0 cannot have rows of 33");
    }

    @Test
    void aFileThatCannotBeFinishedLeavesNothing() throws IOException {
        Path file = folder.resolve("cut.gguf");
        TensorFile cut = new TensorFile("x").add("whole", WeightType.F32, (piece, count) -> { }, 8)
                .add("cut", WeightType.F16, out -> out.write(new byte[15]), 8);
        assertThatThrownBy(() -> cut.writeGguf(file)).hasMessage("cut has 15 bytes, not 16");
        assertThat(Files.list(folder)).isEmpty();
    }

    @Test
    void everyMergeBuildsATokenFromTwo() {
        ByteLevelVocabulary vocabulary = ByteLevelVocabulary.create();
        assertThat(vocabulary.tokens()).doesNotHaveDuplicates().hasSize(vocabulary.types().length);
        for (String merge : vocabulary.merges()) {
            String[] pair = merge.split(" ");
            assertThat(vocabulary.tokens()).contains(pair[0], pair[1], pair[0] + pair[1]);
        }
    }
}
