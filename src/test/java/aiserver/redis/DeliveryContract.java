package aiserver.redis;

import static aiserver.redis.RedisClientContract.bytes;
import static aiserver.redis.RedisClientContract.text;
import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.Envelope;
import aiserver.job.JobCodec;
import aiserver.job.TaskType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;

/** What delivery promises; run on the Redis in memory and on a real server, so that the scripts say the same in Lua and in Java. */
abstract class DeliveryContract {
    static final TaskType KIND = TaskType.LLM;
    /** Long enough that a slow machine does not take a living worker for dead between two calls of a test. */
    private static final Duration DEAD_AFTER = Duration.ofMillis(1_500);
    static final DeliverySettings SETTINGS = new DeliverySettings(true, 2, Duration.ofMinutes(1), Duration.ofMillis(100),
            DEAD_AFTER, Duration.ofMillis(50), 3);
    static final DeliverySettings PLAIN = new DeliverySettings(false, 2, Duration.ofMinutes(1), Duration.ofMillis(100),
            DEAD_AFTER, Duration.ofMillis(50), 3);
    static final String SUCCESS = "{\"request_id\":\"r\",\"status\":\"success\"}";
    static final String ERROR = "{\"request_id\":\"r\",\"status\":\"error\"}";

    final JobCodec codec = new JobCodec(JobCodec.Limits.DEFAULT);
    Delivery one;
    Delivery two;
    Membership membershipOne;
    Membership membershipTwo;

    abstract RedisClient redis();

    /** Lets the heartbeats run out. */
    abstract void waitUntilDead() throws InterruptedException;

    @BeforeEach
    void workers() {
        one = new Delivery(redis(), SETTINGS, "w1");
        two = new Delivery(redis(), SETTINGS, "w2");
        membershipOne = new Membership(redis(), SETTINGS, "w1", codec);
        membershipTwo = new Membership(redis(), SETTINGS, "w2", codec);
    }

    static String job(String requestId) {
        return "{\"request_id\":\"" + requestId + "\",\"task_type\":\"llm\",\"payload\":{\"transcript\":\"x\"},\"created_at\":1000}";
    }

    void queue(String message) {
        redis().lpush(KIND.queue(), bytes(message));
    }

    Envelope pop(Delivery delivery) {
        return codec.open(KIND, delivery.next(KIND).orElseThrow());
    }

    Claim take(Delivery delivery) {
        return delivery.claim(pop(delivery), delivery.newToken());
    }

    void nothingLeft() {
        assertThat(redis().length(KIND.queue())).as("queue").isZero();
        assertThat(redis().length(Keys.processing("w1", KIND))).as("processing of w1").isZero();
        assertThat(redis().length(Keys.processing("w2", KIND))).as("processing of w2").isZero();
        assertThat(redis().exist(List.of(Keys.lease("r"), Keys.attempts("r"), Keys.cancel("r")))).containsOnly(false);
    }

    @Test
    void aJobIsTakenOnceAndItsAnswerStored() {
        queue(job("r"));
        Claim claim = take(one);
        assertThat(claim.verdict()).isEqualTo(Claim.Verdict.RUN);
        assertThat(claim.attempt()).isEqualTo(1);
        assertThat(two.next(KIND)).isEmpty();
        assertThat(one.finish(claim, bytes(SUCCESS), false)).isTrue();
        assertThat(text(redis().get(Keys.result("r")))).isEqualTo(SUCCESS);
        nothingLeft();
    }

    @Test
    void finishingTwiceChangesNothing() {
        queue(job("r"));
        Claim claim = take(one);
        assertThat(one.finish(claim, bytes(SUCCESS), false)).isTrue();
        assertThat(one.finish(claim, bytes(ERROR), true)).isFalse();
        assertThat(text(redis().get(Keys.result("r")))).isEqualTo(SUCCESS);
        nothingLeft();
    }

    @Test
    void claimingTwiceWithOneTokenIsOneAttempt() {
        queue(job("r"));
        Envelope envelope = pop(one);
        String token = one.newToken();
        assertThat(one.claim(envelope, token)).isEqualTo(one.claim(envelope, token));
    }

