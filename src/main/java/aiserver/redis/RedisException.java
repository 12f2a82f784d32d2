package aiserver.redis;

/**
 * Redis did not do what was asked. {@link #passing} tells whether the same call may succeed later without anybody changing
 * the keys: a cut connection, a restart, a replica that is not yet master, a full memory, a password that is being changed.
 */
public final class RedisException extends RuntimeException {
    private final boolean passing;

    public RedisException(boolean passing, String message, Throwable cause) {
        super(message, cause);
        this.passing = passing;
    }

    public boolean passing() {
        return passing;
    }
}
