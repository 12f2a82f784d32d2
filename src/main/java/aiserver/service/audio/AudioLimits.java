package aiserver.service.audio;

import java.time.Duration;
import java.util.Objects;

/**
 * What a recording may be and what its decoding may cost. Settings of the worker; immutable.
 *
 * @param maxBytes       of the file as sent, 1 or more
 * @param minSeconds     shorter is no speech; the engine ignores less than 0.1 s
 * @param maxSeconds     of decoded audio
 * @param maxClipped     0 to 1: share of samples at full scale from which a recording is called clipped
 * @param decodeTime     of the wall clock and of the processor that ffmpeg may take for one file
 * @param decoderMemory  bytes of address space that ffmpeg may take
 */
public record AudioLimits(long maxBytes, double minSeconds, double maxSeconds, double maxClipped, Duration decodeTime,
                          long decoderMemory) {
    /**
     * As much as the longest message brings as base64 beside its other fields: 12 minutes of 16-bit WAV at 16 kHz, and 30
     * minutes of what is compressed. A quarter of all samples at full scale is no speech.
     */
    public static final AudioLimits DEFAULT =
            new AudioLimits(23L << 20, 0.1, 1800, 0.25, Duration.ofSeconds(60), 1L << 30);

    private static final double MOST_SECONDS = 4 * 3600;

    public AudioLimits {
        Objects.requireNonNull(decodeTime, "decodeTime");
        require(maxBytes >= 1, "maxBytes", maxBytes);
        require(minSeconds >= 0 && minSeconds < MOST_SECONDS, "minSeconds", minSeconds);
        require(maxSeconds > minSeconds && maxSeconds <= MOST_SECONDS, "maxSeconds", maxSeconds);
        require(maxClipped > 0 && maxClipped <= 1, "maxClipped", maxClipped);
        require(decodeTime.toMillis() >= 1, "decodeTime", decodeTime);
        require(decoderMemory >= 256L << 20, "decoderMemory", decoderMemory);
    }

    private static void require(boolean ok, String field, Object value) {
        if (!ok) {
            throw new IllegalArgumentException("audio limit " + field + " cannot be " + value);
        }
    }
}