    @Test
    void theSameRequestDoesNotRunTwiceAtATime() {
        queue(job("r"));
        queue(job("r") + " ");
        Claim first = take(one);
        assertThat(take(two).verdict()).isEqualTo(Claim.Verdict.RUNNING);
        assertThat(redis().length(Keys.processing("w2", KIND))).isZero();
        assertThat(one.finish(first, bytes(SUCCESS), false)).isTrue();
        nothingLeft();
    }

    @Test
    void theSameBytesTwiceInOneWorkerRunOnce() {
        queue(job("r"));
        queue(job("r"));
        Claim first = take(one);
        assertThat(take(one).verdict()).isEqualTo(Claim.Verdict.RUNNING);
        assertThat(one.finish(first, bytes(SUCCESS), false)).isTrue();
        nothingLeft();
    }

    /** The worker holds a message that went back to its queue meanwhile, and pops it once more: two hands, one message. */
    private Envelope poppedAgain() {
        queue(job("r"));
        Envelope held = pop(one);
        membershipTwo.recoverPredecessor("w1");
        assertThat(redis().length(KIND.queue())).isEqualTo(1);
        return held;
    }

    @Test
    void aMessagePoppedAgainBeforeItWasClaimedRunsOnce() {
        Envelope held = poppedAgain();
        Envelope again = pop(one);
        Claim first = one.claim(held, one.newToken());
        assertThat(one.claim(again, one.newToken()).verdict()).isEqualTo(Claim.Verdict.RUNNING);
        assertThat(redis().length(Keys.processing("w1", KIND))).as("still there if the worker dies").isEqualTo(1);
        assertThat(one.finish(first, bytes(SUCCESS), false)).isTrue();
        nothingLeft();
    }

    @Test
    void aMessagePoppedAgainAndGivenBackUnclaimedStaysWhereItRuns() {
        Envelope held = poppedAgain();
        Envelope again = pop(one);
        Claim first = one.claim(held, one.newToken());
        one.release(again);
        assertThat(redis().length(KIND.queue())).isZero();
        assertThat(one.finish(first, bytes(SUCCESS), false)).isTrue();
        nothingLeft();
    }

    @Test
    void aMessagePoppedAgainIsGivenBackOnceIfNobodyClaimedIt() {
        Envelope held = poppedAgain();
        Envelope again = pop(one);
        one.release(held);
        one.release(again);
        assertThat(redis().length(KIND.queue())).isEqualTo(1);
        assertThat(redis().length(Keys.processing("w1", KIND))).isZero();
    }

    @Test
    void aStoredSuccessAnswersTheSameRequest() {
        queue(job("r"));
        one.finish(take(one), bytes(SUCCESS), false);
        queue(job("r"));
        assertThat(take(two).verdict()).isEqualTo(Claim.Verdict.ANSWERED);
        nothingLeft();
    }

    @Test
    void aStoredErrorDoesNotKeepTheSameRequestFromRunning() {
        queue(job("r"));
        one.finish(take(one), bytes(ERROR), false);
        queue(job("r"));
        Claim again = take(two);
        assertThat(again.verdict()).isEqualTo(Claim.Verdict.RUN);
        assertThat(again.attempt()).isEqualTo(1);
        assertThat(two.finish(again, bytes(SUCCESS), false)).isTrue();
        assertThat(text(redis().get(Keys.result("r")))).isEqualTo(SUCCESS);
    }

    @Test
    void aDeadWorkersJobsGoToOthersInOrderAndAreCounted() throws Exception {
        membershipOne.beat("");
        membershipTwo.beat("");
        queue(job("r"));
        queue(job("s"));
        queue(job("t"));
        take(one);
        take(one);
        waitUntilDead();
        membershipTwo.beat("");
        assertThat(membershipTwo.recoverOrphans()).isEqualTo(2);
        Claim again = take(two);
        assertThat(again.requestId()).isEqualTo("r");
        assertThat(again.attempt()).isEqualTo(2);
        assertThat(take(two).requestId()).isEqualTo("s");
        Claim fresh = take(two);
        assertThat(fresh.requestId()).isEqualTo("t");
        assertThat(fresh.attempt()).isEqualTo(1);
    }

