package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.models.RandomWhisperModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WhisperFileTest {
    @TempDir
    private static Path folder;
    private static byte[] bytes;

    @BeforeAll
    static void write() throws IOException {
        Path model = folder.resolve("model.bin");
        RandomWhisperModel.write(model, 7);
        bytes = Files.readAllBytes(model);
    }

    @Test
    void readsWhatAFileSays() throws IOException {
        WhisperFile file = check(bytes);
        assertThat(file).isEqualTo(new WhisperFile(51865, 1500, 64, 4, 448, 3, 80));
        assertThat(file.multilingual()).isTrue();
        assertThat(file.languages()).isEqualTo(99);
    }

    @Test
    void aWindowLongerThanTheModelHearsIsTheConfigurationsMistake() {
        WhisperFile half = new WhisperFile(51865, 750, 64, 4, 448, 3, 80);
        half.requirePositions(Path.of("half.bin"), 0);
        half.requirePositions(Path.of("half.bin"), 750);
        assertThatThrownBy(() -> half.requirePositions(Path.of("half.bin"), 1136)).isInstanceOf(EngineException.class)
                .hasMessage("speech model half.bin hears 15.00 s at once, 750 positions, and 1136 are asked for: "
                        + "--stt-window is too long for it")
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE);
    }

    @Test
    void sameSeedSameBytes() throws IOException {
        Path again = folder.resolve("again.bin");
        RandomWhisperModel.write(again, 7);
        assertThat(Files.readAllBytes(again)).isEqualTo(bytes);
        RandomWhisperModel.write(again, 8);
        assertThat(Files.readAllBytes(again)).hasSameSizeAs(bytes).isNotEqualTo(bytes);
        Path wide = folder.resolve("wide.bin");
        RandomWhisperModel.write(wide, new RandomWhisperModel.Shape(51866, 128, 64, 4, 2, 1), 1);
        assertThat(WhisperFile.check(wide).languages()).isEqualTo(100);
        assertThatThrownBy(() -> new RandomWhisperModel.Shape(51866, 128, 65, 4, 2, 1)).hasMessageContaining("65");
    }

    @Test
    void matricesMayHaveEightBits() throws IOException {
        Path small = folder.resolve("q8_0.bin");
        RandomWhisperModel.write(small, RandomWhisperModel.Shape.TINY, RandomWhisperModel.Precision.Q8_0, 7);
        assertThat(WhisperFile.check(small)).isEqualTo(check(bytes));
        assertThat(Files.size(small)).isLessThan(bytes.length * 3L / 4);
    }

    @Test
    void matricesMayBeBrainFloats() throws IOException {
        Path brain = folder.resolve("bf16.bin");
        RandomWhisperModel.write(brain, RandomWhisperModel.Shape.TINY, RandomWhisperModel.Precision.BF16, 7);
        assertThat(WhisperFile.check(brain)).isEqualTo(check(bytes));
        assertThat(Files.readAllBytes(brain)).hasSameSizeAs(bytes).isNotEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, is no ggml model", "4, 51863, vocabulary cannot be 51863", "4, 60000, vocabulary cannot be 60000",
        "8, 1501, audio positions cannot be 1501", "12, 63, decoder width cannot be 64", "16, 7, encoder heads cannot be 7",
        "20, -1, encoder layers cannot be -1", "24, 0, text positions cannot be 0", "28, 128, decoder width cannot be 128",
        "36, 2000000000, decoder layers cannot be 2000000000", "40, 0, mel bands cannot be 0", "44, 99, file type cannot be 99",
        "48, 81, number of mel filters cannot be 81", "52, 200, bins of the mel filters cannot be 200",
    })
    void namesTheNumberThatCannotBe(int offset, int value, String message) {
        assertWrong(with(offset, value), message);
    }

    @Test
    void checksTheVocabulary() {
        int vocabulary = 4 * 14 + 4 * 80 * 201;
        assertWrong(with(vocabulary, 100), "number of tokens cannot be 100");
        assertWrong(with(vocabulary + 4, -1), "length of token 0 cannot be -1");
        assertWrong(with(vocabulary + 4, 1 << 30), "length of token 0 cannot be 1073741824");
        byte[] noSpace = bytes.clone();
        int space = vocabulary + 4 + 5 * 32 + 4;
        assertThat(noSpace[space]).isEqualTo((byte) ' ');
        noSpace[space] = 'x';
        assertWrong(noSpace, "its vocabulary has no space");
        assertWrong(Arrays.copyOf(bytes, vocabulary + 1000), "is cut: its vocabulary lacks");
    }

    @Test
    void checksEveryTensor() {
        int first = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("encoder.positional_embedding") - 20;
        assertWrong(with(first, 9), "dimensions of tensor 1 of 143 cannot be 9");
        assertWrong(with(first + 4, 100_000), "name length of tensor 1 of 143 cannot be 100000");
        assertWrong(with(first + 8, 4), "type of tensor 1 of 143 cannot be 4");
        assertWrong(with(first + 12, -64), "size of tensor 1 of 143 cannot be -64");
        assertWrong(with(first + 12, 1 << 20), "is cut: tensor encoder.positional_embedding lacks");
        assertWrong(Arrays.copyOf(bytes, bytes.length - 1), "is cut: tensor decoder.ln.bias lacks 1 bytes");
        assertWrong(Arrays.copyOf(bytes, first), "it has 0 of 143 tensors");
    }

    private static byte[] with(int offset, int value) {
        byte[] damaged = bytes.clone();
        ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
        return damaged;
    }

    private static WhisperFile check(byte[] content) throws IOException {
        return WhisperFile.check(Files.write(folder.resolve("checked.bin"), content));
    }

    private static void assertWrong(byte[] content, String message) {
        assertThatThrownBy(() -> check(content)).isInstanceOf(EngineException.class).hasMessageContaining(message)
                .hasMessageContaining("speech model " + folder.resolve("checked.bin"))
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE);
    }
}
