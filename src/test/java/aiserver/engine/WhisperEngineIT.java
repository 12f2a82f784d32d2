package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.models.RandomWhisperModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real engine on a small random model. */
class WhisperEngineIT extends SpeechEngineContract {
    private static final SpeechRequest GREEDY =
            new SpeechRequest("ko", Map.of(), 0, false, 0, 0, 0.6f, 2.4f, -1, 1);
    @TempDir
    private static Path folder;
    private static Path model;

    @BeforeAll
    static void writeModel() throws IOException {
        model = folder.resolve("whisper.bin");
        RandomWhisperModel.write(model, 7);
    }

    @Override
    SpeechEngine make() {
        return new WhisperEngine(new WhisperSettings(model, "cpu", 3, 1, false));
    }

    @Test
    void sameSoundSameText() {
        Transcript first = engine.transcribe(sound(), GREEDY, RunControl.NONE);
        assertThat(engine.transcribe(sound(), GREEDY, RunControl.NONE)).isEqualTo(first);
        engine.unload();
        assertThat(engine.transcribe(sound(), GREEDY, RunControl.NONE)).isEqualTo(first);
        assertThat(first.segments().getFirst().text()).isNotBlank();
    }

    @Test
    void runsWithAStateEachGoSideBySide() throws Exception {
        Transcript alone = engine.transcribe(sound(), GREEDY, RunControl.NONE);
        CyclicBarrier both = new CyclicBarrier(2);
        try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
            Callable<Transcript> run = () -> {
                AtomicBoolean met = new AtomicBoolean();
                return engine.transcribe(sound(), GREEDY, () -> {
                    if (!met.getAndSet(true)) {
                        meet(both);
                    }
                    return false;
                });
            };
            for (Future<Transcript> future : pool.invokeAll(List.of(run, run))) {
                assertThat(future.get()).isEqualTo(alone);
            }
        }
        assertThat(both.isBroken()).as("one run waited for the other").isFalse();
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            // the barrier is broken, which the test asks for
        }
    }

    @Test
    void sameSoundSameTextAtAnyTemperature() {
        SpeechRequest hot = new SpeechRequest("ko", Map.of(), 256, false, 0.8f, 0, 0.6f, 2.4f, -1, 1);
        Transcript first = engine.transcribe(sound(), hot, RunControl.NONE);
        assertThat(engine.transcribe(sound(), hot, RunControl.NONE)).isEqualTo(first);
    }

    @Test
    void detectionDoesNotDependOnTheRunBefore() {
        SpeechRequest detect = GREEDY.withLanguage(null).withAudioContext(256);
        Transcript fresh = engine.transcribe(sound(), detect, RunControl.NONE);
        engine.transcribe(sound(), GREEDY.withAudioContext(1500), RunControl.NONE);
        Transcript again = engine.transcribe(sound(), detect, RunControl.NONE);
        assertThat(again.language()).isEqualTo(fresh.language());
        assertThat(again.languageProbability()).isEqualTo(fresh.languageProbability());
    }

    @Test
    void aWindowThatIsStillEncodedIsHeardAsIfAnew() {
        SpeechRequest narrow = GREEDY.withAudioContext(256);
        float[] quieter = sound();
        for (int i = 0; i < quieter.length; i++) {
            quieter[i] *= i % 2 == 0 ? 0.5f : 0.4f;
        }
        Transcript detected = engine.transcribe(sound(), narrow.withLanguage(null), RunControl.NONE);
        Transcript given = engine.transcribe(sound(), narrow.withLanguage(detected.language()), RunControl.NONE);
        Transcript other = engine.transcribe(quieter, narrow, RunControl.NONE);
        Transcript whole = engine.transcribe(quieter, GREEDY, RunControl.NONE);
        assertThat(given.segments()).isEqualTo(detected.segments());
        engine.unload();
        assertThat(engine.transcribe(quieter, GREEDY, RunControl.NONE)).isEqualTo(whole);
        engine.unload();
        assertThat(engine.transcribe(quieter, narrow, RunControl.NONE)).isEqualTo(other);
        engine.unload();
        assertThat(engine.transcribe(sound(), narrow.withLanguage(detected.language()), RunControl.NONE)).isEqualTo(given);
        assertThat(List.of(given.segments(), other.segments(), whole.segments())).doesNotHaveDuplicates();
    }

    @Test
    void takesThePromptOfTheLanguage() {
        Transcript plain = engine.transcribe(sound(), GREEDY, RunControl.NONE);
        Transcript prompted = engine.transcribe(sound(),
                GREEDY.withInitialPrompts(Map.of("ko", "초콜릿 케이크, 딸기 케이크.")), RunControl.NONE);
        Transcript otherLanguage = engine.transcribe(sound(),
                GREEDY.withInitialPrompts(Map.of("ja", "ケーキ")), RunControl.NONE);
        assertThat(prompted.segments()).isNotEqualTo(plain.segments());
        assertThat(otherLanguage).isEqualTo(plain);
    }

    @Test
    void runsAtOnceAsOneAfterAnother() {
        Transcript alone = engine.transcribe(sound(), GREEDY, RunControl.NONE);
        List<CompletableFuture<Transcript>> runs = Stream.generate(() -> CompletableFuture.supplyAsync(() ->
                engine.transcribe(sound(), GREEDY, RunControl.NONE))).limit(9).toList();
        assertThat(runs).allSatisfy(run -> assertThat(run.join()).isEqualTo(alone));
    }

    @Test
    void stopsInMidRunAndRunsAgain() {
        Transcript before = engine.transcribe(sound(), GREEDY, RunControl.NONE);
        AtomicInteger asked = new AtomicInteger();
        // Asked before every graph: the third question falls into the encoder or the decoder.
        assertThatThrownBy(() -> engine.transcribe(sound(), GREEDY, () -> asked.incrementAndGet() > 6))
                .isInstanceOf(EngineException.class)
                .extracting(e -> ((EngineException) e).kind()).isEqualTo(EngineException.Kind.CANCELLED);
        assertThat(engine.loaded()).isTrue();
        assertThat(engine.transcribe(sound(), GREEDY, RunControl.NONE)).isEqualTo(before);
    }

    @Test
    void survivesAControlThatThrows() {
        AtomicInteger asked = new AtomicInteger();
        RunControl throwing = TestControl.telling(fraction -> {
            if (asked.incrementAndGet() > 2) {
                throw new IllegalStateException("listener failed");
            }
        });
        engine.load(RunControl.NONE);
        assertThat(engine.transcribe(sound(), GREEDY, throwing).language()).isEqualTo("ko");
    }

    @Test
    void unloadWaitsForTheRunInHand() throws Exception {
        engine.load(RunControl.NONE);
        CountDownLatch running = new CountDownLatch(1);
        AtomicBoolean go = new AtomicBoolean();
        CompletableFuture<Transcript> run = CompletableFuture.supplyAsync(() ->
                engine.transcribe(sound(), GREEDY, TestControl.telling(fraction -> {
                    running.countDown();
                    while (!go.get()) {
                        Thread.onSpinWait();
                    }
                })));
        assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<Void> unload = CompletableFuture.runAsync(engine::unload);
        assertThat(unload.isDone()).isFalse();
        go.set(true);
        assertThat(run.join().segments()).isNotEmpty();
        unload.join();
        assertThat(engine.loaded()).isFalse();
    }

    @Test
    void whoWaitsToLoadAnEngineThatIsClosedLoadsNothing() throws Exception {
        CountDownLatch loading = new CountDownLatch(1);
        AtomicBoolean go = new AtomicBoolean();
        CompletableFuture<Void> first = CompletableFuture.runAsync(() -> engine.load(TestControl.telling(fraction -> {
            loading.countDown();
            while (!go.get()) {
                Thread.onSpinWait();
            }
        })));
        assertThat(loading.await(60, TimeUnit.SECONDS)).isTrue();
        WaitingCall load = WaitingCall.of(() -> engine.load(RunControl.NONE));
        WaitingCall close = WaitingCall.of(engine::close);
        go.set(true);
        first.join();
        assertThat(load.thrown()).hasMessage("speech engine is closed");
        assertThat(close.thrown()).isNull();
        assertThat(engine.loaded()).isFalse();
    }

    @Test
    void hearsLongSoundInWindows() {
        float[] long65 = new float[65 * 16_000];
        for (int i = 0; i < long65.length; i++) {
            long65[i] = (float) (0.3 * Math.sin(i * 0.05 + 4 * Math.sin(i * 0.0007)));
        }
        Transcript transcript = engine.transcribe(long65, GREEDY, RunControl.NONE);
        assertThat(transcript.segments()).hasSizeGreaterThan(1);
        assertThat(transcript.segments().getLast().start()).isGreaterThan(25);
    }

    @Test
    void takesBeamsAndTemperatures() {
        SpeechRequest beam = new SpeechRequest("ko", Map.of(), 256, true, 0, 0.5f, 0.6f, 2.4f, -1, 3);
        assertThat(engine.transcribe(sound(), beam, RunControl.NONE).segments()).isNotEmpty();
    }

    @Test
    void refusesNumbersThatWouldEndTheProcess() {
        assertThatThrownBy(() -> new WhisperSettings(model, "cpu", 1, 0, false)).hasMessageContaining("threads cannot be 0");
        assertThatThrownBy(() -> new WhisperSettings(model, "cpu", 1, -3, false)).hasMessageContaining("threads cannot be -3");
        assertThatThrownBy(() -> new WhisperSettings(model, "cpu", 0, 1, false)).hasMessageContaining("states cannot be 0");
        for (int beam : new int[] {0, 9}) {
            assertThatThrownBy(() -> new SpeechRequest("ko", Map.of(), 0, false, 0, 0, 0.6f, 2.4f, -1, beam))
                    .isInstanceOf(EngineException.class).hasMessageContaining("beamSize cannot be " + beam);
        }
        assertThatThrownBy(() -> GREEDY.withAudioContext(1501)).hasMessageContaining("audioContext cannot be 1501");
        assertThatThrownBy(() -> GREEDY.withAudioContext(-1)).hasMessageContaining("audioContext cannot be -1");
    }

    @Test
    void namesTheDeviceThatIsNotThere() {
        try (WhisperEngine other = new WhisperEngine(new WhisperSettings(model, "cuda:7", 1, 1, false))) {
            assertThatThrownBy(() -> other.load(RunControl.NONE)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("cuda:7").hasMessageContaining("CPU");
        }
    }
}