    @Test
    void aLivingWorkersJobsAreLeftAlone() throws Exception {
        queue(job("r"));
        take(one);
        waitUntilDead();
        membershipOne.beat("");
        assertThat(membershipTwo.recoverOrphans()).isZero();
    }

    @Test
    void aJobThatWasPoppedButNotStartedIsNotCounted() throws Exception {
        membershipOne.beat("");
        queue(job("r"));
        pop(one);
        waitUntilDead();
        assertThat(membershipTwo.recoverOrphans()).isEqualTo(1);
        assertThat(take(two).attempt()).isEqualTo(1);
    }

    @Test
    void theAnswerOfAWorkerThatWasTakenForDeadDoesNotCount() throws Exception {
        membershipOne.beat("");
        queue(job("r"));
        Claim first = take(one);
        waitUntilDead();
        membershipTwo.recoverOrphans();
        assertThat(one.finish(first, bytes(ERROR), false)).as("while the job waits").isFalse();
        Claim second = take(two);
        assertThat(one.finish(first, bytes(ERROR), false)).as("while another has it").isFalse();
        assertThat(two.finish(second, bytes(SUCCESS), false)).isTrue();
        assertThat(one.finish(first, bytes(ERROR), false)).as("after another answered").isFalse();
        assertThat(one.putBack(first)).isFalse();
        assertThat(text(redis().get(Keys.result("r")))).isEqualTo(SUCCESS);
        nothingLeft();
    }

    @Test
    void aJobThatKillsItsWorkersEndsAsADeadLetter() {
        queue(job("r"));
        for (int attempt = 1; attempt <= 2; attempt++) {
            assertThat(take(new Delivery(redis(), SETTINGS, "w1")).attempt()).isEqualTo(attempt);
            assertThat(membershipTwo.recoverPredecessor("w1")).isEqualTo(1);
        }
        Envelope envelope = pop(two);
        String token = two.newToken();
        Claim exhausted = two.claim(envelope, token);
        assertThat(exhausted.verdict()).isEqualTo(Claim.Verdict.EXHAUSTED);
        assertThat(exhausted.attempt()).isEqualTo(2);
        assertThat(two.claim(envelope, token).verdict()).as("asked again").isEqualTo(Claim.Verdict.EXHAUSTED);
        assertThat(two.finish(exhausted, bytes(ERROR), true)).isTrue();
        assertThat(redis().range(Keys.dead(KIND))).extracting(RedisClientContract::text).containsExactly(job("r"));
        nothingLeft();
    }

    @Test
    void whatReachesADeadPredecessorLateIsGivenBackToo() {
        assertThat(membershipTwo.recoverPredecessor("w1")).isZero();
        queue(job("r"));
        pop(one);
        assertThat(membershipTwo.recoverOrphans()).as("of a worker that never said that it lives").isEqualTo(1);
        assertThat(take(two).verdict()).isEqualTo(Claim.Verdict.RUN);
    }

    @Test
    void onlyAJobWhoseWorkerDiedIsSuspect() {
        queue(job("r"));
        Envelope fresh = pop(one);
        assertThat(one.suspect(fresh)).as("never started").isFalse();
        Claim claim = one.claim(fresh, one.newToken());
        assertThat(two.suspect(fresh)).as("in hand elsewhere").isFalse();
        one.putBack(claim);
        Claim again = take(one);
        assertThat(one.suspect(again.envelope())).isFalse();
        membershipTwo.recoverPredecessor("w1");
        assertThat(two.suspect(pop(two))).as("in hand when its worker died").isTrue();
    }

    @Test
    void aJobGivenBackIsPoppedNextAndNotCounted() {
        queue(job("r"));
        queue(job("s"));
        Claim claim = take(one);
        assertThat(one.putBack(claim)).isTrue();
        Claim again = take(two);
        assertThat(again.requestId()).isEqualTo("r");
        assertThat(again.attempt()).isEqualTo(1);
        assertThat(redis().length(Keys.processing("w1", KIND))).isZero();
    }

