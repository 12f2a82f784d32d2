package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import aiserver.engine.AnswerForm.Free;
import aiserver.engine.AnswerForm.Gbnf;
import aiserver.job.JsonObjects;
import aiserver.models.RandomQwenModel;
import aiserver.models.WeightType;
import aiserver.worker.Held;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The real engine: what it reuses, how it stops, and what would end the process if nothing caught it. */
class LlamaEngineIT {
    private static final AnswerDecoder.Wanted LIKELIEST = new AnswerDecoder.Wanted(1, new int[0]);
    private static LlamaEngine engine;

    @TempDir
    Path folder;

    @BeforeAll
    static void load() {
        engine = new LlamaEngine(settings(SmallQwen.file(1)).withContext(8192, 4));
        engine.load(RunControl.NONE);
    }

    @AfterAll
    static void close() {
        engine.close();
    }

    // Without flash attention, which sums in half precision on a CPU without AVX512: answers are compared token by token.
    private static LlamaSettings settings(Path model) {
        return LlamaSettings.of(model).withContext(2048, 4).withThreads(1).withDevice("cpu").withFlashAttention(false);
    }

    private static Generation say(String said, AnswerForm form, int maxTokens) {
        return engine.generate(TextEngineContract.request(said, form, maxTokens, Sampling.GREEDY), RunControl.NONE);
    }

    /** The engine is as it was: the same answer as from a fresh one. */
    private static void requireUsable() {
        String text = say("아직 됩니까", TextEngineContract.FORM, 200).text();
        assertThat(JsonObjects.read(text).keySet()).containsExactly("intent", "menu", "options", "response");
        try (LlamaEngine fresh = new LlamaEngine(settings(SmallQwen.file(1)))) {
            assertThat(fresh.generate(TextEngineContract.request("아직 됩니까", TextEngineContract.FORM, 200, Sampling.GREEDY),
                    RunControl.NONE).text()).isEqualTo(text);
        }
    }

    // ---- what is reused

    @Test
    void aPromptThatBeginsAlikeIsNotComputedAgain() {
        String start = "딸기 케이크 이야기를 길게 합니다. ".repeat(10);
        Generation first = say(start + "하나", TextEngineContract.FORM, 200);
        Generation second = say(start + "둘", TextEngineContract.FORM, 200);
        Generation again = say(start + "하나", TextEngineContract.FORM, 200);
        assertThat(second.cachedTokens()).isGreaterThan(first.promptTokens() / 2);
        assertThat(again.cachedTokens()).isGreaterThan(first.promptTokens() / 2);
        assertThat(again.text()).isEqualTo(first.text());
    }

    @Test
    void answersThatBeginAlikeAtOnceShareTheBeginning() throws Exception {
        String start = "초코 케이크는 어떤가요. ".repeat(20);
        List<Generation> answers;
        try (var pool = Executors.newFixedThreadPool(4)) {
            List<Future<Generation>> futures = pool.invokeAll(java.util.stream.IntStream.range(0, 4)
                    .mapToObj(i -> (java.util.concurrent.Callable<Generation>) () -> say(start + i, TextEngineContract.FORM, 200)).toList());
            answers = List.of(futures.get(0).get(), futures.get(1).get(), futures.get(2).get(), futures.get(3).get());
        }
        int prompt = answers.getFirst().promptTokens();
        assertThat(answers.stream().filter(a -> a.cachedTokens() > prompt * 3 / 4)).hasSizeGreaterThanOrEqualTo(3);
        for (int i = 0; i < 4; i++) {
            assertThat(say(start + i, TextEngineContract.FORM, 200).text()).isEqualTo(answers.get(i).text());
        }
    }

