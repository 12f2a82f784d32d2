package aiserver.service.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResamplerTest {
    private static final int EDGE = 800;

    @ParameterizedTest
    @ValueSource(ints = {1000, 8000, 11025, 12345, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000, 384_000})
    void keepsDurationAndTime(int rate) {
        double top = Math.min(rate, 16000) / 2.0;
        double seconds = 0.5;
        float[] out = resample(Sound.tone(rate, seconds, top / 4, 0.5), rate, 1000);
        assertThat(out.length).isCloseTo((int) (16000 * seconds), within(1));
        float[] expected = Sound.tone(16000, seconds, top / 4, 0.5);
        for (int i = EDGE; i < out.length - EDGE; i++) {
            assertThat(out[i]).as("%d Hz, sample %d", rate, i).isCloseTo(expected[i], within(0.002f));
        }
    }

    @Test
    void meetsAnOddRateNearly() {
        float[] out = resample(Sound.tone(383_999, 0.5, 1000, 0.5), 383_999, 1000);
        float[] expected = Sound.tone(16000, 0.5, 1000, 0.5);
        assertThat(out.length).isCloseTo(8000, within(1));
        for (int i = EDGE; i < out.length - EDGE; i++) {
            // 20 parts in a million of half a second are 10 microseconds, 0.03 of this tone.
            assertThat(out[i]).isCloseTo(expected[i], within(0.03f));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {24000, 32000, 44100, 48000, 96000})
    void keepsWhatSpeechNeedsAndDropsWhatWouldFold(int rate) {
        float[] kept = resample(Sound.tone(rate, 0.5, 6500, 0.5), rate, 4096);
        assertThat(decibels(kept, 0.5)).isCloseTo(0, within(0.1));
        float[] dropped = resample(Sound.tone(rate, 0.5, 8600, 0.5), rate, 4096);
        assertThat(decibels(dropped, 0.5)).isLessThan(-75);
    }

    @Test
    void makesNoImagesWhenItAddsSamples() {
        float[] out = resample(Sound.tone(8000, 1, 1000, 0.5), 8000, 4096);
        float[] pure = Sound.tone(16000, 1, 1000, 0.5);
        float[] difference = new float[out.length];
        for (int i = 0; i < out.length; i++) {
            difference[i] = out[i] - pure[i];
        }
        assertThat(decibels(difference, 0.5)).isLessThan(-75);
    }

    @Test
    void passesSixteenKilohertzUnchanged() {
        float[] in = Sound.noise(16000, 0.2, 0.3, 1);
        assertThat(resample(in, 16000, 77)).containsExactly(in);
    }

    @Test
    void doesNotCareHowTheInputIsCut() {
        float[] in = Sound.noise(44100, 0.3, 0.3, 2);
        float[] whole = resample(in, 44100, in.length);
        assertThat(resample(in, 44100, 1)).containsExactly(whole);
        assertThat(resample(in, 44100, 1000)).containsExactly(whole);
    }

    @Test
    void oneSampleGivesOne() {
        assertThat(resample(new float[] {0.5f}, 48000, 1)).hasSize(1);
        assertThat(resample(new float[0], 48000, 1)).isEmpty();
    }

    @Test
    void refusesOtherRates() {
        assertThatThrownBy(() -> new Resampler(999)).hasMessageContaining("999");
        assertThatThrownBy(() -> new Resampler(384_001)).hasMessageContaining("384001");
    }

    private static double decibels(float[] out, double amplitude) {
        float[] inner = Arrays.copyOfRange(out, EDGE, out.length - EDGE);
        return 20 * Math.log10(Sound.rms(inner) * Math.sqrt(2) / amplitude + 1e-12);
    }

    private static float[] resample(float[] in, int rate, int step) {
        Resampler resampler = new Resampler(rate);
        float[] all = new float[(int) ((long) in.length * 16000 / rate) + 10];
        float[] out = new float[resampler.bound(step)];
        int size = 0;
        for (int at = 0; at < in.length; at += step) {
            int count = Math.min(step, in.length - at);
            int written = resampler.push(Arrays.copyOfRange(in, at, at + count), count, out);
            System.arraycopy(out, 0, all, size, written);
            size += written;
        }
        int written = resampler.finish(out);
        System.arraycopy(out, 0, all, size, written);
        return Arrays.copyOf(all, size + written);
    }
}
