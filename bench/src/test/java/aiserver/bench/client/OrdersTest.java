package aiserver.bench.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OrdersTest {
    @Test
    void nobodySaysTheSameTwice() {
        List<String> said = IntStream.range(0, 400).mapToObj(Orders::said).toList();
        assertThat(said).doesNotHaveDuplicates();
        assertThat(said.subList(0, 8)).isEqualTo(Orders.SPOKEN);
        assertThat(said.get(8)).endsWith(Orders.SPOKEN.getFirst()).isNotEqualTo(Orders.SPOKEN.getFirst());
    }
}
