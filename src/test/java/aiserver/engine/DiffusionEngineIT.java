package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.DiffusionSettings.StepCache;
import aiserver.engine.EngineException.Kind;
import aiserver.models.RandomDiffusionModel;
import aiserver.models.RandomDiffusionModel.Precision;
import aiserver.models.SmallPictureModel;
import bindings.guard.guard_h;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real engine with a small random model: the contract, and everything that would end the process. */
class DiffusionEngineIT extends ImageEngineContract {
    private static final SmallPictureModel MODEL = SmallPictureModel.get();
    private static DiffusionEngine shared;

    @TempDir
    private Path folder;

    @BeforeAll
    static void make() {
        shared = new DiffusionEngine(settings(MODEL.diffusionModel(), MODEL.clipL(), MODEL.taesd()));
    }

    @AfterAll
    static void close() {
        shared.close();
        shared.close();
    }

    @Override
    ImageEngine engine() {
        return shared;
    }

    /** One thread: two of them wait for each other in every operation, which is slow where others use the machine. */
    private static DiffusionSettings settings(Path diffusionModel, Path clipL, Path taesd) {
        return new DiffusionSettings(Part.of(diffusionModel), Part.of(clipL), null, null, null, Part.of(taesd), "auto", 1, false,
                false, false, StepCache.NONE, true);
    }

    private static void fails(DiffusionSettings settings, Kind kind, String... words) {
        try (DiffusionEngine engine = new DiffusionEngine(settings)) {
            assertThatThrownBy(() -> engine.generate(request("a cake", 1), RunControl.NONE))
                    .isInstanceOf(EngineException.class)
                    .satisfies(e -> assertThat(kindOf(e)).as(e.getMessage()).isEqualTo(kind))
                    .hasMessageContainingAll(words);
            assertThat(engine.loaded()).isFalse();
        }
    }

