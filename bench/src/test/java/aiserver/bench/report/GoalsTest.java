package aiserver.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GoalsTest {
    private static final Goals LEAST = new Goals("a", "a", 2, true, "≥ 2");
    private static final Goals MOST = new Goals("b", "b", 2, false, "≤ 2");

    @Test
    void threeRoundsOnOneSideDecide() {
        assertThat(LEAST.verdict(3, 2.5, 2, 3, false)).isEqualTo("yes");
        assertThat(LEAST.verdict(3, 1.5, 1, 1.9, false)).isEqualTo("no");
        assertThat(MOST.verdict(3, 1.5, 1, 2, false)).isEqualTo("yes");
        assertThat(MOST.verdict(3, 2.5, 2.1, 3, false)).isEqualTo("no");
    }

    @Test
    void fewerOrOnBothSidesDoNot() {
        assertThat(LEAST.verdict(1, 9, 9, 9, false)).isEqualTo("undecided (1 round)");
        assertThat(LEAST.verdict(2, 9, 9, 9, false)).isEqualTo("undecided (2 rounds)");
        assertThat(LEAST.verdict(5, 2.5, 1.9, 3, false)).isEqualTo("undecided (on both sides)");
        assertThat(MOST.verdict(5, 1.5, 1, 2.1, false)).isEqualTo("undecided (on both sides)");
    }

    @Test
    void aTimeMissedOnASlowedMachineDecidesNothing() {
        assertThat(MOST.verdict(3, 2.5, 2.1, 3, true)).isEqualTo("undecided (machine below its rate)");
        assertThat(MOST.verdict(3, 1.5, 1, 1.9, true)).isEqualTo("yes");
    }
}
