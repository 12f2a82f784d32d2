package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.models.RandomWhisperModel;
import bindings.guard.guard_h;
import bindings.whisper.whisper_full_params;
import bindings.whisper.whisper_h;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ends the process when whisper.cpp is called without care, here in this process, and the engine works on. */
class WhisperGuardIT {
    private static final SpeechRequest GREEDY =
            new SpeechRequest("ko", Map.of(), 256, false, 0, 0, 0.6f, 2.4f, -1, 1);
    @TempDir
    private static Path folder;
    private static Path model;
    private static byte[] bytes;

    @BeforeAll
    static void writeModel() throws IOException {
        model = folder.resolve("whisper.bin");
        RandomWhisperModel.write(model, 7);
        bytes = Files.readAllBytes(model);
        NativeLibraries.load();
    }

    @Test
    void numbersThatAssert() {
        onRun((context, state, params) -> whisper_full_params.n_threads(params, 0));
        onRun((context, state, params) -> whisper_full_params.n_threads(params, -1));
    }

    @Test
    void damagedNumbersInTheHeader() throws IOException {
        // Offsets: 4 vocabulary, 8 audio positions, 12 width, 20 layers, 40 mels, 44 type, 48 filters.
        for (int offset : new int[] {4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52}) {
            for (int value : new int[] {-1, 0, Integer.MAX_VALUE}) {
                byte[] damaged = bytes.clone();
                ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
                Path file = Files.write(folder.resolve("damaged.bin"), damaged);
                if (offset == 44 && value == 0) {
                    continue; // type 0 is that of 32-bit floats: no damage, but weights that do not fit
                }
                assertNotAvailable(file, "speech model " + file + " is ");
            }
        }
        assertWorks();
    }

    @Test
    void headersThatTheGuardItselfMustCatch() throws IOException {
        // Past the checks in Java, straight into the engine: 2^31 mel filters, a negative number of layers.
        for (int offset : new int[] {20, 48}) {
            byte[] damaged = bytes.clone();
            ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, -5);
            Path file = Files.write(folder.resolve("caught.bin"), damaged);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment context = guard_h.ag_whisper_init(arena.allocateFrom(file.toString()),
                        whisper_h.whisper_context_default_params(arena));
                assertThat(context).isEqualTo(MemorySegment.NULL);
                assertThat(Guard.failure("speech model").getMessage()).startsWith("speech model: ");
                assertThat(Guard.caught()).isTrue();
            }
        }
        assertWorks();
    }

    @Test
    void filesThatAreCutAnywhere() throws IOException {
        for (int length : new int[] {0, 3, 30, 60, 1000, 70_000, 300_000, 600_000, 800_000, 2_000_000,
                bytes.length - 1_000, bytes.length - 1}) {
            Path file = Files.write(folder.resolve("cut.bin"), Arrays.copyOf(bytes, length));
            assertNotAvailable(file, "is cut");
        }
        assertWorks();
    }

    @Test
    void aFileOfWholeTensorsButTooFew() throws IOException {
        // The last tensor of the file is decoder.ln.bias: 12 bytes of numbers, one size, the name, 64 floats.
        int last = 12 + 4 + "decoder.ln.bias".length() + 4 * 64;
        Path file = Files.write(folder.resolve("few.bin"), Arrays.copyOf(bytes, bytes.length - last));
        assertNotAvailable(file, "is cut or incomplete: it has 142 of 143 tensors");
    }

    @Test
    void whatIsNoModelAtAll() throws IOException {
        assertNotAvailable(folder.resolve("nowhere.bin"), "is missing");
        assertNotAvailable(folder, "is no file");
        Path text = Files.writeString(folder.resolve("text.bin"), "This is a text and no model of speech.");
        assertNotAvailable(text, "is no ggml model");
        byte[] renamed = bytes.clone();
        int at = new String(renamed, StandardCharsets.ISO_8859_1).indexOf("decoder.ln.bias");
        renamed[at] = 'x';
        // All in place but a name: the engine itself says so.
        assertNotAvailable(Files.write(folder.resolve("renamed.bin"), renamed), "unknown tensor 'xecoder.ln.bias'");
        assertWorks();
    }

    @Test
    void aCaughtFailureUnloadsTheModel() throws IOException {
        try (WhisperEngine engine = new WhisperEngine(new WhisperSettings(model, "cpu", 1, 1, false));
                Arena arena = Arena.ofConfined()) {
            engine.load(RunControl.NONE);
            MemorySegment context = guard_h.ag_whisper_init(arena.allocateFrom(model.toString()),
                    whisper_h.whisper_context_default_params(arena));
            WhisperState broken = new WhisperState(new NativeHandle("speech state", guard_h.ag_whisper_init_state(context),
                    guard_h::ag_whisper_free_state), 0);
            assertThatThrownBy(() -> broken.transcribe(context, List.of("en", "zh", "de", "es", "ru", "ko"),
                    SpeechEngineContract.sound(), GREEDY, RunControl.NONE))
                    .isInstanceOf(EngineException.class).hasMessageContaining("failed");
            assertThat(broken.broken()).isTrue();
            broken.close();
            WhisperState cancelled = new WhisperState(new NativeHandle("speech state", guard_h.ag_whisper_init_state(context),
                    guard_h::ag_whisper_free_state), 0);
            assertThatThrownBy(() -> cancelled.transcribe(context, List.of("en"), SpeechEngineContract.sound(), GREEDY, () -> true))
                    .isInstanceOf(EngineException.class)
                    .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.CANCELLED);
            assertThat(cancelled.broken()).as("though its caller had gone").isTrue();
            cancelled.close();
            guard_h.ag_whisper_free(context);
            assertThat(engine.transcribe(SpeechEngineContract.sound(), GREEDY, RunControl.NONE).segments()).isNotEmpty();
        }
    }

    private interface Damage {
        void to(MemorySegment context, MemorySegment state, MemorySegment params);
    }

    private static void onRun(Damage damage) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment context = guard_h.ag_whisper_init(arena.allocateFrom(model.toString()),
                    whisper_h.whisper_context_default_params(arena));
            MemorySegment state = guard_h.ag_whisper_init_state(context);
            MemorySegment samples = arena.allocateFrom(ValueLayout.JAVA_FLOAT, SpeechEngineContract.sound());
            MemorySegment params = whisper_h.whisper_full_default_params(arena, whisper_h.WHISPER_SAMPLING_GREEDY());
            whisper_full_params.language(params, arena.allocateFrom("ko"));
            whisper_full_params.print_progress(params, false);
            damage.to(context, state, params);
            int result = guard_h.ag_whisper_full(context, state, params, samples, 16_000);
            assertThat(result).isEqualTo(guard_h.AG_CAUGHT());
            assertThat(Guard.words()).isNotBlank();
            guard_h.ag_whisper_free_state(state);
            guard_h.ag_whisper_free(context);
        }
        assertWorks();
    }

    private static void assertNotAvailable(Path file, String message) {
        withEngine(file, engine -> assertThatThrownBy(() -> engine.load(RunControl.NONE))
                .isInstanceOf(EngineException.class).hasMessageContaining(message)
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE));
    }

    private static void assertWorks() {
        withEngine(model, engine -> assertThat(
                engine.transcribe(SpeechEngineContract.sound(), GREEDY, RunControl.NONE).segments()).isNotEmpty());
    }

    private static void withEngine(Path file, Consumer<WhisperEngine> test) {
        try (WhisperEngine engine = new WhisperEngine(new WhisperSettings(file, "cpu", 1, 1, false))) {
            test.accept(engine);
        }
    }
}