    private static Path truncated(Path file, Path to, double share) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        return Files.write(to, Arrays.copyOf(bytes, (int) (bytes.length * share)));
    }

    // ---- files

    @Test
    void aModelWithoutTextEncoderOrAutoencoderIsRefused() {
        Part model = Part.of(MODEL.diffusionModel());
        Part clip = Part.of(MODEL.clipL());
        Part taesd = Part.of(MODEL.taesd());
        fails(new DiffusionSettings(model, null, null, null, null, taesd, "cpu", 1, false, false, false, StepCache.NONE, true),
                Kind.MODEL_NOT_AVAILABLE, "holds no text encoder, and none is set: CLIP-L, CLIP-G or T5");
        fails(new DiffusionSettings(model, clip, null, null, null, null, "cpu", 1, false, false, false, StepCache.NONE, true),
                Kind.MODEL_NOT_AVAILABLE, "holds no autoencoder, and none is set: VAE or TAESD");
        assertThatThrownBy(() -> new DiffusionSettings(model, clip, null, null, null, taesd, "cpu", -1, false, false, false, StepCache.NONE, true))
                .hasMessage("threads must be 0 to 512 but is -1");
        assertThatThrownBy(() -> new Part(MODEL.clipL(), "q99")).hasMessageContaining("weight type 'q99'").hasMessageContaining("q8_0");
    }

    @Test
    void aMissingFileIsNamed() {
        Path none = folder.resolve("none.gguf");
        fails(settings(none, MODEL.clipL(), MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "diffusion model " + none + " is missing");
        fails(settings(MODEL.diffusionModel(), none, MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "CLIP-L " + none + " is missing");
        fails(settings(MODEL.diffusionModel(), MODEL.clipL(), none), Kind.MODEL_NOT_AVAILABLE, "TAESD " + none + " is missing");
        fails(settings(folder, MODEL.clipL(), MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "is not a readable file");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.0000003, 0.0001, 0.3, 0.9999})
    void aCutFileIsNoticedBeforeTheEngineReadsIt(double share) throws IOException {
        Path clip = truncated(MODEL.clipL(), folder.resolve("clip.gguf"), share);
        Path diffusion = truncated(MODEL.diffusionModel(), folder.resolve("sd3.safetensors"), share);
        Path taesd = truncated(MODEL.taesd(), folder.resolve("taesd.gguf"), share);
        fails(settings(MODEL.diffusionModel(), clip, MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "CLIP-L " + clip + " is damaged");
        fails(settings(diffusion, MODEL.clipL(), MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "diffusion model " + diffusion + " is damaged");
        fails(settings(MODEL.diffusionModel(), MODEL.clipL(), taesd), Kind.MODEL_NOT_AVAILABLE, "TAESD " + taesd + " is damaged");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPicturesThreadsGiveWayToAllOthers() throws IOException {
        shared.load(RunControl.NONE);
        List<Integer> nice = new ArrayList<>();
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            for (Path thread : threads.toList()) {
                String stat = Files.readString(thread.resolve("stat"));
                if (stat.contains("(image-engine)")) {
                    nice.add(nice(stat));
                }
            }
        }
        assertThat(nice).contains(10);
        assertThat(nice(Files.readString(Path.of("/proc/thread-self/stat")))).isZero();
    }

    private static int nice(String stat) {
        return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[16]);
    }

    @Test
    void aFileOfAnotherKindIsNamed() throws IOException {
        byte[] noise = new byte[100_000];
        new Random(1).nextBytes(noise);
        Path random = Files.write(folder.resolve("random.gguf"), noise);
        Path text = Files.writeString(folder.resolve("text.safetensors"), "Not Found\n".repeat(100));
        for (Path file : new Path[] {random, text}) {
            fails(settings(file, MODEL.clipL(), MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "is damaged or no GGUF or safetensors file");
            fails(settings(MODEL.diffusionModel(), file, MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "is damaged or no GGUF or safetensors file");
        }
    }

    @Test
    void aModelInAnothersPlaceIsNamed() {
        fails(settings(MODEL.clipL(), MODEL.clipL(), MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "has no joint_blocks");
        fails(settings(MODEL.diffusionModel(), MODEL.taesd(), MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "has no token embedding");
        fails(settings(MODEL.diffusionModel(), MODEL.clipL(), MODEL.clipL()), Kind.MODEL_NOT_AVAILABLE, "has no decoder.layers.0.weight");
        Part clipL = Part.of(MODEL.clipL());
        fails(new DiffusionSettings(Part.of(MODEL.diffusionModel()), null, clipL, null, null, Part.of(MODEL.taesd()), "cpu", 0, false,
                false, false, StepCache.NONE, true), Kind.MODEL_NOT_AVAILABLE, "CLIP-G", "768, 49408", "not of 1280 by 49408");
    }

    @Test
    void aFileLaidOutForAllPartsDrawsTheSame() throws IOException {
        Path combined = folder.resolve("combined.safetensors");
        RandomDiffusionModel.writeCombinedModel(combined, 48, 8, 1);
        try (DiffusionEngine engine = new DiffusionEngine(settings(combined, MODEL.clipL(), MODEL.taesd()))) {
            assertThat(engine.generate(request("a cake", 1), RunControl.NONE).rgb())
                    .isEqualTo(shared.generate(request("a cake", 1), RunControl.NONE).rgb());
        }
    }

    /** Of a table with more rows than any picture uses the engine keeps those in the middle: no picture changes by that. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void ofManyPositionsThoseInTheMiddleCount(Precision precision) throws IOException {
        int width = 96;
        int large = 151;
        int small = 127;
        Path file = folder.resolve("large");
        RandomDiffusionModel.writeDiffusionModel(file, width, large, 1, precision);
        byte[] table = Files.readAllBytes(file);
        Path middle = folder.resolve("middle");
        RandomDiffusionModel.writeDiffusionModel(middle, width, small, 1, precision);
        byte[] cut = Files.readAllBytes(middle);
        boolean halves = precision == Precision.Q4_0;
        int from = indexOf(table, firstPositions(halves));
        int to = indexOf(cut, firstPositions(halves));
        int position = width * (halves ? Short.BYTES : Float.BYTES);
        for (int row = 0; row < small; row++) {
            int skipped = (large - small) / 2;
            System.arraycopy(table, from + ((row + skipped) * large + skipped) * position, cut, to + row * small * position, small * position);
        }
        Files.write(middle, cut);
        byte[] expected = tall(middle);
        assertThat(tall(file)).isEqualTo(expected);
        System.arraycopy(table, from, table, from + position, large * large * position - position);
        assertThat(tall(Files.write(file, table))).isNotEqualTo(expected);
    }

    private byte[] tall(Path diffusionModel) {
        try (DiffusionEngine engine = new DiffusionEngine(settings(diffusionModel, MODEL.clipL(), MODEL.taesd()))) {
            return engine.generate(new ImageRequest("a cake", "", 64, 128, 1, 1, 1), RunControl.NONE).rgb();
        }
    }

    /** The generator's first numbers, by which the table is found in a file. */
    private static byte[] firstPositions(boolean halves) {
        SplittableRandom random = new SplittableRandom(1).split();
        ByteBuffer bytes = ByteBuffer.allocate(8 * (halves ? Short.BYTES : Float.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            float value = (float) (random.nextDouble(-1, 1) * Math.sqrt(3)) * 0.02f;
            if (halves) {
                bytes.putShort(Float.floatToFloat16(value));
            } else {
                bytes.putFloat(value);
            }
        }
        return bytes.array();
    }

    @Test
    void misshapenWeightsAreAnErrorOfTheEngine() throws IOException {
        // The header is whole and says that a matrix is half as wide and twice as high.
        byte[] bytes = Files.readAllBytes(MODEL.diffusionModel());
        byte[] whole = "joint_blocks.3.x_block.mlp.fc1.weight\":{\"dtype\":\"F16\",\"shape\":[192,48]".getBytes(StandardCharsets.US_ASCII);
        byte[] other = "joint_blocks.3.x_block.mlp.fc1.weight\":{\"dtype\":\"F16\",\"shape\":[384,24]".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(other, 0, bytes, indexOf(bytes, whole), other.length);
        Path file = Files.write(folder.resolve("misshapen.safetensors"), bytes);
        fails(settings(file, MODEL.clipL(), MODEL.taesd()), Kind.MODEL_NOT_AVAILABLE, "misshapen.safetensors");
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        for (int i = 0; i + wanted.length <= bytes.length; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        throw new AssertionError("not in the file: " + new String(wanted, StandardCharsets.US_ASCII));
    }

    @Test
    void freeingNothingIsAllowed() {
        NativeLibraries.load();
        assertThat(guard_h.ag_sd_free(MemorySegment.NULL)).isZero();
    }

    @Test
    void anUnknownDeviceIsAnsweredWithThoseThatThereAre() {
        fails(new DiffusionSettings(Part.of(MODEL.diffusionModel()), Part.of(MODEL.clipL()), null, null, null, Part.of(MODEL.taesd()),
                "cuda:9", 0, false, false, false, StepCache.NONE, true), Kind.MODEL_NOT_AVAILABLE, "device 'cuda:9' is not on this machine", "CPU");
    }

    // ---- prompts

    @Test
    void aPromptBeyondTheWindowIsRefused() {
        for (String prompt : new String[] {"cake ".repeat(76), "strawberry-".repeat(1200), "(".repeat(200_000), "딸기".repeat(300)}) {
            assertThatThrownBy(() -> shared.generate(request(prompt, 1), RunControl.NONE))
                    .satisfies(e -> assertThat(kindOf(e)).isEqualTo(Kind.CONTEXT_TOO_LONG)).hasMessageContaining("the text encoder takes 75");
        }
        assertThat(shared.generate(request("cake ".repeat(75), 1), RunControl.NONE).rgb()).isNotEmpty();
    }

    @Test
    void aPromptOfStrangeCharactersIsDrawn() {
        assertThat(shared.generate(request("케이크 🎂 (((:1.5) [[] \\ %s%n %1$s BREAK", 1), RunControl.NONE).rgb()).isNotEmpty();
        assertThat(shared.generate(request("", 1), RunControl.NONE).rgb()).isNotEmpty();
        assertThatThrownBy(() -> shared.generate(request("a\0b", 1), RunControl.NONE))
                .satisfies(e -> assertThat(kindOf(e)).isEqualTo(Kind.INVALID_INPUT)).hasMessage("prompt has a zero character at 1");
    }

    /** The engine keeps what its text encoders made of the last prompts; more prompts than it keeps come in between. */
    @Test
    void encodingsThatAreKeptAreThoseOfTheirPrompt() {
        byte[] first = shared.generate(new ImageRequest("a red cake", "ugly", 64, 64, 1, 3, 1), RunControl.NONE).rgb();
        assertThat(shared.generate(new ImageRequest("a red cake", "ugly", 64, 64, 1, 3, 1), RunControl.NONE).rgb()).isEqualTo(first);
        assertThat(shared.generate(new ImageRequest("ugly", "a red cake", 64, 64, 1, 3, 1), RunControl.NONE).rgb()).isNotEqualTo(first);
        for (String other : new String[] {"one", "two", "three", "four", "five"}) {
            assertThat(shared.generate(new ImageRequest(other, "ugly", 64, 64, 1, 3, 1), RunControl.NONE).rgb()).isNotEqualTo(first);
        }
        assertThat(shared.generate(new ImageRequest("a red cake", "ugly", 64, 64, 1, 3, 1), RunControl.NONE).rgb()).isEqualTo(first);
    }

    /** Known counts of CLIP's published tokenizer. */
    @Test
    void tokensAreThoseOfClip() {
        assertThat(shared.countTokens("a photo of a cat")).isEqualTo(5);
        assertThat(shared.countTokens("A beautiful chocolate cake with elegant decoration, professional food photography, high quality, 4k"))
                .isEqualTo(17);
        assertThat(shared.countTokens("2024")).isEqualTo(4);
        assertThat(shared.countTokens("it's")).isEqualTo(2);
        assertThat(shared.countTokens("!!!")).isEqualTo(1);
    }

    // ---- runs

    @Test
    void aRunThatIsHeldBackBetweenStepsGoesOn() throws InterruptedException {
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch held = new CountDownLatch(1);
        RunControl waits = TestControl.telling(fraction -> {
            held.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Picture[] drawn = new Picture[1];
        Thread lane = Thread.ofPlatform().start(() -> {
            try {
                drawn[0] = shared.generate(request("a cake", 9), waits);
            } finally {
                held.countDown();
            }
        });
        held.await();
        assertThat(drawn[0]).isNull();
        goOn.countDown();
        lane.join();
        assertThat(drawn[0].rgb()).isEqualTo(shared.generate(request("a cake", 9), RunControl.NONE).rgb());
    }

    @Test
    void anExceptionInAProgressCallbackReachesNoNativeCode() {
        RunControl broken = TestControl.telling(fraction -> {
            throw new IllegalStateException("broken listener");
        });
        shared.load(RunControl.NONE);
        assertThat(shared.generate(request("a cake", 1), broken).rgb()).hasSize(3 * 64 * 64);
        assertThatThrownBy(() -> shared.generate(request("a cake", 1), () -> {
            throw new IllegalStateException("broken question");
        })).isInstanceOf(RuntimeException.class);
        assertThat(shared.generate(request("a cake", 1), RunControl.NONE).rgb()).hasSize(3 * 64 * 64);
    }

    @Test
    void enginesTakeTurns() throws InterruptedException {
        try (DiffusionEngine other = new DiffusionEngine(settings(MODEL.diffusionModel(), MODEL.clipL(), MODEL.taesd()))) {
            byte[] expected = shared.generate(request("a cake", 4), RunControl.NONE).rgb();
            byte[][] drawn = new byte[4][];
            Thread[] threads = new Thread[drawn.length];
            for (int i = 0; i < threads.length; i++) {
                int number = i;
                threads[i] = Thread.ofPlatform().start(() -> drawn[number] =
                        (number % 2 == 0 ? shared : other).generate(request("a cake", 4), RunControl.NONE).rgb());
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(Arrays.asList(drawn)).allSatisfy(rgb -> assertThat(rgb).isEqualTo(expected));
        }
    }

    @ParameterizedTest
    @EnumSource(StepCache.class)
    void everySettingDraws(StepCache cache) {
        boolean odd = cache.ordinal() % 2 == 1;
        DiffusionSettings settings = new DiffusionSettings(new Part(MODEL.diffusionModel(), odd ? "bf16" : null), Part.of(MODEL.clipL()),
                null, null, null, Part.of(MODEL.taesd()), "cpu", 1, odd, odd, !odd, cache, odd);
        try (DiffusionEngine engine = new DiffusionEngine(settings)) {
            Picture picture = engine.generate(new ImageRequest("a cake", "", 64, 64, 5, 1, 1), RunControl.NONE);
            assertThat(picture.rgb()).hasSize(3 * 64 * 64);
            assertThat(engine.device()).isEqualTo("CPU");
        }
    }

    @Test
    void aClosedEngineSaysSo() {
        DiffusionEngine engine = new DiffusionEngine(settings(MODEL.diffusionModel(), MODEL.clipL(), MODEL.taesd()));
        assertThat(engine.device()).isEqualTo("auto");
        engine.close();
        engine.unload();
        assertThatThrownBy(() -> engine.generate(request("a cake", 1), RunControl.NONE)).hasMessage("image engine is closed");
        assertThatThrownBy(() -> engine.load(RunControl.NONE)).hasMessage("image engine is closed");
    }

    @Test
    void whatWaitsForItsTurnIsNotDrawnOnceTheEngineIsClosed() throws Exception {
        DiffusionEngine engine = new DiffusionEngine(settings(MODEL.diffusionModel(), MODEL.clipL(), MODEL.taesd()));
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        CompletableFuture<Picture> first = CompletableFuture.supplyAsync(() -> engine.generate(request("a cake", 1),
                TestControl.telling(fraction -> {
                    running.countDown();
                    try {
                        goOn.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                })));
        running.await();
        WaitingCall second = WaitingCall.of(() -> engine.generate(request("a cake", 2), RunControl.NONE));
        WaitingCall close = WaitingCall.of(engine::close);
        goOn.countDown();
        assertThat(first.join().rgb()).hasSize(3 * 64 * 64);
        assertThat(second.thrown()).hasMessage("image engine is closed");
        assertThat(close.thrown()).isNull();
        assertThat(engine.loaded()).isFalse();
    }

    @Test
    void theSameSeedWritesTheSameModel() throws IOException {
        Path again = folder.resolve("again.safetensors");
        RandomDiffusionModel.writeDiffusionModel(again, 48, 8, 1);
        assertThat(Files.mismatch(again, MODEL.diffusionModel())).isEqualTo(-1);
    }
}
