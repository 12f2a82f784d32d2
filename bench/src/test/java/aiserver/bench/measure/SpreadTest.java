package aiserver.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpreadTest {
    /** The sign test's tables: of 9 figures one at either end is left out, of 12 two, of 25 seven. */
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "3, 2, 1, 3", "8, 4.5, 1, 8", "9, 5, 2, 8", "12, 6.5, 3, 10", "25, 13, 8, 18", "100, 50.5, 40, 61"})
    void leavesOutAsManyAsChanceAllows(int figures, double median, double low, double high) {
        List<Double> shuffled = IntStream.rangeClosed(1, figures).mapToObj(i -> (double) i).collect(Collectors.toList());
        Collections.shuffle(shuffled, new Random(7));
        assertThat(Spread.of(shuffled)).isEqualTo(new Spread(median, low, high));
    }

    @Test
    void percentilesAreFiguresThatWere() {
        assertThat(Spread.percentile(List.of(3.0, 1.0, 2.0), 0.95)).isEqualTo(3);
    }
}
