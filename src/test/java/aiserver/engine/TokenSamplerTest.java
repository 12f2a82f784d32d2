package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {
    private static final IntPredicate ANY = id -> true;

    private static MemorySegment logits(double... probabilities) {
        float[] logits = new float[probabilities.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) Math.log(probabilities[i]);
        }
        return MemorySegment.ofArray(logits);
    }

    private static double[] frequencies(Sampling sampling, MemorySegment logits, IntPredicate allowed, int size) {
        TokenSampler sampler = new TokenSampler(sampling);
        double[] counts = new double[size];
        for (int i = 0; i < 20_000; i++) {
            counts[sampler.sample(logits, allowed)] += 1.0 / 20_000;
        }
        return counts;
    }

    @Test
    void drawsByProbability() {
        double[] counts = frequencies(new Sampling(1, 10, 1, 0, 7), logits(0.1, 0.5, 0.4), ANY, 3);
        assertThat(counts).containsExactly(new double[] {0.1, 0.5, 0.4}, within(0.02));
    }

    @Test
    void temperatureSharpensAndTopPMinPAndTopKCut() {
        MemorySegment four = logits(0.1, 0.4, 0.3, 0.2);
        double[] sharp = frequencies(new Sampling(0.5, 10, 1, 0, 7), four, ANY, 4);
        assertThat(sharp[1]).isCloseTo(0.16 / 0.30, within(0.02));
        assertThat(frequencies(new Sampling(1, 10, 0.6, 0, 7), four, ANY, 4)).containsExactly(new double[] {0, 4 / 7.0, 3 / 7.0, 0}, within(0.02));
        assertThat(frequencies(new Sampling(1, 10, 1, 0.6, 7), four, ANY, 4)).containsExactly(new double[] {0, 4 / 7.0, 3 / 7.0, 0}, within(0.02));
        assertThat(frequencies(new Sampling(1, 1, 1, 0, 7), four, ANY, 4)).containsExactly(new double[] {0, 1, 0, 0}, within(1e-9));
    }

    @Test
    void aRefusedTokenFallsToTheNextBest() {
        MemorySegment four = logits(0.1, 0.4, 0.3, 0.2);
        assertThat(new TokenSampler(Sampling.GREEDY).sample(four, id -> id != 1)).isEqualTo(2);
        assertThat(frequencies(new Sampling(1, 2, 1, 0, 7), four, id -> id == 0 || id == 3, 4))
                .as("none of the top two is allowed: the likeliest that is").containsExactly(new double[] {0, 0, 0, 1}, within(1e-9));
    }

    @Test
    void theSameSeedDrawsTheSame() {
        MemorySegment logits = logits(0.25, 0.25, 0.25, 0.25);
        TokenSampler one = new TokenSampler(new Sampling(1, 4, 1, 0, 42));
        TokenSampler two = new TokenSampler(new Sampling(1, 4, 1, 0, 42));
        for (int i = 0; i < 100; i++) {
            assertThat(one.sample(logits, ANY)).isEqualTo(two.sample(logits, ANY));
        }
    }

    @Test
    void impossibleNumbersAreNeverDrawn() {
        MemorySegment odd = MemorySegment.ofArray(new float[] {Float.NaN, Float.NEGATIVE_INFINITY, -1000, Float.NaN});
        assertThat(new TokenSampler(Sampling.GREEDY).sample(odd, ANY)).isEqualTo(2);
        assertThat(new TokenSampler(Sampling.qwen(1)).sample(odd, ANY)).isEqualTo(2);
        assertThatThrownBy(() -> new TokenSampler(Sampling.GREEDY).sample(odd, id -> id != 2)).isInstanceOf(EngineException.class)
                .hasMessage("the model leaves no token that the answer's form allows");
    }
}
