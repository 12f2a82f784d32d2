package aiserver.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyValue;
import io.lettuce.core.LMoveArgs;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.event.DefaultEventPublisherOptions;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * {@link RedisClient} on Lettuce. One connection carries all short commands, one more is lent to each blocking call and one
 * to each subscription. A connection that failed is closed and the next call opens a new one: the library's own reconnect
 * would send a lost BLMOVE again for a caller that has long gone, and the message would be in nobody's hand. Opening anew
 * also asks Sentinel for the master of the moment.
 *
 * <p>Kept small, since it idles beside the models: two event threads (the library's least), no pooled buffers (they would
 * hold 16 MB chunks for messages of a few hundred bytes), no latency statistics.
 */
public final class LettuceRedisClient implements RedisClient {
    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    static {
        setIfUnset("io.netty.allocator.type", "unpooled");
        setIfUnset("io.netty.noPreferDirect", "true");
        // Newer Java warns of the Unsafe methods that Netty would use for direct buffers, which are not used here.
        setIfUnset("io.netty.noUnsafe", "true");
        setIfUnset("io.netty.eventLoopThreads", "2");
    }

    private final ClientResources resources;
    private final io.lettuce.core.RedisClient client;
    private final Duration commandTimeout;
    private final Outage outage;
    private final Map<Script, String> digests = new ConcurrentHashMap<>();
    private final Deque<StatefulRedisConnection<String, byte[]>> idleBlocking = new ConcurrentLinkedDeque<>();
    private final Object connecting = new Object();
    private volatile StatefulRedisConnection<String, byte[]> shared;
    private volatile boolean closed;

    /**
     * Connects to nothing yet; the first call does.
     *
     * @param uri            {@code redis://}, {@code rediss://} or {@code redis-sentinel://} with password, database and all
     * @param commandTimeout how long a command that does not block may take, and a connection to be made
     * @throws IllegalArgumentException where the URI cannot be read; the message holds no secret
     */
    public LettuceRedisClient(String uri, Duration commandTimeout) {
        RedisURI parsed = RedisAddress.parse(uri);
        parsed.setTimeout(commandTimeout);
        parsed.getSentinels().forEach(sentinel -> sentinel.setTimeout(commandTimeout));
        this.commandTimeout = commandTimeout;
        this.outage = new Outage(RedisAddress.shown(parsed));
        this.resources = DefaultClientResources.builder()
                .ioThreadPoolSize(DefaultClientResources.MIN_IO_THREADS)
                .computationThreadPoolSize(DefaultClientResources.MIN_COMPUTATION_THREADS)
                .commandLatencyRecorder(CommandLatencyRecorder.disabled())
                .commandLatencyPublisherOptions(DefaultEventPublisherOptions.disabled())
                .build();
        this.client = io.lettuce.core.RedisClient.create(resources, parsed);
        client.setOptions(ClientOptions.builder()
                .autoReconnect(false)
                .protocolVersion(ProtocolVersion.RESP2)
                .scriptCharset(StandardCharsets.UTF_8)
                .socketOptions(SocketOptions.builder().connectTimeout(commandTimeout).keepAlive(true).build())
                .build());
    }

    @Override
    public Optional<byte[]> brpop(String queue, Duration timeout) {
        return blocking(timeout, commands -> commands.brpop(seconds(timeout), queue)).map(KeyValue::getValue);
    }

    @Override
    public Optional<byte[]> blmove(String from, String to, Duration timeout) {
        return blocking(timeout, commands -> commands.blmove(from, to, LMoveArgs.Builder.rightLeft(), seconds(timeout)));
    }

    @Override
    public void lpush(String list, byte[] message) {
        call(commands -> commands.lpush(list, message));
        outage.wrote();
    }

    @Override
    public long length(String list) {
        return call(commands -> commands.llen(list));
    }

    @Override
    public List<byte[]> range(String list) {
        return call(commands -> commands.lrange(list, 0, -1));
    }

    @Override
    public byte[] get(String key) {
        return call(commands -> commands.get(key));
    }

    @Override
    public List<Boolean> exist(List<String> keys) {
        if (keys.isEmpty()) {
            return List.of();
        }
        // MGET gives nil for a key that is no string; the keys asked for are set by SET.
        return call(commands -> commands.mget(keys.toArray(String[]::new))).stream().map(KeyValue::hasValue).toList();
    }

    @Override
    public List<String> members(String key) {
        return call(commands -> commands.zrange(key, 0, -1)).stream().map(b -> new String(b, StandardCharsets.UTF_8)).toList();
    }

    @Override
    public long publish(String channel, byte[] message) {
        return call(commands -> commands.publish(channel, message));
    }

    @Override
    public void tell(String channel, byte[] message) {
        StatefulRedisConnection<String, byte[]> connection = shared;
        if (connection != null && connection.isOpen()) {
            connection.async().publish(channel, message);
        }
    }

