package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What every {@link RedisClient} does; run by the one in memory and by the one on a real server. */
abstract class RedisClientContract {
    static final Duration SHORT = Duration.ofMillis(50);
    static final Duration LONG = Duration.ofSeconds(10);

    /** Connected to an empty Redis. */
    abstract RedisClient redis();

    @Test
    void brpopTakesTheOldestFirstAndGivesUpInTime() {
        redis().lpush("q", bytes("1"));
        redis().lpush("q", bytes("2"));
        assertThat(redis().brpop("q", SHORT)).hasValueSatisfying(m -> assertThat(text(m)).isEqualTo("1"));
        assertThat(redis().brpop("q", SHORT)).hasValueSatisfying(m -> assertThat(text(m)).isEqualTo("2"));
        assertThat(redis().brpop("q", SHORT)).isEmpty();
    }

    @Test
    void blmoveKeepsTheMessageOnTheOtherList() {
        redis().lpush("q", bytes("1"));
        redis().lpush("q", bytes("2"));
        assertThat(redis().blmove("q", "p", SHORT)).isPresent();
        assertThat(redis().blmove("q", "p", SHORT)).isPresent();
        assertThat(redis().blmove("q", "p", SHORT)).isEmpty();
        assertThat(redis().length("q")).isZero();
        assertThat(redis().range("p")).extracting(RedisClientContract::text).containsExactly("2", "1");
    }

    @Test
    void aBlockedPopGetsWhatIsPushedLaterAndHoldsUpNobody() throws Exception {
        BlockingQueue<String> popped = new LinkedBlockingQueue<>();
        Thread first = new Thread(() -> redis().brpop("a", LONG).ifPresent(m -> popped.add(text(m))));
        Thread second = new Thread(() -> redis().blmove("b", "p", LONG).ifPresent(m -> popped.add(text(m))));
        first.start();
        second.start();
        redis().lpush("b", bytes("to b"));
        assertThat(popped.poll(10, TimeUnit.SECONDS)).isEqualTo("to b");
        redis().lpush("a", bytes("to a"));
        assertThat(popped.poll(10, TimeUnit.SECONDS)).isEqualTo("to a");
        first.join();
        second.join();
    }

    @Test
    void messagesAreBytesOfAnyKind() {
        byte[] odd = {0, -1, -128, 127, '\r', '\n', (byte) 0xC3};
        redis().lpush("q", odd);
        assertThat(redis().range("q")).containsExactly(odd);
        assertThat(redis().blmove("q", "p", SHORT)).hasValueSatisfying(m -> assertThat(m).isEqualTo(odd));
        assertThat(redis().eval(Script.DROP, List.of("p"), List.of(odd, bytes("2")))).containsExactly(bytes("0"));
        assertThat(redis().eval(Script.DROP, List.of("p"), List.of(odd, bytes("1")))).containsExactly(bytes("1"));
        assertThat(redis().length("p")).isZero();
    }

    @Test
    void whatIsNotThereIsEmptyOrNull() {
        assertThat(redis().get("no")).isNull();
        assertThat(redis().range("no")).isEmpty();
        assertThat(redis().members("no")).isEmpty();
        assertThat(redis().exist(List.of())).isEmpty();
        assertThat(redis().exist(List.of("no"))).containsExactly(false);
        assertThat(redis().eval(Script.SHED, List.of("no", "p"), List.of(bytes("0"), bytes("LEFT"), bytes("1")))).isEmpty();
    }

    @Test
    void subscribersHearTheirPatternsUntilTheyClose() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        RedisClient.Subscription subscription = redis().subscribe(List.of("a:*", "b"), h -> heard.add(h.channel() + text(h.message())));
        assertThat(subscription.open()).isTrue();
        assertThat(redis().publish("a:1", bytes("x"))).isEqualTo(1);
        assertThat(redis().publish("c", bytes("y"))).isZero();
        redis().tell("b", bytes("z"));
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("a:1x");
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("bz");
        subscription.close();
        assertThat(subscription.open()).isFalse();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