    @Test
    void aCancelledJobIsNotRun() {
        queue(job("r"));
        one.noteCancel("r");
        Claim claim = take(one);
        assertThat(claim.verdict()).isEqualTo(Claim.Verdict.CANCELLED);
        assertThat(one.finish(claim, bytes(ERROR), false)).isTrue();
        nothingLeft();
    }

    @Test
    void aCancelledJobIsPulledOutOfTheMiddleOfItsQueue() {
        queue(job("a"));
        queue(job("b").replace("\"x\"", "\"r\""));
        queue(job("r"));
        queue(job("c"));
        assertThat(one.noteCancel("r")).isTrue();
        Envelope pulled = codec.open(KIND, one.pull(KIND, "r").orElseThrow());
        assertThat(pulled.requestId()).isEqualTo("r");
        assertThat(one.pull(KIND, "r")).isEmpty();
        Claim claim = one.claim(pulled, one.newToken());
        assertThat(claim.verdict()).isEqualTo(Claim.Verdict.CANCELLED);
        assertThat(one.finish(claim, bytes(ERROR), false)).isTrue();
        assertThat(redis().range(KIND.queue())).hasSize(3);
        assertThat(redis().length(Keys.processing("w1", KIND))).isZero();
    }

    @Test
    void aCancelTakesEveryMessageOfItsRequestOutOfTheQueue() {
        queue(job("a"));
        queue(job("r"));
        queue(job("r"));
        queue(job("b"));
        queue(job("r").replace("\"x\"", "\"y\""));
        assertThat(one.noteCancel("r")).isTrue();
        Envelope pulled = codec.open(KIND, one.pull(KIND, "r").orElseThrow());
        assertThat(text(pulled.message())).isEqualTo(job("r"));
        assertThat(redis().length(Keys.processing("w1", KIND))).isEqualTo(1);
        assertThat(redis().range(KIND.queue())).extracting(RedisClientContract::text).containsExactly(job("b"), job("a"));
        assertThat(one.finish(one.claim(pulled, one.newToken()), bytes(ERROR), false)).isTrue();
        assertThat(redis().exist(List.of(Keys.cancel("r")))).containsExactly(false);
    }

    @Test
    void aCancelReachesARequestThatWaitsAgainAfterAnError() {
        queue(job("r"));
        one.finish(take(one), bytes(ERROR), false);
        queue(job("r"));
        assertThat(one.noteCancel("r")).isTrue();
        assertThat(redis().exist(List.of(Keys.cancel("r")))).as("a cancel that would hit a later run").containsExactly(false);
        Claim claim = one.claim(codec.open(KIND, one.pull(KIND, "r").orElseThrow()), one.newToken());
        assertThat(claim.verdict()).isEqualTo(Claim.Verdict.CANCELLED);
        assertThat(one.finish(claim, bytes(ERROR), false)).isTrue();
        nothingLeft();
    }

    @Test
    void everyWorkerThatHearsOfACancelLooksForItsJob() {
        queue(job("r"));
        assertThat(one.noteCancel("r")).isTrue();
        assertThat(two.noteCancel("r")).isTrue();
    }

    @Test
    void aCancelThatComesTooLateIsNotKept() {
        queue(job("r"));
        one.finish(take(one), bytes(SUCCESS), false);
        assertThat(one.noteCancel("r")).isFalse();
        assertThat(redis().exist(List.of(Keys.cancel("r")))).containsExactly(false);
    }

    @Test
    void unreadableMessagesAreKeptWithinLimits() {
        for (int i = 0; i < 5; i++) {
            queue("rubbish " + i);
            one.bury(pop(one), one.newToken());
        }
        assertThat(redis().range(Keys.dead(KIND))).extracting(RedisClientContract::text)
                .containsExactly("rubbish 4", "rubbish 3", "rubbish 2");
        nothingLeft();
    }

    @Test
    void whatABuriedMessageLeftKeepsNoLaterOneOfItsRequestFromRunning() {
        queue(job("r"));
        Claim unanswerable = take(one);
        one.bury(unanswerable.envelope(), unanswerable.token());
        queue(job("r"));
        assertThat(take(one).verdict()).isEqualTo(Claim.Verdict.RUN);
    }

