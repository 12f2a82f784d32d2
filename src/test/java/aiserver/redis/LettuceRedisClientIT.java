package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.KillArgs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

@Timeout(60)
class LettuceRedisClientIT extends RedisClientContract {
    private String uri;
    private RedisClient redis;

    @BeforeEach
    void connect() {
        uri = RedisServers.empty().uri();
        redis = new LettuceRedisClient(uri, Duration.ofSeconds(5));
    }

    @AfterEach
    void close() {
        redis.close();
    }

    @Override
    RedisClient redis() {
        return redis;
    }

    @Test
    void scriptsGoOnAfterTheServerForgotThem() {
        redis.lpush("q", bytes("1"));
        assertThat(redis.eval(Script.DROP, List.of("q"), List.of(bytes("1"), bytes("1")))).containsExactly(bytes("1"));
        RedisServers.command(uri, connection -> connection.sync().scriptFlush());
        redis.lpush("q", bytes("1"));
        assertThat(redis.eval(Script.DROP, List.of("q"), List.of(bytes("1"), bytes("1")))).containsExactly(bytes("1"));
    }

    @Test
    void callsGoOnAfterEveryConnectionWasCut() {
        redis.lpush("q", bytes("1"));
        RedisServers.command(uri, connection -> connection.sync().clientKill(KillArgs.Builder.typeNormal().skipme()));
        assertThat(eventually(() -> redis.length("q"))).isEqualTo(1);
        assertThat(eventually(() -> redis.brpop("q", SHORT))).isPresent();
    }

    @Test
    void aSubscriptionNoticesThatItsServerNoLongerAnswers() throws Exception {
        try (EmbeddedRedis server = EmbeddedRedis.start()) {
            LettuceConnections connections = new LettuceConnections(server.uri(), Duration.ofSeconds(5), null);
            PatternSubscription subscription = new PatternSubscription(connections.listening(), new String[] {"a:*"}, Duration.ofMillis(500));
            for (int asked = 0; asked < 3; asked++) {
                connections.await(subscription.asked());
                Thread.sleep(600);
                assertThat(subscription.open()).isTrue();
            }
            connections.await(subscription.asked());
            RedisServers.command(server.uri(), connection -> connection.sync().clientPause(60_000));
            while (subscription.open()) {
                Thread.sleep(20);
            }
            subscription.close();
            connections.close();
        }
    }

    private static <T> T eventually(Supplier<T> call) {
        for (int tries = 1; ; tries++) {
            try {
                return call.get();
            } catch (RedisException e) {
                if (!e.passing() || tries == 20) {
                    throw e;
                }
            }
        }
    }
}