    @Test
    void memoryIsGivenBackInTheMiddleOfAnAnswerAndNothingChanges() throws Exception {
        String text = say("무엇이 있나요", TextEngineContract.FORM, 200).text();
        AtomicBoolean done = new AtomicBoolean();
        try (var pool = Executors.newSingleThreadExecutor()) {
            Future<Integer> trims = pool.submit(() -> {
                int count = 0;
                do {
                    NativeLibraries.trimMemory();
                    count++;
                } while (!done.get());
                return count;
            });
            for (int i = 0; i < 5; i++) {
                assertThat(say("무엇이 있나요", TextEngineContract.FORM, 200).text()).isEqualTo(text);
            }
            done.set(true);
            assertThat(trims.get()).isPositive();
        }
    }

    @Test
    void moreAnswersThanSequencesWaitForTheirTurn() throws Exception {
        try (var pool = Executors.newFixedThreadPool(20)) {
            var futures = pool.invokeAll(java.util.stream.IntStream.range(0, 20)
                    .mapToObj(i -> (java.util.concurrent.Callable<Generation>) () -> say("번호 " + i, TextEngineContract.FORM, 200)).toList());
            for (var future : futures) {
                assertThat(future.get().finished()).isTrue();
            }
        }
    }

    private static TextRequest withSystem(String said) {
        return new TextRequest(List.of(ChatMessage.system("당신은 케이크 가게의 점원입니다. 손님의 말을 듣고 주문을 정리하세요. ".repeat(3)), ChatMessage.user(said)),
                TextEngineContract.FORM, 200, Sampling.GREEDY);
    }

    @Test
    void aFixedBeginningIsThereForEveryoneWhateverCameBetween() {
        try (LlamaEngine other = new LlamaEngine(settings(SmallQwen.file(1)).withContext(2048, 1))) {
            Generation first = other.generate(withSystem("하나"), RunControl.NONE);
            // the only sequence is taken by something else altogether
            other.generate(TextEngineContract.request("딴 이야기".repeat(20), TextEngineContract.FORM, 200, Sampling.GREEDY), RunControl.NONE);
            Generation again = other.generate(withSystem("하나"), RunControl.NONE);
            assertThat(first.cachedTokens()).isZero();
            assertThat(again.cachedTokens()).isGreaterThan(first.promptTokens() * 3 / 4).isLessThan(first.promptTokens());
            assertThat(again.text()).isEqualTo(first.text());
        }
    }

