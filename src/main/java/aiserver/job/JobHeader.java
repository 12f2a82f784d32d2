package aiserver.job;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The part of a job that is the same for every kind.
 *
 * @param requestId  1 to 128 of {@code A-Za-z0-9._:-}
 * @param createdAt  when the producer made it, epoch milliseconds, or null
 * @param deadlineAt when its result is of no more use, epoch milliseconds, or null
 */
public record JobHeader(String requestId, Long createdAt, Long deadlineAt) {
    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    public JobHeader {
        Objects.requireNonNull(requestId, "requestId");
        if (!isRequestId(requestId)) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD,
                    "request_id must be 1 to 128 of A-Za-z0-9._:- but has " + requestId.length() + " characters or others");
        }
        requireTime("created_at", createdAt);
        requireTime("deadline_at", deadlineAt);
    }

    public static boolean isRequestId(String text) {
        return REQUEST_ID.matcher(text).matches();
    }

    private static void requireTime(String field, Long value) {
        if (value != null && value < 0) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, field + " must be epoch milliseconds but is " + value);
        }
    }
}
