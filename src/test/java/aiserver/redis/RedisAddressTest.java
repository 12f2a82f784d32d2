package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisAddressTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "redis://localhost | redis://localhost:6379",
            "redis://user:s3cret@host:7000/3 | redis://host:7000/3",
            "rediss://:s3cret@host | rediss://host:6379",
            "redis-sentinel://s3cret@a:26379,b:26380/1#shop | redis-sentinel://a:26379,b:26380#shop"})
    void isShownWithoutItsSecrets(String uri, String shown) {
        assertThat(RedisAddress.shown(RedisAddress.parse(uri))).isEqualTo(shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host:6379", "http://s3cret@host", "redis://:s3cret@host:port"})
    void whatCannotBeReadIsRefusedWithoutRepeatingIt(String uri) {
        assertThatThrownBy(() -> RedisAddress.parse(uri)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the Redis URI cannot be read").hasMessageNotContaining("s3cret").hasNoCause();
    }

    @Test
    void aBrokenScriptIsToldInTheServersWords() {
        assertThat(RedisAddress.withoutScript("ERR Error running script (call to f_bd2e): @user_script:24: @user_script: 24: -READONLY You can't"))
                .isEqualTo("READONLY You can't");
        assertThat(RedisAddress.withoutScript("OOM command not allowed. script: f_bd2e, on @user_script:1."))
                .isEqualTo("OOM command not allowed.");
        assertThat(RedisAddress.withoutScript("WRONGTYPE Operation")).isEqualTo("WRONGTYPE Operation");
    }

    @Test
    void whatPassesByItselfIsTriedAgain() {
        assertThat(RedisAddress.isPassing("READONLY You can't")).isTrue();
        assertThat(RedisAddress.isPassing("WRONGTYPE Operation against a key")).isFalse();
    }
}
