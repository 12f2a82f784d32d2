package aiserver.redis;

import static aiserver.redis.RedisClientContract.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Duration;

class InMemoryDeliveryTest extends DeliveryContract {
    private final InMemoryRedis redis = new InMemoryRedis();

    @Override
    RedisClient redis() {
        return redis;
    }

    @Override
    void waitUntilDead() {
        redis.advance(SETTINGS.deadAfter());
    }

    @Test
    void aResultCountsThoughRedisLostItsDataMeanwhile() {
        queue(job("r"));
        Claim claim = take(one);
        redis.forgetEverything();
        membershipTwo.beat("");
        assertThat(one.finish(claim, bytes(SUCCESS), false)).isTrue();
        assertThat(one.finish(claim, bytes(SUCCESS), false)).as("asked again").isTrue();
        assertThat(redis.published()).containsExactly(Keys.result("r") + " " + SUCCESS);
    }

    @Test
    void aResultThatWasReadAndDeletedIsNotGivenAgain() {
        queue(job("r"));
        Claim claim = take(one);
        one.finish(claim, bytes(SUCCESS), false);
        redis.delete(Keys.result("r"));
        assertThat(one.finish(claim, bytes(SUCCESS), false)).isFalse();
        assertThat(redis.published()).hasSize(1);
    }

    @Test
    void aLeaseFromAnOlderStateOfRedisDoesNotBlockItsOwnWorker() {
        queue(job("r"));
        Claim claim = take(one);
        InMemoryRedis older = redis.copy();
        one.finish(claim, bytes(SUCCESS), false);
        Delivery restored = new Delivery(older, SETTINGS, "w1");
        assertThat(take(restored).verdict()).isEqualTo(Claim.Verdict.RUN);
    }

    @Test
    void aClaimWhoseReplyIsLostIsRepeatedWithoutCountingTwice() {
        queue(job("r"));
        var envelope = pop(one);
        String token = one.newToken();
        redis.failNext("CLAIM", new RedisException(true, "cut", null), true);
        assertThatThrownBy(() -> one.claim(envelope, token)).hasMessage("cut");
        assertThat(one.claim(envelope, token).attempt()).isEqualTo(1);
    }

    @Test
    void theSameBytesTwiceInOneWorkerAreAnsweredOnceThoughAReplyIsLost() {
        queue(job("r"));
        queue(job("r"));
        Claim first = take(one);
        var second = pop(one);
        redis.failNext("DROP", new RedisException(true, "cut", null), true);
        assertThat(one.claim(second, one.newToken()).verdict()).isEqualTo(Claim.Verdict.RUNNING);
        assertThat(one.finish(first, bytes(SUCCESS), false)).isTrue();
        nothingLeft();
    }

    @Test
    void forgottenWorkersAreStruckOffAfterALongSilence() {
        membershipOne.beat("");
        redis.advance(Duration.ofMinutes(5));
        membershipTwo.recoverOrphans();
        assertThat(redis.members(Keys.WORKERS)).containsExactly("w1");
        redis.advance(Duration.ofMinutes(10));
        membershipTwo.recoverOrphans();
        assertThat(redis.members(Keys.WORKERS)).isEmpty();
    }
}
