package aiserver.engine;

import bindings.guard.guard_h;
import bindings.llama.llama_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What a token costs beside the model: a call into a library with and without the guard, and the choice among 151,936
 * logits, greedy, drawn from the top 20, and within a JSON text. Lives in the engine's package, whose parts it measures.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CallBenchmark {
    private static final int VOCABULARY = 151_936;

    private final Arena arena = Arena.ofConfined();
    private MemorySegment logits;
    private TokenSampler greedy;
    private TokenSampler drawn;
    private byte[][] tokens;
    private TemplateState text;

    @Setup(Level.Trial)
    public void prepare() {
        NativeLibraries.load();
        Random random = new Random(7);
        logits = arena.allocate(ValueLayout.JAVA_FLOAT, VOCABULARY);
        tokens = new byte[VOCABULARY][];
        for (int id = 0; id < VOCABULARY; id++) {
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, id, (float) random.nextGaussian());
            tokens[id] = Character.toString(0xAC00 + id % 11_172).getBytes(StandardCharsets.UTF_8);
        }
        greedy = new TokenSampler(Sampling.GREEDY);
        drawn = new TokenSampler(Sampling.qwen(1));
        TemplateNode.Compiler compiler = new TemplateNode.Compiler(String::length);
        text = TemplateState.start(compiler.sequence(List.of(new AnswerForm.JsonText("text", 200))), false);
    }

    @TearDown(Level.Trial)
    public void free() {
        arena.close();
    }

    @Benchmark
    public int callIntoTheLibrary() {
        return (int) llama_h.llama_max_devices();
    }

    @Benchmark
    public int callIntoTheGuard() {
        return guard_h.ag_failure();
    }

    @Benchmark
    public int likeliestOfTheVocabulary() {
        return greedy.sample(logits, id -> true);
    }

    @Benchmark
    public int drawnFromTheTopTwenty() {
        return drawn.sample(logits, id -> true);
    }

    @Benchmark
    public int likeliestThatAJsonTextAllows() {
        return greedy.sample(logits, id -> text.textAccepts(tokens[id], false));
    }
}