    @Override
    public List<byte[]> eval(Script script, List<String> keys, List<byte[]> arguments) {
        String[] keyArray = keys.toArray(String[]::new);
        byte[][] argumentArray = arguments.toArray(byte[][]::new);
        String digest = digests.computeIfAbsent(script, s -> shared().async().digest(s.source()));
        Object answer;
        try {
            answer = call(commands -> commands.<Object>evalsha(digest, ScriptOutputType.OBJECT, keyArray, argumentArray));
        } catch (RedisException e) {
            if (!(e.getCause() instanceof RedisNoScriptException)) {
                throw e;
            }
            // Redis was restarted or its scripts were flushed; EVAL also loads it again.
            answer = call(commands -> commands.<Object>eval(script.source(), ScriptOutputType.OBJECT, keyArray, argumentArray));
        }
        if (script != Script.DEPTH) {
            outage.wrote();
        }
        List<byte[]> elements = new ArrayList<>();
        flatten(answer, elements);
        return elements;
    }

    @Override
    public Subscription subscribe(List<String> patterns, Consumer<Heard> heard) {
        StatefulRedisPubSubConnection<String, byte[]> connection;
        try {
            connection = client.connectPubSub(CODEC);
        } catch (RuntimeException e) {
            throw failed(e);
        }
        connection.addListener(new RedisPubSubAdapter<String, byte[]>() {
            @Override
            public void message(String pattern, String channel, byte[] message) {
                heard.accept(new Heard(channel, message));
            }
        });
        try {
            await(connection.async().psubscribe(patterns.toArray(String[]::new)), commandTimeout);
        } catch (RuntimeException e) {
            connection.closeAsync();
            throw e;
        }
        return new Subscription() {
            @Override
            public boolean open() {
                return connection.isOpen();
            }

            @Override
            public void close() {
                connection.close();
            }
        };
    }

    @Override
    public void close() {
        closed = true;
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
    }

    private <T> T call(Function<RedisAsyncCommands<String, byte[]>, RedisFuture<T>> command) {
        StatefulRedisConnection<String, byte[]> connection = shared();
        try {
            T answer = await(command.apply(connection.async()), commandTimeout);
            outage.answered();
            return answer;
        } catch (RedisException e) {
            if (e.passing()) {
                discard(connection);
            }
            throw e;
        }
    }

    private <T> Optional<T> blocking(Duration timeout, Function<RedisAsyncCommands<String, byte[]>, RedisFuture<T>> command) {
        StatefulRedisConnection<String, byte[]> connection = idleBlocking.pollFirst();
        while (connection != null && !connection.isOpen()) {
            connection.closeAsync();
            connection = idleBlocking.pollFirst();
        }
        if (connection == null) {
            connection = connect();
        }
        try {
            T answer = await(command.apply(connection.async()), timeout.plus(commandTimeout));
            outage.answered();
            idleBlocking.addFirst(connection);
            return Optional.ofNullable(answer);
        } catch (RuntimeException e) {
            connection.closeAsync();
            throw e;
        }
    }

    private StatefulRedisConnection<String, byte[]> shared() {
        StatefulRedisConnection<String, byte[]> connection = shared;
        if (connection != null && connection.isOpen()) {
            return connection;
        }
        synchronized (connecting) {
            if (shared == null || !shared.isOpen()) {
                shared = connect();
            }
            return shared;
        }
    }

    private void discard(StatefulRedisConnection<String, byte[]> connection) {
        synchronized (connecting) {
            if (shared != connection) {
                return; // another thread's call failed first
            }
            shared = null;
        }
        connection.closeAsync();
    }

    private StatefulRedisConnection<String, byte[]> connect() {
        if (closed) {
            throw new RedisException(true, "the Redis client is closed", null);
        }
        try {
            return client.connect(CODEC);
        } catch (RuntimeException e) {
            throw failed(e);
        }
    }

    private <T> T await(RedisFuture<T> future, Duration timeout) {
        try {
            return future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw failed(e.getCause());
        } catch (TimeoutException e) {
            future.cancel(true);
            throw failed(new TimeoutException("no answer within " + timeout.toMillis() + " ms"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RedisException(true, "interrupted while waiting for Redis", e);
        }
    }

    // What kind of failure this is, and one line in the log if it is the first of an outage.
    private RedisException failed(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null && root.getCause() != root && !(root instanceof RedisCommandExecutionException)) {
            root = root.getCause();
        }
        String why = root.getMessage() == null ? root.getClass().getSimpleName()
                : RedisAddress.withoutScript(root.getMessage());
        if (root instanceof RedisNoScriptException) {
            return new RedisException(false, why, root);
        }
        if (root instanceof RedisCommandExecutionException && !(e instanceof io.lettuce.core.RedisConnectionException)) {
            boolean passing = RedisAddress.isPassing(why);
            if (passing) {
                outage.refused(why);
            }
            return new RedisException(passing, why, e);
        }
        if (!closed) {
            outage.away(why);
        }
        return new RedisException(true, why, e);
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

    private static void setIfUnset(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
