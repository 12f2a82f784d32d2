package aiserver.service.speech;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.RunControl;
import aiserver.engine.VoiceDetector.Stretch;
import aiserver.service.audio.Sound;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnergyGateTest {
    private static final int RATE = 16_000;
    private final EnergyGate gate = new EnergyGate();

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.00001, 0.001, 0.01, 0.1, 0.3})
    void findsNothingInSteadyNoise(double rms) {
        for (long seed = 0; seed < 5; seed++) {
            float[] white = Sound.noise(RATE, 4, rms, seed);
            assertThat(find(white)).as("white, %s", rms).isEmpty();
            assertThat(find(brown(white))).as("brown, %s", rms).isEmpty();
            assertThat(find(hum(white))).as("with hum, %s", rms).isEmpty();
        }
    }

    @Test
    void findsNothingInBeepsThatGoUpAndDown() {
        float[] samples = new float[6 * RATE];
        double phase = 0;
        for (int i = 0; i < samples.length; i++) {
            phase += 2 * Math.PI * (1500 + 1200 * Math.sin(i * 0.0003)) / RATE;
            samples[i] = (float) (0.07 * Math.sin(phase));
        }
        assertThat(find(samples)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.0005, 0.005, 0.02})
    void findsSpeechInNoise(double noise) {
        float[] samples = Sound.noise(RATE, 4, noise, 3);
        add(samples, Sound.chirp(RATE, 1.2), 20_000);
        List<Stretch> found = find(samples);
        assertThat(found).hasSize(1);
        assertThat(found.getFirst().from()).isBetween(20_000 - 20_000, 20_000);
        assertThat(found.getFirst().to()).isBetween(20_000 + 19_200, 20_000 + 19_200 + 20_000);
    }

    @Test
    void keepsQuietWordsAroundALoudOne() {
        float[] samples = Sound.noise(RATE, 6, 0.03, 4);
        add(samples, scaled(Sound.chirp(RATE, 0.7), 0.12f), 2 * RATE);
        add(samples, Sound.chirp(RATE, 0.7), 14 * RATE / 5);
        add(samples, scaled(Sound.chirp(RATE, 0.7), 0.12f), 18 * RATE / 5);
        List<Stretch> found = find(samples);
        assertThat(found).hasSize(1);
        assertThat(found.getFirst().from()).isLessThanOrEqualTo(2 * RATE);
        assertThat(found.getFirst().to()).isGreaterThanOrEqualTo(43 * RATE / 10);
    }

    @Test
    void hearsSpeechThatBarelyStandsOut() {
        float[] samples = Sound.noise(RATE, 5, 0.07, 6);
        add(samples, scaled(Sound.chirp(RATE, 2), 0.7f), RATE);
        assertThat(find(samples)).hasSize(1);
    }

    @Test
    void keepsSpeechThatFillsTheRecording() {
        List<Stretch> found = find(Sound.chirp(RATE, 2));
        assertThat(found).isNotEmpty();
        assertThat(found.stream().mapToInt(stretch -> stretch.to() - stretch.from()).sum()).isGreaterThan(28_000);
    }

    @Test
    void tellsTwoSentencesApart() {
        float[] samples = new float[10 * RATE];
        add(samples, Sound.chirp(RATE, 1), RATE);
        add(samples, Sound.chirp(RATE, 1), 6 * RATE);
        assertThat(find(samples)).hasSize(2).isSortedAccordingTo((a, b) -> Integer.compare(a.from(), b.from()));
    }

    @Test
    void takesASingleClickForNone() {
        float[] samples = Sound.noise(RATE, 3, 0.001, 1);
        samples[20_000] = 0.9f;
        samples[20_001] = -0.9f;
        assertThat(find(samples)).isEmpty();
    }

    @Test
    void takesAnyLength() {
        assertThat(find(new float[0])).isEmpty();
        assertThat(find(new float[] {0.5f})).isEmpty();
        assertThat(find(new float[321])).isEmpty();
    }

    private List<Stretch> find(float[] samples) {
        return gate.find(samples, RunControl.NONE);
    }

    private static void add(float[] samples, float[] sound, int at) {
        for (int i = 0; i < sound.length; i++) {
            samples[at + i] = Math.clamp(samples[at + i] + sound[i], -1f, 1f);
        }
    }

    private static float[] scaled(float[] sound, float gain) {
        for (int i = 0; i < sound.length; i++) {
            sound[i] *= gain;
        }
        return sound;
    }

    /** Noise whose power falls with the square of the frequency, as of wind and traffic. */
    private static float[] brown(float[] white) {
        float[] brown = new float[white.length];
        float sum = 0;
        for (int i = 0; i < white.length; i++) {
            sum = 0.99f * sum + 0.15f * white[i];
            brown[i] = Math.clamp(sum, -1f, 1f);
        }
        return brown;
    }

    private static float[] hum(float[] white) {
        float[] mains = Sound.tone(RATE, white.length / (double) RATE, 120, new Random(1).nextDouble(0.1, 0.3));
        float[] sum = white.clone();
        add(sum, mains, 0);
        return sum;
    }
}
