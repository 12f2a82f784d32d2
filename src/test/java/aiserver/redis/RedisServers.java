package aiserver.redis;

import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;

import java.util.function.Consumer;

/** One redis-server for the tests of this JVM that need nothing special of it, ended with it; and a way to give it any command. */
public final class RedisServers {
    private static EmbeddedRedis shared;

    private RedisServers() {
    }

    /** The shared server, emptied. */
    public static synchronized EmbeddedRedis empty() {
        if (shared == null) {
            shared = EmbeddedRedis.start();
            Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
        }
        command(shared.uri(), connection -> connection.sync().flushall());
        return shared;
    }

    /** Ends a server as the system would, without a last save. */
    public static void kill(EmbeddedRedis server) {
        server.kill();
    }

    /** Has a server cut every connection that it has. */
    public static void cut(EmbeddedRedis server) {
        command(server.uri(), connection -> {
            connection.sync().clientKill(KillArgs.Builder.typeNormal().skipme());
            connection.sync().clientKill(KillArgs.Builder.typePubsub().skipme());
        });
    }

    /** Gives commands that the worker itself never does. */
    public static void command(String uri, Consumer<StatefulRedisConnection<String, String>> commands) {
        try (io.lettuce.core.RedisClient client = io.lettuce.core.RedisClient.create(RedisURI.create(uri));
             StatefulRedisConnection<String, String> connection = client.connect()) {
            commands.accept(connection);
        }
    }
}
