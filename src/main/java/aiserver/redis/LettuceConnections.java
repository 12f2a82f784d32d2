package aiserver.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.event.DefaultEventPublisherOptions;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * The connections behind {@link LettuceRedisClient}: one carries all short commands, one more is lent to each blocking call and one
 * to each subscription. A connection that failed is closed and the next call opens a new one: the library's own reconnect
 * would send a lost BLMOVE again for a caller that has long gone, and the message would be in nobody's hand. Opening anew
 * also asks Sentinel for the master of the moment. Every failure leaves here as a {@link RedisException} and, the first of an
 * outage, as a line in the log. Any thread.
 *
 * <p>Kept small, since it idles beside the models: two event threads (the library's least), no pooled buffers (they would
 * hold 16 MB chunks for messages of a few hundred bytes), no latency statistics.
 */
final class LettuceConnections implements AutoCloseable {
    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    static {
        setIfUnset("io.netty.allocator.type", "unpooled");
        setIfUnset("io.netty.noPreferDirect", "true");
        // Newer Java warns of the Unsafe methods that Netty would use for direct buffers, which are not used here.
        setIfUnset("io.netty.noUnsafe", "true");
        setIfUnset("io.netty.eventLoopThreads", "2");
        // Else the first connection starts the flight recorder's machinery, for events that nobody records.
        setIfUnset("io.lettuce.core.jfr", "false");
    }

    private final ClientResources resources;
    private final io.lettuce.core.RedisClient client;
    private final Duration commandTimeout;
    private final Outage outage;
    private final Deque<StatefulRedisConnection<String, byte[]>> idleBlocking = new ConcurrentLinkedDeque<>();
    /** Guards the two below; nobody connects while holding it. */
    private final Object lock = new Object();
    private volatile StatefulRedisConnection<String, byte[]> shared;
    private CompletableFuture<StatefulRedisConnection<String, byte[]>> connecting;
    private volatile boolean closed;

    LettuceConnections(String uri, Duration commandTimeout, Path trusted) {
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
                .sslOptions(trusted == null ? SslOptions.create() : SslOptions.builder().trustManager(readable(trusted)).build())
                .socketOptions(SocketOptions.builder().connectTimeout(commandTimeout).keepAlive(true).build())
                .build());
    }

    private static File readable(Path certificates) {
        if (!Files.isReadable(certificates)) {
            throw new IllegalArgumentException("the file of trusted certificates " + certificates + " cannot be read");
        }
        return certificates.toFile();
    }

    /** Writes are being taken. */
    void wrote() {
        outage.wrote();
    }

    /** A connection that only listens; its owner closes it. */
    StatefulRedisPubSubConnection<String, byte[]> listening() {
        try {
            return client.connectPubSub(CODEC);
        } catch (RuntimeException e) {
            throw failed(e);
        }
    }

    /** The connection for short commands if it is open, else null; for what may as well be lost. */
    StatefulRedisConnection<String, byte[]> sharedIfOpen() {
        StatefulRedisConnection<String, byte[]> connection = shared;
        return connection != null && connection.isOpen() ? connection : null;
    }

    @Override
    public void close() {
        closed = true;
        client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(3, TimeUnit.SECONDS);
    }

    /** One short command. */
    <T> T call(Function<RedisAsyncCommands<String, byte[]>, RedisFuture<T>> command) {
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

    /** One blocking command, on a connection that nobody else uses meanwhile; empty for a nil. */
    <T> Optional<T> blocking(Duration timeout, Function<RedisAsyncCommands<String, byte[]>, RedisFuture<T>> command) {
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
        CompletableFuture<StatefulRedisConnection<String, byte[]>> attempt;
        boolean first;
        synchronized (lock) {
            if (shared != null && shared.isOpen()) {
                return shared;
            }
            first = connecting == null;
            if (first) {
                connecting = new CompletableFuture<>();
            }
            attempt = connecting;
        }
        if (first) {
            connectFor(attempt);
        }
        try {
            return attempt.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RedisException known ? known : failed(e);
        }
    }

    // For all who wait for it: where nobody answers they fail together, and not one after another, each after its own timeout.
    private void connectFor(CompletableFuture<StatefulRedisConnection<String, byte[]>> attempt) {
        StatefulRedisConnection<String, byte[]> made = null;
        Throwable failure = null;
        try {
            made = connect();
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        StatefulRedisConnection<String, byte[]> old;
        synchronized (lock) {
            old = shared;
            shared = made;
            connecting = null;
        }
        if (old != null) {
            old.closeAsync(); // broken, but Lettuce keeps it until it is closed
        }
        if (failure == null) {
            attempt.complete(made);
        } else {
            attempt.completeExceptionally(failure);
        }
    }

    private void discard(StatefulRedisConnection<String, byte[]> connection) {
        synchronized (lock) {
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

    <T> T await(RedisFuture<T> future) {
        return await(future, commandTimeout);
    }

    private <T> T await(RedisFuture<T> future, Duration timeout) {
        try {
            return future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw failed(e.getCause());
        } catch (CancellationException e) {
            throw failed(e); // another thread closed the connection with this command in its buffer
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
        if (root instanceof RedisCommandExecutionException && !(e instanceof RedisConnectionException)) {
            if (RedisAddress.isCluster(why)) {
                why = "it belongs to a Redis Cluster, which is not supported: use a single server or Sentinel; " + why;
            }
            boolean passing = RedisAddress.isPassing(why);
            if (passing) {
                outage.refused(why);
            }
            return new RedisException(passing, why, e);
        }
        if (root instanceof CertPathBuilderException || root instanceof CertificateException) {
            why = "its certificate is not trusted: " + why + "; --redis-ca names the file of a certificate authority to trust";
        }
        if (!closed) {
            outage.away(why);
        }
        return new RedisException(true, why, e);
    }

    private static void setIfUnset(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