    @Test
    void aMessageWhoseReplyWasLostIsFoundOnTheNextPop() {
        queue(job("r"));
        redis().blmove(KIND.queue(), Keys.processing("w1", KIND), SETTINGS.popTimeout());
        queue(job("s"));
        assertThat(pop(one).requestId()).isEqualTo("r");
        assertThat(pop(one).requestId()).isEqualTo("s");
        assertThat(one.next(KIND)).isEmpty();
    }

    @Test
    void aLaneThatEndsGivesBackWhatItNeverClaimed() {
        queue(job("r"));
        queue(job("s"));
        Claim held = take(one);
        redis().blmove(KIND.queue(), Keys.processing("w1", KIND), SETTINGS.popTimeout());
        one.releaseUnclaimed(KIND);
        assertThat(redis().length(KIND.queue())).isEqualTo(1);
        assertThat(one.finish(held, bytes(SUCCESS), false)).isTrue();
        assertThat(pop(two).requestId()).isEqualTo("s");
    }

    @Test
    void aMessageThatCameTooLateGoesBack() {
        queue(job("r"));
        one.release(pop(one));
        assertThat(redis().length(KIND.queue())).isEqualTo(1);
        assertThat(redis().length(Keys.processing("w1", KIND))).isZero();
        assertThat(take(two).attempt()).isEqualTo(1);
    }

    @Test
    void theQueueIsCutDownFromTheGivenEnd() {
        for (String id : List.of("a", "b", "c")) {
            queue(job(id));
        }
        assertThat(codec.open(KIND, one.shed(KIND, 2, Delivery.Side.NEWEST).orElseThrow()).requestId()).isEqualTo("c");
        assertThat(one.shed(KIND, 2, Delivery.Side.NEWEST)).isEmpty();
        assertThat(codec.open(KIND, one.shed(KIND, 1, Delivery.Side.OLDEST).orElseThrow()).requestId()).isEqualTo("a");
        assertThat(one.next(KIND)).hasValueSatisfying(m -> assertThat(text(m)).isEqualTo(job("b")));
    }

    @Test
    void theDepthTellsLengthAndAge() {
        assertThat(one.depth(KIND)).isEqualTo(new Delivery.Depth(0, null));
        queue(job("a"));
        queue("rubbish");
        assertThat(one.depth(KIND)).isEqualTo(new Delivery.Depth(2, 1000L));
        pop(one);
        assertThat(one.depth(KIND)).isEqualTo(new Delivery.Depth(1, null));
    }

    @Test
    void workersAreForgottenWhenTheyLeaveWithNothingInHand() {
        membershipOne.beat("");
        membershipTwo.beat("");
        queue(job("r"));
        Claim claim = take(one);
        membershipOne.leave();
        assertThat(redis().members(Keys.WORKERS)).containsExactly("w1", "w2");
        assertThat(membershipTwo.recoverOrphans()).isEqualTo(1);
        assertThat(one.finish(claim, bytes(SUCCESS), false)).isFalse();
        membershipTwo.leave();
        assertThat(redis().members(Keys.WORKERS)).containsExactly("w1");
    }

    @Test
    void theFirstHeartbeatAndOneAfterTooLongAreTold() throws Exception {
        assertThat(membershipOne.beat("")).isFalse();
        assertThat(membershipOne.beat("")).isTrue();
        waitUntilDead();
        assertThat(membershipOne.beat("")).isFalse();
    }

    @Test
    void plainModeAnswersAndForgetsDeadLeaseHolders() {
        Delivery plain = new Delivery(redis(), PLAIN, "w1");
        queue(job("r"));
        Claim lost = take(plain);
        assertThat(redis().length(Keys.processing("w1", KIND))).isZero();
        queue(job("r"));
        Delivery other = new Delivery(redis(), PLAIN, "w2");
        Claim again = take(other);
        assertThat(again.verdict()).isEqualTo(Claim.Verdict.RUN);
        assertThat(plain.finish(lost, bytes(ERROR), false)).isFalse();
        assertThat(other.putBack(again)).isTrue();
        assertThat(other.putBack(again)).as("asked again").isFalse();
        Claim last = take(other);
        assertThat(other.finish(last, bytes(SUCCESS), false)).isTrue();
        nothingLeft();
    }
}
