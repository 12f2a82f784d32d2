package aiserver.redis;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;

import java.time.Duration;

/**
 * A connection that listens to patterns. A gateway between us and Redis may forget a connection on which nothing is said, and
 * neither side is told; so the same patterns are asked for again now and then, which changes nothing, and an answer that does
 * not come means that nothing else does. Made by the client, owned by whoever subscribed; any thread.
 */
final class PatternSubscription implements RedisClient.Subscription {
    private final StatefulRedisPubSubConnection<String, byte[]> connection;
    private final String[] patterns;
    private final long everyNanos;
    private RedisFuture<Void> asked;
    private long askedNanos;

    /** @param every how often the patterns are asked for again, and how long an answer may take */
    PatternSubscription(StatefulRedisPubSubConnection<String, byte[]> connection, String[] patterns, Duration every) {
        this.connection = connection;
        this.patterns = patterns;
        this.everyNanos = every.toNanos();
        ask();
    }

    private void ask() {
        asked = connection.async().psubscribe(patterns);
        askedNanos = System.nanoTime();
    }

    /** The answer to what was asked last. */
    synchronized RedisFuture<Void> asked() {
        return asked;
    }

    @Override
    public synchronized boolean open() {
        if (System.nanoTime() - askedNanos >= everyNanos) {
            if (!asked.isDone()) {
                return false;
            }
            ask();
        }
        return connection.isOpen();
    }

    @Override
    public void close() {
        connection.close();
    }
}
