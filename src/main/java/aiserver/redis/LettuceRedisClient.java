package aiserver.redis;

import io.lettuce.core.KeyValue;
import io.lettuce.core.LMoveArgs;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** {@link RedisClient} on Lettuce: each call's command and the shape of its answer. Any thread. */
public final class LettuceRedisClient implements RedisClient {
    /** Oftener than gateways forget a silent connection. */
    private static final Duration ASK_AGAIN = Duration.ofSeconds(30);

    private final LettuceConnections connections;

    /**
     * Connects to nothing yet; the first call does.
     *
     * @param uri            {@code redis://}, {@code rediss://} or {@code redis-sentinel://} with password, database and all
     * @param commandTimeout how long a command that does not block may take, and a connection to be made
     * @throws IllegalArgumentException where the URI cannot be read; the message holds no secret
     */
    public LettuceRedisClient(String uri, Duration commandTimeout) {
        this(uri, commandTimeout, null);
    }

    /**
     * @param trusted PEM file with the certificates to trust for {@code rediss://}, or null: those of this Java
     * @throws IllegalArgumentException where the URI or the file cannot be read; the message holds no secret
     */
    public LettuceRedisClient(String uri, Duration commandTimeout, Path trusted) {
        connections = new LettuceConnections(uri, commandTimeout, trusted);
    }

    @Override
    public Optional<byte[]> brpop(String queue, Duration timeout) {
        return connections.blocking(timeout, commands -> commands.brpop(seconds(timeout), queue)).map(KeyValue::getValue);
    }

    @Override
    public Optional<byte[]> blmove(String from, String to, Duration timeout) {
        return connections.blocking(timeout, commands -> commands.blmove(from, to, LMoveArgs.Builder.rightLeft(), seconds(timeout)));
    }

    @Override
    public void lpush(String list, byte[] message) {
        connections.call(commands -> commands.lpush(list, message));
        connections.wrote();
    }

    @Override
    public long length(String list) {
        return connections.call(commands -> commands.llen(list));
    }

    @Override
    public List<byte[]> range(String list) {
        return connections.call(commands -> commands.lrange(list, 0, -1));
    }

    @Override
    public byte[] get(String key) {
        return connections.call(commands -> commands.get(key));
    }

    @Override
    public List<Boolean> exist(List<String> keys) {
        if (keys.isEmpty()) {
            return List.of();
        }
        // MGET gives nil for a key that is no string; the keys asked for are set by SET.
        return connections.call(commands -> commands.mget(keys.toArray(String[]::new))).stream().map(KeyValue::hasValue).toList();
    }

    @Override
    public List<String> members(String key) {
        return connections.call(commands -> commands.zrange(key, 0, -1)).stream().map(b -> new String(b, StandardCharsets.UTF_8)).toList();
    }

    @Override
    public long publish(String channel, byte[] message) {
        return connections.call(commands -> commands.publish(channel, message));
    }

    @Override
    public void tell(String channel, byte[] message) {
        StatefulRedisConnection<String, byte[]> connection = connections.sharedIfOpen();
        if (connection != null) {
            connection.async().publish(channel, message);
        }
    }

    @Override
    public List<byte[]> eval(Script script, List<String> keys, List<byte[]> arguments) {
        String[] keyArray = keys.toArray(String[]::new);
        byte[][] argumentArray = arguments.toArray(byte[][]::new);
        String digest = script.digest();
        Object answer;
        try {
            answer = connections.call(commands -> commands.<Object>evalsha(digest, ScriptOutputType.OBJECT, keyArray, argumentArray));
        } catch (RedisException e) {
            if (!(e.getCause() instanceof RedisNoScriptException)) {
                throw e;
            }
            // Redis was restarted or its scripts were flushed; EVAL also loads it again.
            answer = connections.call(commands -> commands.<Object>eval(script.source(), ScriptOutputType.OBJECT, keyArray, argumentArray));
        }
        // The others may find nothing to do, and then succeed where writes are refused.
        if (script == Script.HEARTBEAT || script == Script.DROP) {
            connections.wrote();
        }
        List<byte[]> elements = new ArrayList<>();
        flatten(answer, elements);
        return elements;
    }

    @Override
    public Subscription subscribe(List<String> patterns, Consumer<Heard> heard) {
        StatefulRedisPubSubConnection<String, byte[]> connection = connections.listening();
        connection.addListener(new RedisPubSubAdapter<String, byte[]>() {
            @Override
            public void message(String pattern, String channel, byte[] message) {
                heard.accept(new Heard(channel, message));
            }
        });
        try {
            PatternSubscription subscription = new PatternSubscription(connection, patterns.toArray(String[]::new), ASK_AGAIN);
            connections.await(subscription.asked());
            return subscription;
        } catch (RuntimeException e) {
            connection.closeAsync();
            throw e;
        }
    }

    @Override
    public void close() {
        connections.close();
    }

    private static void flatten(Object answer, List<byte[]> elements) {
        switch (answer) {
            case List<?> list -> list.forEach(item -> flatten(item, elements));
            case byte[] bytes -> elements.add(bytes);
            default -> elements.add(answer.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    // Lettuce takes seconds with a fraction; 0 would wait for ever.
    private static double seconds(Duration timeout) {
        return Math.max(0.01, timeout.toMillis() / 1000.0);
    }
}
