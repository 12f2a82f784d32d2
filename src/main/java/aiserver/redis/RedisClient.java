package aiserver.redis;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The few things that this program asks of Redis. Messages are bytes, since a producer may send anything and a message can
 * be taken off a list only by what it is, to the byte. Safe from any thread; every blocking call has a connection of its
 * own. Every method throws {@link RedisException} where Redis does not answer or refuses.
 */
public interface RedisClient extends AutoCloseable {

    /** Pops the oldest message, waiting for one; empty when the time is over. What is popped is gone from Redis. */
    Optional<byte[]> brpop(String queue, Duration timeout);

    /** Moves the oldest message of {@code from} to the head of {@code to}, waiting for one; empty when the time is over. */
    Optional<byte[]> blmove(String from, String to, Duration timeout);

    /** Adds a message at the end where producers add. */
    void lpush(String list, byte[] message);

    long length(String list);

    /** Every element, head first. */
    List<byte[]> range(String list);

    /** The value of a string key, or null. */
    byte[] get(String key);

    /** For each key whether it exists. */
    List<Boolean> exist(List<String> keys);

    /** The members of a sorted set. */
    List<String> members(String key);

    /** Sends a message to whoever listens now and gives their number. */
    long publish(String channel, byte[] message);

    /** Sends a message without waiting; lost where Redis is away. */
    void tell(String channel, byte[] message);

    /** Runs a script; the elements of its answer, a number as its digits, a single answer as one element. */
    List<byte[]> eval(Script script, List<String> keys, List<byte[]> arguments);

    /**
     * Listens to every channel that fits one of the patterns, on a connection of its own.
     *
     * @param heard called on a thread of the client; must be quick
     */
    Subscription subscribe(List<String> patterns, Consumer<Heard> heard);

    /** What was heard. */
    record Heard(String channel, byte[] message) {
    }

    /** A listening that lasts until it is closed or its connection breaks; then the caller subscribes again. */
    interface Subscription extends AutoCloseable {
        boolean open();

        @Override
        void close();
    }

    @Override
    void close();
}
