package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.KillArgs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

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
        assertThat(redis.eval(Script.DROP, List.of("q"), List.of(bytes("1")))).containsExactly(bytes("1"));
        RedisServers.command(uri, connection -> connection.sync().scriptFlush());
        redis.lpush("q", bytes("1"));
        assertThat(redis.eval(Script.DROP, List.of("q"), List.of(bytes("1")))).containsExactly(bytes("1"));
    }

    @Test
    void callsGoOnAfterEveryConnectionWasCut() {
        redis.lpush("q", bytes("1"));
        RedisServers.command(uri, connection -> connection.sync().clientKill(KillArgs.Builder.typeNormal().skipme()));
        assertThat(eventually(() -> redis.length("q"))).isEqualTo(1);
        assertThat(eventually(() -> redis.brpop("q", SHORT))).isPresent();
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
