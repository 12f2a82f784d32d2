package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.VoiceDetector.Stretch;
import aiserver.models.SileroTestModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SileroVoiceDetectorIT {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {16_000, 16_001, 200_000, 130 * 16_000})
    void hearsSpeechEverywhere(int size) throws IOException {
        try (SileroVoiceDetector detector = new SileroVoiceDetector(SileroTestModel.write(folder.resolve("all.bin"), 10))) {
            List<Stretch> found = detector.find(new float[size], RunControl.NONE);
            assertThat(found).as("joined where two blocks meet").hasSize(1);
            assertThat(found.getFirst().from()).isZero();
            assertThat(found.getFirst().to()).isBetween(size - 200, size);
        }
    }

    @Test
    void isLoadedBeforeItsFirstUse() throws IOException {
        Path file = SileroTestModel.write(folder.resolve("all.bin"), 10);
        try (SileroVoiceDetector detector = new SileroVoiceDetector(file)) {
            detector.load();
            detector.load();
            Files.delete(file);
            assertThat(detector.find(SpeechEngineContract.sound(), RunControl.NONE)).hasSize(1);
        }
    }

    @Test
    void closedItSaysSo() throws IOException {
        SileroVoiceDetector detector = new SileroVoiceDetector(SileroTestModel.write(folder.resolve("all.bin"), 10));
        detector.load();
        detector.close();
        detector.close();
        assertThatThrownBy(() -> detector.find(new float[1], RunControl.NONE)).isInstanceOf(EngineException.class)
                .hasMessage("voice detector is closed");
    }

    @Test
    void hearsSpeechNowhere() throws IOException {
        try (SileroVoiceDetector detector = new SileroVoiceDetector(SileroTestModel.write(folder.resolve("none.bin"), -10))) {
            assertThat(detector.find(SpeechEngineContract.sound(), RunControl.NONE)).isEmpty();
            assertThat(detector.find(new float[0], RunControl.NONE)).isEmpty();
            assertThat(detector.find(new float[1], RunControl.NONE)).isEmpty();
        }
    }

    @Test
    void takesCallsFromManyThreads() throws IOException {
        try (SileroVoiceDetector detector = new SileroVoiceDetector(SileroTestModel.write(folder.resolve("all.bin"), 10))) {
            List<CompletableFuture<List<Stretch>>> calls = Stream.generate(() -> CompletableFuture.supplyAsync(() ->
                    detector.find(SpeechEngineContract.sound(), RunControl.NONE))).limit(6).toList();
            assertThat(calls).allSatisfy(call -> assertThat(call.join()).isEqualTo(calls.getFirst().join()));
        }
    }

    @Test
    void stopsBetweenTwoBlocks() throws IOException {
        try (SileroVoiceDetector detector = new SileroVoiceDetector(SileroTestModel.write(folder.resolve("all.bin"), 10))) {
            AtomicInteger asked = new AtomicInteger();
            assertThatThrownBy(() -> detector.find(new float[200 * 16_000], () -> asked.incrementAndGet() > 2))
                    .isInstanceOf(EngineException.class)
                    .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.CANCELLED);
            assertThat(detector.find(SpeechEngineContract.sound(), RunControl.NONE)).hasSize(1);
        }
    }

    @Test
    void refusesDamagedFiles() throws IOException {
        byte[] bytes = Files.readAllBytes(SileroTestModel.write(folder.resolve("whole.bin"), 0));
        assertWrong(Arrays.copyOf(bytes, bytes.length - 1), "is cut: tensor _model.decoder.decoder.2.bias lacks 1 bytes");
        assertWrong(Arrays.copyOf(bytes, 50), "is cut");
        assertWrong(with(bytes, 4, -1), "length of the type cannot be -1");
        assertWrong(with(bytes, 30, 500), "window cannot be 500");
        assertWrong(with(bytes, 38, -4), "encoder layers cannot be -4");
        assertWrong(with(bytes, 42, 130), "input channels of layer 0 cannot be 130");
        assertWrong(with(bytes, 0, 1), "is no ggml model");
        try (SileroVoiceDetector detector = new SileroVoiceDetector(folder.resolve("nowhere.bin"))) {
            assertThatThrownBy(() -> detector.find(new float[100], RunControl.NONE)).hasMessageContaining("is missing");
            assertThatThrownBy(detector::load).hasMessageContaining("is missing");
        }
    }

    private static byte[] with(byte[] bytes, int offset, int value) {
        byte[] damaged = bytes.clone();
        ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
        return damaged;
    }

    private void assertWrong(byte[] content, String message) throws IOException {
        Path file = Files.write(folder.resolve("damaged.bin"), content);
        try (SileroVoiceDetector detector = new SileroVoiceDetector(file)) {
            assertThatThrownBy(() -> detector.find(new float[100], RunControl.NONE)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("voice activity model " + file).hasMessageContaining(message);
        }
    }
}
