package aiserver.service.order;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShopClockTest {
    // 00:30 on the 1st in Seoul, still the 31st in London
    private final ShopClock clock = new ShopClock(Clock.fixed(Instant.parse("2026-12-31T15:30:00Z"), ZoneOffset.UTC), ZoneId.of("Asia/Seoul"));

    @ParameterizedTest
    @CsvSource(nullValues = "-", value = {
        "-, true", "2027-01-01, true", "2026-12-31, false", "2027-01-01T00:30, false", "2027-01-01T00:31, true",
        "2027-01-01 00:31:00, true", "2026-12-31T15:31:00Z, true", "2026-12-31T15:29:59.999Z, false",
        "2027-01-01T00:31:00+09:00, true", "2027-01-01T00:29:00+0900, false",
        "2026-12-31T15:30:00.5Z, true", "2027-01-01T00:29:59.1234567+09:00, false", "2027-01-01T00:30:00.12345, true", " 2027-01-01 , true",
        "+999999999-12-31, true", "+999999999-12-31T23:59:59, true", "-999999999-01-01, false", "-999999999-01-01T00:00, false"})
    void anEventHoldsToItsEndInTheShopsZone(String endsAt, boolean holds) {
        assertThat(clock.holds(endsAt)).contains(holds);
    }

    @ParameterizedTest
    @CsvSource({"2027-01-01T00:31.5", "2027-01-01T00:31:00.", "2027-01-01T00:31:00.1234567890", "soon", "2027-13-01", "2027-02-30", "''", "1735689600000"})
    void whatIsNoTimeIsUnknown(String endsAt) {
        assertThat(clock.holds(endsAt)).isEmpty();
        assertThat(clock.moment(endsAt)).isEmpty();
    }
}
