package aiserver.config;

import aiserver.service.ShopLanguage;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How values of options are written that Java has no common notation for. */
final class Converters {
    private Converters() {
    }

    /** A time such as {@code 500ms}, {@code 30s}, {@code 10m}, {@code 2h}. */
    static class Time implements ITypeConverter<Duration> {
        private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

        @Override
        public Duration convert(String value) {
            Matcher matcher = FORM.matcher(value.strip().toLowerCase(Locale.ROOT));
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + value + "' is no time such as 500ms, 30s, 10m or 2h");
            }
            long number = Long.parseLong(matcher.group(1));
            Duration time = switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                default -> Duration.ofHours(number);
            };
            // A hundred years: nanoseconds of more soon leave a long.
            return requireAtMost(value, time, 876_000);
        }

        static Duration requireAtMost(String value, Duration time, long hours) {
            if (time.compareTo(Duration.ofHours(hours)) > 0) {
                throw new TypeConversionException("'" + value + "' is more than " + hours + "h");
            }
            return time;
        }
    }

    /** A word of a list, where blanks may stand around the commas. */
    static final class Word implements ITypeConverter<String> {
        @Override
        public String convert(String value) {
            return value.strip();
        }
    }

    /** A {@link Time} that is more than none. */
    static final class SomeTime extends Time {
        @Override
        public Duration convert(String value) {
            Duration time = super.convert(value);
            if (time.isZero()) {
                throw new TypeConversionException("'" + value + "' must be at least 1ms");
            }
            return time;
        }
    }

    /** A {@link SomeTime} of a day at most: Lettuce counts the milliseconds of a timeout in an int. */
    static final class DayAtMost implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            return Time.requireAtMost(value, new SomeTime().convert(value), 24);
        }
    }

    /** A {@link SomeTime}, or {@code off} for none (null). */
    static final class TimeOrOff implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String value) {
            return value.strip().equalsIgnoreCase("off") ? null : new SomeTime().convert(value);
        }
    }

    /** A number of bytes such as {@code 32M} or {@code 64k}. */
    static final class Bytes implements ITypeConverter<Integer> {
        private static final Pattern FORM = Pattern.compile("(\\d{1,9})([kKmM]?)");

        @Override
        public Integer convert(String value) {
            Matcher matcher = FORM.matcher(value.strip());
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + value + "' is no number of bytes such as 65536, 64k or 32M");
            }
            long bytes = Long.parseLong(matcher.group(1)) << switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                case "k" -> 10;
                case "m" -> 20;
                default -> 0;
            };
            if (bytes > Integer.MAX_VALUE) {
                throw new TypeConversionException("'" + value + "' is more than 2047M");
            }
            return (int) bytes;
        }
    }

    /** A language of the shop by its ISO 639-1 code. */
    static final class Language implements ITypeConverter<ShopLanguage> {
        @Override
        public ShopLanguage convert(String value) {
            return ShopLanguage.ofCode(value.strip()).orElseThrow(() -> new TypeConversionException("'" + value + "' is none of "
                    + Arrays.stream(ShopLanguage.values()).map(ShopLanguage::code).toList()));
        }
    }
}
