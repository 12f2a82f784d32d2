package aiserver.service.order;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.Optional;

/**
 * The shop's time: what the backend's ISO 8601 texts mean in its zone. A time with an offset is that moment, one
 * without is local, a date alone is the whole day. Immutable, any thread.
 */
record ShopClock(Clock clock, ZoneId zone) {
    private static final DateTimeFormatter ISO = new DateTimeFormatterBuilder().appendPattern("uuuu-MM-dd")
            .optionalStart().appendPattern("['T'][' ']HH:mm")
            .optionalStart().appendPattern(":ss")
            .optionalStart().appendFraction(ChronoField.NANO_OF_SECOND, 1, 9, true).optionalEnd().optionalEnd()
            .appendPattern("[XXX][XX][X]").optionalEnd().toFormatter(Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);

    /** Whether a promotion with this end still holds; empty where the text cannot be read. Null has no end. */
    Optional<Boolean> holds(String endsAt) {
        if (endsAt == null) {
            return Optional.of(true);
        }
        return end(endsAt).map(end -> clock.instant().isBefore(end));
    }

    /** The moment that a text names, the first of the day for a date; empty where it cannot be read. */
    Optional<Instant> moment(String text) {
        return read(text).map(value -> value instanceof LocalDate date ? startOf(date) : at(value));
    }

    private Optional<Instant> end(String text) {
        return read(text).map(value -> value instanceof LocalDate date
                ? date.equals(LocalDate.MAX) ? Instant.MAX : startOf(date.plusDays(1)) : at(value));
    }

    private Instant startOf(LocalDate date) {
        return at(date.atStartOfDay());
    }

    // Near the ends of the calendar, which backends write for "never", a zone's offset leads beyond them.
    private Instant at(TemporalAccessor value) {
        try {
            return value instanceof OffsetDateTime time ? time.toInstant() : ((LocalDateTime) value).atZone(zone).toInstant();
        } catch (DateTimeException e) {
            return value.get(ChronoField.YEAR) > 0 ? Instant.MAX : Instant.MIN;
        }
    }

    private static Optional<TemporalAccessor> read(String text) {
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(ISO.parseBest(text.strip(), OffsetDateTime::from, LocalDateTime::from, LocalDate::from));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