    @Test
    void theBeginningsOfBothOperationsInEveryLanguageAreKept() {
        try (LlamaEngine other = new LlamaEngine(settings(SmallQwen.file(1)).withContext(4096, 1))) {
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 6; i++) {
                    Generation said = other.generate(new TextRequest(List.of(ChatMessage.system((i + " 당신은 케이크 가게의 점원입니다. ").repeat(4)),
                            ChatMessage.user("하나")), TextEngineContract.FORM, 200, Sampling.GREEDY), RunControl.NONE);
                    assertThat(said.cachedTokens() > said.promptTokens() / 2).isEqualTo(round == 1);
                }
            }
        }
    }

    @Test
    void aFixedBeginningOutlivesTheProcessAndADamagedOneIsMadeAnew() throws IOException {
        LlamaSettings keeping = settings(SmallQwen.file(1)).withStateFolder(folder.resolve("states"));
        Generation first = answerOf(keeping);
        assertThat(first.cachedTokens()).isZero();
        try (var files = Files.list(folder.resolve("states"))) {
            assertThat(files.map(f -> f.getFileName().toString())).hasSize(2).allMatch(name -> name.startsWith("prefix-"));
        }
        Generation second = answerOf(keeping);
        assertThat(second.cachedTokens()).isGreaterThan(first.promptTokens() * 3 / 4);
        assertThat(second.text()).isEqualTo(first.text());

        Path state;
        try (var files = Files.list(folder.resolve("states"))) {
            state = files.filter(f -> f.toString().endsWith(".state")).findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(state);
        bytes[bytes.length / 2] ^= 1;
        Files.write(state, bytes);
        Generation third = answerOf(keeping);
        assertThat(third.cachedTokens()).isZero();
        assertThat(third.text()).isEqualTo(first.text());
        assertThat(answerOf(keeping).cachedTokens()).isPositive();

        // a state is that of its model
        assertThat(answerOf(settings(SmallQwen.file(2)).withStateFolder(folder.resolve("states"))).cachedTokens()).isZero();
    }

    @Test
    void whatAKilledProcessLeftHalfWrittenIsSweptAway() throws IOException {
        Path states = Files.createDirectory(folder.resolve("states"));
        Path left = Files.writeString(states.resolve("prefix-0-1.state.0.part"), "half");
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        Path others = Files.writeString(states.resolve("prefix-0-1.state.1.part"), "another worker writes");
        answerOf(settings(SmallQwen.file(1)).withStateFolder(states));
        assertThat(left).doesNotExist();
        assertThat(others).exists();
        try (var files = Files.list(states)) {
            assertThat(files).as("and a state with its sum").hasSize(3);
        }
    }

    @Test
    void aStateFolderThatCannotBeUsedCostsTimeOnly() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        assertThat(answerOf(settings(SmallQwen.file(1)).withStateFolder(file)).finished()).isTrue();
        assertThat(file).hasContent("no folder");
    }

    private static Generation answerOf(LlamaSettings settings) {
        try (LlamaEngine other = new LlamaEngine(settings)) {
            return other.generate(withSystem("하나"), RunControl.NONE);
        }
    }

    // ---- how it stops

    @Test
    void aFormThatOverflowsTheStackFailsItsOwnAnswer() {
        List<AnswerForm.Part> deep = List.of();
        for (int i = 0; i < 1_500_000; i++) {
            deep = List.of(new AnswerForm.Choice("c", List.of(new AnswerForm.Option("a", deep))));
        }
        AnswerForm form = new AnswerForm.Template(deep);
        assertTimeoutPreemptively(Duration.ofMinutes(2), () -> assertThatThrownBy(() ->
                engine.generate(TextEngineContract.request("손님", form, 10, Sampling.GREEDY), RunControl.NONE)));
        requireUsable();
        assertThat(engine.generate(TextEngineContract.request("손님", TextEngineContract.FORM, 200, Sampling.GREEDY), RunControl.NONE)
                .finished()).isTrue();
    }

    @Test
    void aLongPromptStopsInMidBatchAndTheEngineGoesOn() {
        AtomicInteger asked = new AtomicInteger();
        String text = "가".repeat(6000);
        assertThatThrownBy(() -> engine.generate(TextEngineContract.request(text, new Free(), 10, Sampling.GREEDY),
                () -> asked.incrementAndGet() > 20)).isInstanceOfSatisfying(EngineException.class,
                    e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.CANCELLED));
        requireUsable();
    }

    @Test
    void oneOfSeveralIsCancelledAndTheOthersGoOn() throws Exception {
        String expected = say("남는 손님", TextEngineContract.FORM, 200).text();
        AtomicBoolean stop = new AtomicBoolean();
        try (var pool = Executors.newFixedThreadPool(2)) {
            Future<Generation> cancelled = pool.submit(() -> engine.generate(TextEngineContract.request("가는 손님", new Free(), 4000,
                    new Sampling(1, 40, 1, 0, 3)), stop::get));
            Future<Generation> stays = pool.submit(() -> say("남는 손님", TextEngineContract.FORM, 200));
            assertThat(stays.get().text()).isEqualTo(expected);
            stop.set(true);
            assertThatThrownBy(cancelled::get).hasMessageContaining("the answer was cancelled");
        }
        requireUsable();
    }

    @Test
    void aControlThatThrowsEndsItsOwnAnswerOnly() {
        assertThatThrownBy(() -> engine.generate(TextEngineContract.request("x", TextEngineContract.FORM, 200, Sampling.GREEDY), () -> {
            throw new IllegalStateException("broken control");
        })).isInstanceOfSatisfying(EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.CANCELLED));
        assertThatThrownBy(() -> engine.generate(TextEngineContract.request("x", TextEngineContract.FORM, 200, Sampling.GREEDY), TestControl.telling(fraction -> {
            throw new IllegalStateException("broken progress");
        }))).isInstanceOf(IllegalStateException.class).hasMessage("broken progress");
        requireUsable();
    }

    @Test
    void loadingCanBeCancelledAndTellsItsProgress() {
        List<Double> told = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (LlamaEngine other = new LlamaEngine(settings(SmallQwen.file(1)))) {
            assertThatThrownBy(() -> other.load(() -> true)).isInstanceOfSatisfying(EngineException.class,
                    e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.CANCELLED));
            assertThat(other.loaded()).isFalse();
            other.load(TestControl.telling(told::add));
            assertThat(other.loaded()).isTrue();
            assertThat(told).isNotEmpty().isSorted().last().isEqualTo(1.0);
        }
    }

    // ---- files

    @ParameterizedTest
    @ValueSource(strings = {"missing", "empty", "text", "random", "header", "metadata", "half"})
    void aDamagedFileIsAnErrorThatNamesIt(String damage) throws IOException {
        byte[] whole = Files.readAllBytes(SmallQwen.file(1));
        Path file = folder.resolve(damage + ".gguf");
        switch (damage) {
            case "missing" -> { }
            case "empty" -> Files.write(file, new byte[0]);
            case "text" -> Files.writeString(file, "not a model");
            case "random" -> {
                byte[] noise = new byte[100_000];
                new java.util.Random(1).nextBytes(noise);
                System.arraycopy("GGUF".getBytes(), 0, noise, 0, 4);
                Files.write(file, noise);
            }
            case "header" -> Files.write(file, Arrays.copyOf(whole, 24));
            case "metadata" -> Files.write(file, Arrays.copyOf(whole, 4000));
            default -> Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        }
        try (LlamaEngine broken = new LlamaEngine(settings(file))) {
            assertThatThrownBy(() -> broken.load(RunControl.NONE)).isInstanceOfSatisfying(EngineException.class,
                    e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE))
                    .hasMessageContaining(file.toString()).hasMessageContaining("cannot be loaded");
            assertThat(broken.loaded()).isFalse();
        }
        requireUsable();
    }

    @Test
    void damagedMetadataOfEveryKindIsSurvived() throws IOException {
        byte[] whole = Files.readAllBytes(SmallQwen.file(1));
        java.util.Random random = new java.util.Random(5);
        Path file = folder.resolve("flipped.gguf");
        int failed = 0;
        for (int i = 0; i < 60; i++) {
            byte[] damaged = whole.clone();
            for (int k = 0; k < 3; k++) {
                damaged[4 + random.nextInt(1200)] = (byte) random.nextInt(256);
            }
            Files.write(file, damaged);
            try (LlamaEngine broken = new LlamaEngine(settings(file).withContext(256, 1))) {
                broken.load(RunControl.NONE);
            } catch (EngineException e) {
                failed++;
                assertThat(e.getMessage()).isNotBlank();
            }
        }
        assertThat(failed).isPositive();
        requireUsable();
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1})
    void aContextLengthBeyondAllBoundsLeavesTheSettings(int unsigned) throws IOException {
        byte[] file = Files.readAllBytes(SmallQwen.file(1));
        String key = ".context_length";
        int at = new String(file, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(key) + key.length() + 4;
        java.nio.ByteBuffer.wrap(file).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(at, unsigned);
        Path endless = Files.write(folder.resolve("endless.gguf"), file);
        assertThat(answerOf(settings(endless).withContext(2048, 2)).text())
                .isEqualTo(answerOf(settings(SmallQwen.file(1)).withContext(2048, 2)).text());
    }

    @Test
    void aChatTemplateOfAnUnknownKindIsSaid() throws IOException {
        String bytes = new String(Files.readAllBytes(SmallQwen.file(1)), java.nio.charset.StandardCharsets.ISO_8859_1);
        int template = bytes.indexOf("{% for message");
        int end = bytes.indexOf("{% endif %}", template);
        Path file = folder.resolve("template.gguf");
        Files.write(file, (bytes.substring(0, template) + bytes.substring(template, end).replace("<|im_", "<|xx_") + bytes.substring(end))
                .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        try (LlamaEngine other = new LlamaEngine(settings(file))) {
            assertThatThrownBy(() -> other.countTokens(TextEngineContract.chat("x"))).isInstanceOfSatisfying(EngineException.class,
                    e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.MODEL_NOT_AVAILABLE)).hasMessageContaining("chat template is of an unknown kind");
        }
    }

    @Test
    void anAssertWhileComputingFailsWhatIsInHandAndTheNextRunLoadsAfresh() throws Exception {
        byte[] healthy = Files.readAllBytes(SmallQwen.file(1));
        byte[] broken = healthy.clone();
        String key = "layer_norm_rms_epsilon";
        int epsilon = new String(broken, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf(key) + key.length() + 4;
        java.nio.ByteBuffer.wrap(broken).order(java.nio.ByteOrder.LITTLE_ENDIAN).putFloat(epsilon, -1);
        Path file = Files.write(folder.resolve("epsilon.gguf"), broken);
        try (LlamaEngine other = new LlamaEngine(settings(file)); var pool = Executors.newFixedThreadPool(3)) {
            other.load(RunControl.NONE);
            for (Future<Generation> future : pool.invokeAll(java.util.stream.IntStream.range(0, 3).mapToObj(i ->
                    (java.util.concurrent.Callable<Generation>) () -> other.generate(TextEngineContract.request("손님 " + i,
                            TextEngineContract.FORM, 200, Sampling.GREEDY), RunControl.NONE)).toList())) {
                assertThatThrownBy(future::get).cause().isInstanceOfSatisfying(EngineException.class,
                        e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.ENGINE_FAILED)).hasMessageContaining("GGML_ASSERT");
            }
            assertThat(other.loaded()).isFalse();
            Path beside = Files.write(folder.resolve("healthy.gguf"), healthy);
            Files.move(beside, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            assertThat(other.generate(TextEngineContract.request("손님", TextEngineContract.FORM, 200, Sampling.GREEDY), RunControl.NONE)
                    .finished()).isTrue();
        }
        requireUsable();
    }

    @Test
    void settingsOutOfBoundsAreNamed() {
        assertThatThrownBy(() -> new LlamaSettings(SmallQwen.file(1), "cpu", 1 << 20, 64, 512, 1, 1, -1, false,
                LlamaSettings.CacheType.Q8_0, true)).hasMessageContaining("needs flashAttention");
        assertThatThrownBy(() -> settings(SmallQwen.file(1)).withThreads(0)).hasMessage("language threads cannot be 0");
        assertThatThrownBy(() -> new LlamaEngine(settings(SmallQwen.file(1)).withDevice("cuda:7")).load(RunControl.NONE))
                .isInstanceOf(EngineException.class).hasMessageContaining("device 'cuda:7' is not on this machine");
    }

    // ---- what would end the process

    @Test
    void batchesAreCheckedBeforeTheyGoDown() {
        onContext((model, context) -> {
            assertThatThrownBy(() -> context.decode(LIKELIEST)).hasMessage("the batch is empty");
            assertThatThrownBy(() -> context.add(-1, 0, 0, true)).hasMessageContaining("token -1 is not one of the model's");
            assertThatThrownBy(() -> context.add(model.size(), 0, 0, true)).hasMessageContaining("is not one of the model's");
            assertThatThrownBy(() -> context.add(1, 256, 0, true)).hasMessageContaining("position 256 is not within 256");
            assertThatThrownBy(() -> context.add(1, 0, 2, true)).hasMessageContaining("sequence 2 is not one of 2");
            for (int i = 0; i < 32; i++) {
                context.add(i, i, 0, i == 31);
            }
            assertThatThrownBy(() -> context.add(1, 32, 0, true)).hasMessageContaining("holds 32 tokens and is full");
            assertThat(context.decode(LIKELIEST)).isEqualTo(LlamaContext.Outcome.DONE);
            assertThat(context.logits(31).byteSize()).isEqualTo(4L * model.size());
            assertThatThrownBy(() -> context.logits(30)).hasMessageContaining("no logits were asked for at 30");
            assertThatThrownBy(() -> context.truncate(-1, 0)).hasMessageContaining("sequence -1");
        });
    }

    @Test
    void logitsBeforeAnyBatchAreAnError() {
        onContext((model, context) -> {
            context.add(1, 0, 0, true);
            assertThatThrownBy(() -> context.logits(0)).isInstanceOf(EngineException.class).hasMessageContaining("no logits at 0");
            assertThat(context.decode(LIKELIEST)).isEqualTo(LlamaContext.Outcome.DONE);
            assertThat(context.logits(0).byteSize()).isPositive();
        });
    }

    @Test
    void aGapInTheSequenceIsCaught() {
        onContext((model, context) -> {
            context.add(1, 0, 0, true);
            context.decode(LIKELIEST);
            context.clearBatch();
            context.add(1, 7, 0, true);
            assertThatThrownBy(() -> context.decode(LIKELIEST)).isInstanceOf(EngineException.class).hasMessageContaining("a batch of 1 tokens failed");
            context.clearBatch();
            context.add(1, 1, 0, true);
            assertThat(context.decode(LIKELIEST)).isEqualTo(LlamaContext.Outcome.DONE);
        });
    }

    @Test
    void aFullContextSaysSoAndGoesOnOnceThereIsRoom() {
        onContext(256, (model, context) -> {
            for (int position = 0; position < 256; position++) {
                context.clearBatch();
                context.add(1, position, 0, true);
                assertThat(context.decode(LIKELIEST)).isEqualTo(LlamaContext.Outcome.DONE);
            }
            context.clearBatch();
            context.add(1, 0, 1, true);
            assertThat(context.decode(LIKELIEST)).isEqualTo(LlamaContext.Outcome.NO_ROOM);
            context.truncate(0, 255);
            assertThat(context.decode(LIKELIEST)).isEqualTo(LlamaContext.Outcome.DONE);
        });
    }

    @Test
    void badTokensAreRefused() {
        onContext((model, context) -> {
            assertThatThrownBy(() -> model.bytes(-1)).hasMessageContaining("token -1");
            assertThatThrownBy(() -> model.bytes(Integer.MAX_VALUE)).hasMessageContaining("is not one of the model's");
            assertThatThrownBy(() -> model.endsTurn(model.size())).hasMessageContaining("is not one of the model's");
            assertThat(model.tokenize("")).isEmpty();
        });
    }

    @Test
    void textComesBackFromItsTokensByteByByte() {
        onContext((model, context) -> {
            for (String text : List.of("딸기 케이크 🎂 주세요", "a\u0000b", "<|im_end|>", "e\u0301 \uD83D", "\r\n\t  x  ")) {
                var bytes = new java.io.ByteArrayOutputStream();
                for (int token : model.tokenize(text)) {
                    bytes.writeBytes(model.bytes(token));
                }
                assertThat(bytes.toByteArray()).isEqualTo(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
            assertThat(model.tokenize("<|im_end|>", true)).hasSize(1);
            assertThat(model.tokenize("<|im_end|>", false).length).isGreaterThan(1);
        });
    }

    // ---- grammars

    @Test
    void aGrammarIsFollowed() {
        String grammar = "root ::= \"{\\\"n\\\":\" num \",\\\"s\\\":\" str \"}\"\nnum ::= [0-9] | [1-9] [0-9]\nstr ::= \"\\\"\" [a-z가-힣]{0,6} \"\\\"\"\n";
        for (int seed = 0; seed < 5; seed++) {
            Generation generation = engine.generate(TextEngineContract.request("수", new Gbnf(grammar), 100,
                    new Sampling(1, 20, 1, 0, seed)), RunControl.NONE);
            assertThat(generation.finished()).isTrue();
            assertThat(JsonObjects.read(generation.text()).keySet()).containsExactly("n", "s");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \n", "root", "root ::= missing", "root ::= \"a", "x ::= \"a\"", "root ::= root \"a\"", "root ::= [a-"})
    void aGrammarThatCannotBeReadIsInvalid(String grammar) {
        assertThatThrownBy(() -> say("x", new Gbnf(grammar), 10)).isInstanceOfSatisfying(EngineException.class,
                e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INVALID_INPUT)).hasMessageContaining("grammar");
        requireUsable();
    }

    @Test
    void aGrammarThatWouldOverflowTheStackIsRefused() {
        assertThatThrownBy(() -> say("x", new Gbnf("root ::= " + "(".repeat(100_000) + "\"a\"" + ")".repeat(100_000)), 10))
                .hasMessageContaining("nests deeper than 64 parentheses");
        assertThatThrownBy(() -> say("x", new Gbnf("root ::= " + "\"a\" ".repeat(100_000)), 10)).hasMessageContaining("at most 262144");
        assertThatThrownBy(() -> say("x", new Gbnf("root ::= \"a\0\""), 10)).hasMessageContaining("zero character");
        GrammarDecoder.requireBounded("root ::= \"" + "(".repeat(1000) + "\" [" + "(".repeat(1000) + "\\]] # " + "(".repeat(1000));
        requireUsable();
    }

    @Test
    void acceptingATokenThatTheGrammarForbidsIsCaught() {
        onContext((model, context) -> {
            try (GrammarDecoder decoder = new GrammarDecoder(new Gbnf("root ::= \"a\""), model, Sampling.GREEDY, 10)) {
                assertThatThrownBy(() -> decoder.accept(model.tokenize("b")[0])).isInstanceOf(EngineException.class)
                        .hasMessageContaining("the grammar refused its own token");
            }
        });
        requireUsable();
    }

    // ---- other models

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyWeightsGiveAWholeAnswer(long seed) {
        try (LlamaEngine other = new LlamaEngine(settings(SmallQwen.file(seed)))) {
            for (int i = 0; i < 10; i++) {
                Generation generation = other.generate(TextEngineContract.request("주문 " + i, TextEngineContract.FORM, 140 + i,
                        new Sampling(1.5, 40, 1, 0, i)), RunControl.NONE);
                assertThat(JsonObjects.read(generation.text()).keySet()).containsExactly("intent", "menu", "options", "response");
            }
        }
    }

    @Test
    void everyWeightTypeOfTheWriterIsRead() throws IOException {
        for (WeightType type : List.of(WeightType.F32, WeightType.F16, WeightType.BF16, WeightType.Q4_0, WeightType.Q5_0, WeightType.Q8_0)) {
            Path file = folder.resolve(type + ".gguf");
            new RandomQwenModel(2, 64, 2, 1, 32, 96, 1024, type, 0, 9).write(file);
            try (LlamaEngine other = new LlamaEngine(settings(file).withContext(4096, 2))) {
                assertThat(other.generate(TextEngineContract.request("x", TextEngineContract.FORM, 200, Sampling.GREEDY), RunControl.NONE)
                        .finished()).isTrue();
                // the model's own limit is the smaller one
                assertThat(other.contextTokens()).isEqualTo(1024);
            }
        }
    }

    @Test
    void everyCacheTypeAndFlashAttentionWork() {
        LlamaSettings.CacheType[] types = LlamaSettings.CacheType.values();
        for (var type : Arrays.copyOf(types, types.length + 1)) { // and null: as the processor is fastest
            LlamaSettings usual = settings(SmallQwen.file(1));
            LlamaSettings other = new LlamaSettings(usual.model(), "cpu", 1024, 2, 512, 1, 1, -1, true, type, false);
            try (LlamaEngine flash = new LlamaEngine(other)) {
                assertThat(flash.generate(TextEngineContract.request("x", TextEngineContract.FORM, 200, Sampling.GREEDY), RunControl.NONE)
                        .finished()).isTrue();
            }
        }
    }

    @Test
    void keysAndValuesAreKeptAsProcessorAndModelAreFastest() {
        LlamaSettings headsOf32 = new LlamaSettings(SmallQwen.file(1), "cpu", 256, 2, 32, 1, 1, -1, null, null, true);
        LlamaSettings headsOf64 = new LlamaSettings(Path.of("models-gguf/demo/qwen3-demo.gguf"), "cpu", 256, 2, 32, 1, 1, -1, null, null, true);
        onContext(headsOf32, 512, (model, context) -> assertThat(context.stateKind())
                .contains(CpuFeatures.attendsInBf16() ? LlamaSettings.CacheType.BF16.name() : LlamaSettings.CacheType.F16.name()));
        onContext(headsOf64, 512, (model, context) -> assertThat(context.stateKind())
                .contains(CpuFeatures.attendsInBytes() ? LlamaSettings.CacheType.Q8_0.name() : LlamaSettings.CacheType.F16.name()));
        onContext(headsOf64.withFlashAttention(false), 512,
                (model, context) -> assertThat(context.stateKind()).contains(LlamaSettings.CacheType.F16.name()).doesNotContain("BF16"));
    }

    @Test
    void cellsTakeMemoryAsTheyAreFilled() {
        int cells = 1 << 18;
        long keysAndValues = 4L * cells * 2 * 64 * 2 / 1024; // kilobytes: layers, of two heads 32 numbers in half precision
        AtomicLong resident = new AtomicLong();
        onContext(512, (model, context) -> resident.set(resident())); // with what the first context alone takes
        onContext(cells, (model, context) -> resident.set(resident() - resident.get()));
        assertThat(resident.get()).isLessThan(keysAndValues / 2);
    }

    @Test
    void weightsAreMappedInLargePagesWhereTheSystemHasThem() {
        boolean large = Files.exists(Path.of("/sys/kernel/mm/transparent_hugepage"));
        List<String> flags = new ArrayList<>();
        onContext((model, context) -> flags.addAll(flagsOfMapped(".gguf")));
        assertThat(flags).isNotEmpty().allSatisfy(of -> assertThat(List.of(of.split(" ")).contains("hg")).isEqualTo(large));
    }

    /** How the kernel was told to treat this process's mappings of files that are called so. */
    private static List<String> flagsOfMapped(String ending) {
        List<String> flags = new ArrayList<>();
        try {
            boolean of = false;
            for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
                of = line.matches("[0-9a-f]+-[0-9a-f]+ .*") ? line.endsWith(ending) : of;
                if (of && line.startsWith("VmFlags:")) {
                    flags.add(line);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return flags;
    }

    private static long resident() {
        try {
            return Held.by(ProcessHandle.current().pid()).residentKb();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface OnContext {
        void run(LlamaModel model, LlamaContext context);
    }

    private static void onContext(OnContext body) {
        onContext(512, body);
    }

    private static void onContext(int cells, OnContext body) {
        onContext(new LlamaSettings(SmallQwen.file(1), "cpu", 256, 2, 32, 1, 1, -1, null, LlamaSettings.CacheType.F16, true), cells, body);
    }

    private static void onContext(LlamaSettings settings, int cells, OnContext body) {
        try (EngineThread thread = new EngineThread("test", 1)) {
            thread.run(() -> {
                try (LlamaModel model = LlamaModel.load(settings, Placement.choose("cpu", Placement.ALL, () -> null), RunControl.NONE);
                        LlamaContext context = new LlamaContext(model, settings, 2, cells, RunControl.NONE)) {
                    body.run(model, context);
                }
            });
        }
    }
}
