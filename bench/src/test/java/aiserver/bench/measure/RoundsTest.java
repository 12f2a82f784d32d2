package aiserver.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class RoundsTest {
    @Test
    void timesOfTextsOfTheSameLengthAreComparedAsTheyAre() {
        Rounds rounds = rounds(100, 104);
        assertThat(rounds.perToken("peer", "ours")).isFalse();
        assertThat(rounds.ratioOfTimes("peer", "ours")).isEqualTo(new Spread(3, 2, 4));
        assertThat(rounds.basis("peer", "ours")).contains("same length");
        assertThat(rounds.details("s")).containsKey("tokens");
    }

    @Test
    void timesOfLongerTextsAreThoseOfAToken() {
        Rounds rounds = rounds(100, 200);
        assertThat(rounds.perToken("peer", "ours")).isTrue();
        assertThat(rounds.ratioOfTimes("peer", "ours")).isEqualTo(new Spread(1.5, 1, 2));
        assertThat(rounds.ratio("peer", "ours")).isEqualTo(new Spread(3, 2, 4));
        assertThat(rounds.basis("peer", "ours")).contains("token");
    }

    @Test
    void timesOfATokenAreComparedWhateverTheLength() {
        assertThat(rounds(100, 104).ratioOfTokenTimes("peer", "ours").median()).isEqualTo(300 / 104.0);
    }

    @Test
    void whoeverWroteNothingIsNotCompared() {
        assertThatThrownBy(() -> rounds(0, 200).ratioOfTimes("peer", "ours")).hasMessageContaining("ours wrote nothing");
        assertThatThrownBy(() -> rounds(0, 200).ratioOfTokenTimes("peer", "ours")).hasMessageContaining("ours wrote nothing");
    }

    @Test
    void withoutCountsTimesAreComparedAsTheyAre() {
        Rounds rounds = rounds(Double.NaN, Double.NaN);
        assertThat(rounds.ratioOfTimes("peer", "ours").median()).isEqualTo(3);
        assertThat(rounds.basis("peer", "ours")).isEmpty();
        assertThat(rounds.details("s")).doesNotContainKey("tokens");
    }

    @Test
    void aPercentilesRangeLeavesOnePairOfBlocksOut() {
        List<List<Double>> alone = List.of(List.of(1.0, 1.0), List.of(1.0, 1.0), List.of(1.0, 2.0));
        List<List<Double>> beside = List.of(List.of(1.0, 1.0), List.of(1.0, 1.0), List.of(1.0, 3.0));
        Spread ratio = TogetherPart.ratio(alone, beside);
        assertThat(ratio).isEqualTo(new Spread(1.5, 1, 1.5));
    }

    private static Rounds rounds(double ours, double theirs) {
        Rounds rounds = new Rounds();
        for (double seconds : new double[] {2, 3, 4}) {
            rounds.add("ours", new Rounds.Run(1, ours));
            rounds.add("peer", new Rounds.Run(seconds, theirs));
        }
        return rounds;
    }
}
