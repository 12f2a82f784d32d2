package aiserver.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ContentionTest {
    private static final double MOST = 0.08;

    @Test
    void aSlowMachineThatKeepsItsPaceIsMeasured() {
        Contention.Share slow = new Contention.Share(0.01, 0, 0, 0.165, 0.16);
        assertThat(slow.tooMuch(MOST)).isFalse();
        assertThat(slow.pace()).isEqualTo(0.16);
    }

    @Test
    void oneThatChangesItIsNot() {
        assertThat(new Contention.Share(0, 0, 0, 0.95, 0.7).tooMuch(MOST)).isTrue();
        assertThat(new Contention.Share(0, 0, 0, 0.16, 0.9).tooMuch(MOST)).isTrue();
    }

    @Test
    void whatOthersTakeCountsWhereNoRateIsKnown() {
        assertThat(new Contention.Share(0.01, 0.01, 0, Double.NaN, Double.NaN).tooMuch(MOST)).isFalse();
        assertThat(new Contention.Share(0.2, 0, 0, Double.NaN, Double.NaN).tooMuch(MOST)).isTrue();
        assertThat(new Contention.Share(0, 0.2, 0, 1, 1).tooMuch(MOST)).isTrue();
    }
}
