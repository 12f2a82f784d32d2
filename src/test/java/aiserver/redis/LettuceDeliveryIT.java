package aiserver.redis;

import static aiserver.redis.RedisClientContract.bytes;
import static aiserver.redis.RedisClientContract.text;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

class LettuceDeliveryIT extends DeliveryContract {
    private String uri;
    private RedisClient redis;

    @BeforeEach
    @Override
    void workers() {
        uri = RedisServers.empty().uri();
        redis = new LettuceRedisClient(uri, Duration.ofSeconds(5));
        super.workers();
    }

    @AfterEach
    void close() {
        redis.close();
    }

    @Override
    RedisClient redis() {
        return redis;
    }

    @Override
    void waitUntilDead() throws InterruptedException {
        Thread.sleep(SETTINGS.deadAfter().toMillis() + 100);
    }

    @Test
    void subscribersHearTheAnswerOnceAndAgainForARepeatedRequest() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        redis.subscribe(List.of(Keys.result("r")), h -> heard.add(text(h.message())));
        queue(job("r"));
        Claim claim = take(one);
        one.finish(claim, bytes(SUCCESS), false);
        one.finish(claim, bytes(ERROR), false);
        queue(job("r"));
        take(one);
        redis.publish(Keys.result("r"), bytes("end"));
        assertThat(List.of(heard.poll(10, TimeUnit.SECONDS), heard.poll(10, TimeUnit.SECONDS), heard.poll(10, TimeUnit.SECONDS)))
                .containsExactly(SUCCESS, SUCCESS, "end");
    }

    @Test
    void aResultCountsThoughRedisLostItsDataMeanwhile() {
        queue(job("r"));
        Claim claim = take(one);
        RedisServers.empty();
        membershipTwo.beat("");
        assertThat(one.finish(claim, bytes(SUCCESS), false)).isTrue();
        assertThat(one.finish(claim, bytes(SUCCESS), false)).as("asked again").isTrue();
        assertThat(one.finish(claim, bytes(ERROR), false)).as("asked otherwise").isFalse();
    }

    @Test
    void resultsExpire() {
        queue(job("r"));
        one.finish(take(one), bytes(SUCCESS), false);
        RedisServers.command(uri, connection -> assertThat(connection.sync().pttl(Keys.result("r"))).isBetween(1L, 60_000L));
    }
}
