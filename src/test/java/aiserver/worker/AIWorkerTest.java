package aiserver.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.ErrorCode;
import aiserver.job.ImageJob;
import aiserver.job.JobException;
import aiserver.job.JobResult;
import aiserver.job.JobScope;
import aiserver.job.SpeechJob;
import aiserver.job.SpeechResult;
import aiserver.job.TaskType;
import aiserver.redis.Delivery;
import aiserver.redis.Keys;
import aiserver.redis.RedisException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

@Timeout(60)
class AIWorkerTest {
    private final Bench bench = new Bench();

    @AfterEach
    void stop() {
        if (bench.worker != null) {
            bench.close();
        }
    }

    @Test
    void everyKindIsAnswered() {
        bench.start();
        for (TaskType kind : TaskType.values()) {
            bench.push(kind, kind.wireName());
            assertThat(bench.answer(kind.wireName()).get("status").asText()).isEqualTo("success");
            Bench.await(() -> bench.count("ai.jobs", "kind", kind.wireName()) == 1);
        }
    }

    @Test
    void noJobIsTakenBeforeOthersWouldMissTheWorker() {
        List<String> workers = new ArrayList<>();
        bench.speech = (job, scope) -> {
            workers.addAll(bench.redis.members(Keys.WORKERS));
            return Bench.speech("heard");
        };
        bench.push(TaskType.STT, "early");
        bench.redis.failNext("HEARTBEAT", new RedisException(true, "cut", null), false);
        bench.start();
        assertThat(bench.code("early")).isEqualTo("success");
        assertThat(workers).containsExactly("w");
    }

    @Test
    void aHeapTooSmallForAJobIsThatJobsAffairAndTheModelStays() {
        AtomicInteger unloaded = new AtomicInteger();
        bench.speech = new JobHandler<>() {
            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                return Bench.speech(job.header().requestId().equals("huge") ? "x" + new long[Integer.MAX_VALUE - 8].length : "x");
            }

            @Override
            public void unload() {
                unloaded.incrementAndGet();
            }
        };
        bench.start();
        bench.push(TaskType.STT, "huge");
        assertThat(bench.code("huge")).isEqualTo("OUT_OF_MEMORY");
        bench.push(TaskType.STT, "next");
        assertThat(bench.code("next")).isEqualTo("success");
        assertThat(unloaded).hasValue(0);
        assertThat(bench.fatal).isEmpty();
    }

    @Test
    void aJvmWithoutThreadsOrClassesGivesBackWhatIsInHandAndEnds() throws InterruptedException {
        AtomicBoolean running = new AtomicBoolean();
        bench.speech = (job, scope) -> {
            Bench.await(running::get);
            AIWorkerTest.<RuntimeException>sneak(new OutOfMemoryError("unable to create native thread: possibly out of memory"));
            return null;
        };
        bench.image = (job, scope) -> {
            running.set(true);
            Bench.await(scope::cancelled);
            throw new JobException(ErrorCode.CANCELLED, "told to stop");
        };
        bench.start();
        bench.push(TaskType.IMAGE, "other");
        bench.push(TaskType.STT, "unlucky");
        assertThat(bench.code("unlucky")).isEqualTo("OUT_OF_MEMORY");
        assertThat(bench.fatal.poll(20, TimeUnit.SECONDS)).isEqualTo(AIWorker.EXIT_EXHAUSTED);
        Bench.await(() -> bench.redis.length(TaskType.IMAGE.queue()) == 1);
        assertThat(bench.redis.get(Keys.result("other"))).isNull();
    }

    @Test
    void aHeapTooSmallForAnAnswerEndsTheProcessAndTheNextFindsTheJob() throws InterruptedException {
        bench.redis.failNext("FINISH", new OutOfMemoryError("Java heap space"), false);
        bench.start().push(TaskType.STT, "r");
        assertThat(bench.fatal.poll(20, TimeUnit.SECONDS)).isEqualTo(AIWorker.EXIT_EXHAUSTED);
        assertThat(bench.redis.range(Keys.processing("w", TaskType.STT))).hasSize(1);
    }

    @Test
    void aFaultOfTheWorkersOwnIsAnsweredToo() {
        bench.redis.failNext("FINISH", new StackOverflowError(), false);
        bench.start().push(TaskType.STT, "r");
        assertThat(bench.answer("r").get("error").get("message").asText())
                .isEqualTo("the job failed inside the worker (StackOverflowError)");
        assertThat(bench.redis.length(Keys.processing("w", TaskType.STT))).isZero();
    }

    @Test
    void aFaultOfTheWorkersOwnBeforeTheJobBeginsLeavesNoLease() {
        bench.redis.failNext("CLAIM", new NoClassDefFoundError("x"), true);
        bench.start().push(TaskType.STT, "r");
        assertThat(bench.code("r")).isEqualTo("success");
        assertThat(bench.answer("r").get("attempt").asInt()).isEqualTo(1);
        assertThat(bench.redis.length(Keys.processing("w", TaskType.STT))).isZero();
    }

    @Test
    void jobsThatWereInHandWhenAProcessDiedAreTriedAlone() {
        AtomicInteger together = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicBoolean released = new AtomicBoolean();
        bench.lanes.put(TaskType.STT, LaneSettings.of(3, Duration.ofSeconds(60)));
        bench.speech = (job, scope) -> {
            most.accumulateAndGet(together.incrementAndGet(), Math::max);
            Bench.await(released::get);
            together.decrementAndGet();
            return Bench.speech("x");
        };
        for (String id : List.of("a", "b", "c")) {
            bench.redis.set("ai:attempts:" + id, "1");
            bench.push(TaskType.STT, id);
        }
        bench.start();
        Bench.await(() -> bench.redis.length(TaskType.STT.queue()) == 0 && together.get() > 0);
        bench.push(TaskType.LLM, "other");
        Bench.await(() -> bench.redis.length(TaskType.LLM.queue()) == 0);
        assertThat(bench.redis.get(Keys.result("other"))).isNull();
        released.set(true);
        for (String id : List.of("a", "b", "c")) {
            assertThat(bench.answer(id).get("attempt").asInt()).isEqualTo(2);
        }
        assertThat(bench.code("other")).isEqualTo("success");
        assertThat(most).hasValue(1);
    }

    @Test
    void aStopGivesSuspectsBackThatWaitForTheirTurn() {
        AtomicInteger together = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicBoolean released = new AtomicBoolean();
        bench.lanes.put(TaskType.STT, LaneSettings.of(3, Duration.ofSeconds(60)));
        bench.speech = (job, scope) -> {
            most.accumulateAndGet(together.incrementAndGet(), Math::max);
            Bench.await(released::get);
            together.decrementAndGet();
            return Bench.speech("x");
        };
        List<String> ids = List.of("a", "b", "c");
        for (String id : ids) {
            bench.redis.set("ai:attempts:" + id, "1");
            bench.push(TaskType.STT, id);
        }
        bench.start();
        Bench.await(() -> bench.redis.length(TaskType.STT.queue()) == 0 && together.get() > 0);
        bench.worker.requestStop();
        Bench.await(() -> bench.redis.length(TaskType.STT.queue()) == 2);
        released.set(true);
        assertThat(bench.worker.awaitStop()).isTrue();
        assertThat(most).hasValue(1);
        assertThat(ids).filteredOn(id -> bench.redis.get(Keys.result(id)) != null).hasSize(1);
        assertThat(ids).filteredOn(id -> bench.redis.get("ai:attempts:" + id) != null).hasSize(2)
                .allSatisfy(id -> assertThat(bench.redis.get("ai:attempts:" + id)).asString().isEqualTo("1"));
    }

    @Test
    void whateverAServiceThrowsBecomesAnAnswerAndTheLaneGoesOn() {
        Map<String, Throwable> thrown = Map.of(
                "AUDIO_TOO_LONG", new JobException(ErrorCode.AUDIO_TOO_LONG, "too long"),
                "INTERNAL", new IllegalStateException("what the customer said"),
                "OUT_OF_MEMORY", new OutOfMemoryError("heap"));
        bench.speech = (job, scope) -> {
            Throwable e = thrown.getOrDefault(job.header().requestId(), new StackOverflowError());
            AIWorkerTest.<RuntimeException>sneak(e);
            return null;
        };
        bench.start();
        for (String code : List.of("INTERNAL", "OUT_OF_MEMORY", "AUDIO_TOO_LONG")) {
            bench.push(TaskType.STT, code);
            assertThat(bench.code(code)).isEqualTo(code);
        }
        bench.push(TaskType.STT, "deep");
        assertThat(bench.answer("deep").get("error").get("message").asText())
                .isEqualTo("the job failed inside the worker (StackOverflowError)");
        assertThat(bench.published("INTERNAL").getFirst()).doesNotContain("customer");
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> void sneak(Throwable e) throws E {
        throw (E) e;
    }

    @Test
    void aResultThatCannotBeWrittenIsAnError() {
        bench.speech = (job, scope) -> new SpeechResult("", "ko", Double.NaN, 1, List.of());
        bench.start().push(TaskType.STT, "r");
        assertThat(bench.code("r")).isEqualTo("INTERNAL");
    }

    @Test
    void aBadPayloadIsAnsweredAndOneWithoutRequestIdIsKept() {
        bench.start();
        bench.redis.lpush(TaskType.STT.queue(), "rubbish".getBytes(StandardCharsets.UTF_8));
        bench.redis.lpush(TaskType.STT.queue(), "{\"request_id\":\"r\",".getBytes(StandardCharsets.UTF_8));
        assertThat(bench.code("r")).isEqualTo("INVALID_JSON");
        Bench.await(() -> bench.redis.range(Keys.dead(TaskType.STT)).size() == 1);
        Bench.await(() -> bench.count("ai.dead", "why", "unreadable") == 1);
    }

    @Test
    void aLaneDoesAsManyJobsAtATimeAsItHasHands() {
        CyclicBarrier both = new CyclicBarrier(2);
        bench.lanes.put(TaskType.STT, LaneSettings.of(2, Duration.ofSeconds(60)));
        bench.speech = (job, scope) -> {
            try {
                both.await(20, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            return Bench.speech("both");
        };
        bench.start();
        bench.push(TaskType.STT, "a");
        bench.push(TaskType.STT, "b");
        assertThat(bench.code("a")).isEqualTo("success");
        assertThat(bench.code("b")).isEqualTo("success");
    }

    @Test
    void aJobBeyondItsDeadlineIsNotStarted() {
        AtomicBoolean started = new AtomicBoolean();
        bench.speech = (job, scope) -> {
            started.set(true);
            return Bench.speech("");
        };
        bench.start().push(TaskType.STT, "r", ",\"deadline_at\":5");
        assertThat(bench.answer("r").get("error").get("message").asText())
                .isEqualTo("deadline_at 5 had passed before the job was started");
        assertThat(started).isFalse();
    }

    @Test
    void aJobIsCancelledInItsEngineAtItsDeadlineAndAtTheLanesLimit() {
        bench.speech = (job, scope) -> Bench.untilCancelled(scope);
        bench.lanes.put(TaskType.STT, LaneSettings.of(1, Duration.ofMillis(300)));
        bench.start();
        bench.push(TaskType.STT, "deadline", ",\"deadline_at\":" + (System.currentTimeMillis() + 200));
        assertThat(bench.code("deadline")).isEqualTo("EXPIRED");
        bench.push(TaskType.STT, "limit");
        assertThat(bench.answer("limit").get("error").get("message").asText())
                .isEqualTo("the job ran longer than the 300 ms that one of its kind may take here");
    }

    @Test
    void aRunningJobIsCancelledByPublishAndBySet() {
        CountDownLatch running = new CountDownLatch(1);
        bench.speech = (job, scope) -> {
            running.countDown();
            return Bench.untilCancelled(scope);
        };
        bench.start();
        bench.push(TaskType.STT, "a");
        awaitLatch(running);
        Bench.await(() -> bench.redis.publish(Keys.cancel("a"), new byte[0]) == 1);
        assertThat(bench.code("a")).isEqualTo("CANCELLED");
        bench.push(TaskType.STT, "b");
        bench.redis.set(Keys.cancel("b"), "1");
        assertThat(bench.code("b")).isEqualTo("CANCELLED");
        Bench.await(() -> bench.redis.get(Keys.cancel("b")) == null);
    }

    @Test
    void aWaitingJobThatWasCancelledByPublishIsNotStarted() {
        CountDownLatch release = new CountDownLatch(1);
        BlockingQueue<String> started = new LinkedBlockingQueue<>();
        bench.speech = (job, scope) -> {
            started.add(job.header().requestId());
            awaitLatch(release);
            return Bench.speech("");
        };
        bench.start();
        bench.push(TaskType.STT, "a");
        Bench.await(() -> started.size() == 1);
        bench.push(TaskType.STT, "b");
        Bench.await(() -> bench.redis.publish(Keys.cancel("b"), new byte[0]) == 1);
        assertThat(bench.code("b")).as("while a still runs").isEqualTo("CANCELLED");
        release.countDown();
        assertThat(bench.code("a")).isEqualTo("success");
        assertThat(started).containsExactly("a");
    }

    @Test
    void aSuspectThatIsCancelledWhileItWaitsNeedNotWaitForItsTurn() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        bench.speech = (job, scope) -> {
            running.countDown();
            awaitLatch(release);
            return Bench.speech("");
        };
        bench.redis.set("ai:attempts:a", "1");
        bench.redis.set("ai:attempts:b", "1");
        bench.start();
        bench.push(TaskType.STT, "a");
        awaitLatch(running);
        bench.push(TaskType.STT, "b");
        Bench.await(() -> bench.redis.publish(Keys.cancel("b"), new byte[0]) == 1);
        assertThat(bench.code("b")).as("while a still runs").isEqualTo("CANCELLED");
        release.countDown();
        assertThat(bench.code("a")).isEqualTo("success");
    }

    @Test
    void aCancelThatAQuietWorkerHearsHitsNoLaterJob() {
        bench.start();
        bench.worker.quiet();
        bench.redis.set(Keys.result("r"), "{\"status\":\"error\"}"); // another worker's, to whom the cancel was meant
        bench.push(TaskType.STT, "r");
        Bench.await(() -> bench.redis.publish(Keys.cancel("r"), new byte[0]) == 1);
        long heard = System.nanoTime(); // a turn of the supervisor and one of the lane
        Bench.await(() -> System.nanoTime() - heard > Duration.ofSeconds(2).toNanos());
        bench.worker.resume();
        Bench.await(() -> !bench.published("r").isEmpty());
        assertThat(bench.code("r")).isEqualTo("success");
    }

    @Test
    void aCancelThatALaneCouldNotLookAfterInTimeHitsNoLaterJob() {
        AtomicBoolean loading = new AtomicBoolean();
        AtomicBoolean loaded = new AtomicBoolean();
        bench.lanes.put(TaskType.STT, new LaneSettings(1, Duration.ofSeconds(60), 0, null, Delivery.Side.NEWEST, true, null, false));
        bench.speech = new JobHandler<>() {
            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                return Bench.speech("");
            }

            @Override
            public void load(JobScope scope) {
                loading.set(true);
                Bench.await(loaded::get);
            }
        };
        bench.start();
        Bench.await(loading::get);
        bench.redis.set(Keys.result("r"), "{\"status\":\"error\"}");
        Bench.await(() -> bench.redis.publish(Keys.cancel("r"), new byte[0]) == 1);
        long heard = System.nanoTime();
        Bench.await(() -> System.nanoTime() - heard > Duration.ofSeconds(8).toNanos());
        bench.push(TaskType.STT, "r");
        loaded.set(true);
        Bench.await(() -> !bench.published("r").isEmpty());
        assertThat(bench.code("r")).isEqualTo("success");
    }

    @Test
    void theNewestAreRefusedWhenTheQueueIsTooLong() {
        CountDownLatch release = new CountDownLatch(1);
        bench.lanes.put(TaskType.STT, Bench.lane(1, Duration.ofSeconds(60), 1, null, Delivery.Side.NEWEST));
        bench.speech = (job, scope) -> {
            awaitLatch(release);
            return Bench.speech("");
        };
        bench.start();
        bench.push(TaskType.STT, "a");
        Bench.await(() -> bench.redis.length(TaskType.STT.queue()) == 0);
        bench.push(TaskType.STT, "b");
        bench.push(TaskType.STT, "c");
        assertThat(bench.code("c")).isEqualTo("OVERLOADED");
        release.countDown();
        assertThat(bench.code("a")).isEqualTo("success");
        assertThat(bench.code("b")).isEqualTo("success");
    }

    @Test
    void theOldestAreRefusedWhenTheyWaitedTooLong() {
        CountDownLatch release = new CountDownLatch(1);
        bench.lanes.put(TaskType.STT, Bench.lane(1, Duration.ofSeconds(60), 0, Duration.ofMinutes(1), Delivery.Side.OLDEST));
        bench.speech = (job, scope) -> {
            awaitLatch(release);
            return Bench.speech("");
        };
        bench.start();
        bench.push(TaskType.STT, "a");
        Bench.await(() -> bench.redis.length(TaskType.STT.queue()) == 0);
        bench.push(TaskType.STT, "old", ",\"created_at\":" + (System.currentTimeMillis() - 120_000));
        bench.push(TaskType.STT, "new", ",\"created_at\":" + System.currentTimeMillis());
        assertThat(bench.code("old")).isEqualTo("OVERLOADED");
        assertThat(bench.redis.length(TaskType.STT.queue())).isEqualTo(1);
        release.countDown();
        assertThat(bench.code("new")).isEqualTo("success");
    }

    @Test
    void aLostReplyOfFinishDoesNotAnswerTwice() {
        bench.speech = (job, scope) -> {
            bench.redis.failNext("FINISH", new RedisException(true, "cut", null), true);
            return Bench.speech("");
        };
        bench.start().push(TaskType.STT, "r");
        assertThat(bench.code("r")).isEqualTo("success");
        Bench.await(() -> bench.redis.length(Keys.processing("w", TaskType.STT)) == 0);
        assertThat(bench.published("r")).hasSize(1);
    }

    @Test
    void progressIsPublishedAndEveryStageTold() {
        bench.speech = (job, scope) -> {
            scope.progress("a", 0.1);
            scope.progress("a", 0.2);
            scope.progress("b", 0.3);
            scope.progress("b", 1);
            return Bench.speech("");
        };
        bench.start().push(TaskType.STT, "r");
        bench.answer("r");
        assertThat(bench.redis.published().stream().filter(p -> p.startsWith(Keys.progress("r")))).extracting(p -> p.substring(p.indexOf("\"stage\"")))
                .as("what comes soon after another of its stage may be left out")
                .containsSubsequence("\"stage\":\"a\",\"fraction\":0.1}", "\"stage\":\"b\",\"fraction\":0.3}", "\"stage\":\"b\",\"fraction\":1.0}");
    }

    @Test
    void aPictureGivesWayToSpeechBetweenTwoSteps() {
        CountDownLatch drawing = new CountDownLatch(1);
        CountDownLatch heard = new CountDownLatch(1);
        AtomicBoolean heardFirst = new AtomicBoolean();
        CountDownLatch speaking = new CountDownLatch(1);
        JobHandler<ImageJob> draw = bench.image;
        bench.image = (job, scope) -> {
            drawing.countDown();
            awaitLatch(speaking);
            scope.progress("sample", 0.5);
            heardFirst.set(heard.getCount() == 0);
            return draw.handle(job, scope);
        };
        bench.speech = (job, scope) -> {
            speaking.countDown();
            pause();
            heard.countDown();
            return Bench.speech("");
        };
        bench.start();
        bench.push(TaskType.IMAGE, "i");
        awaitLatch(drawing);
        bench.push(TaskType.STT, "s");
        assertThat(bench.code("i")).isEqualTo("success");
        assertThat(heardFirst).isTrue();
    }

    @Test
    void aPictureDoesNotGiveWayForEver() {
        CountDownLatch release = new CountDownLatch(1);
        bench.giveWayMost = Duration.ofMillis(50);
        CountDownLatch speaking = new CountDownLatch(1);
        bench.speech = (job, scope) -> {
            speaking.countDown();
            awaitLatch(release);
            return Bench.speech("");
        };
        JobHandler<ImageJob> draw = bench.image;
        bench.image = (job, scope) -> {
            for (int step = 0; step < 20; step++) {
                scope.progress("sample", step / 20.0);
            }
            return draw.handle(job, scope);
        };
        bench.start();
        bench.push(TaskType.STT, "s");
        awaitLatch(speaking);
        bench.push(TaskType.IMAGE, "i");
        assertThat(bench.code("i")).isEqualTo("success");
        release.countDown();
    }

    @Test
    void aLaneWithoutAModelAnswersSoAndTheOthersGoOn() {
        bench.speech = new NoModel();
        bench.lanes.put(TaskType.STT, new LaneSettings(1, Duration.ofSeconds(60), 0, null, Delivery.Side.NEWEST, true, null, false));
        bench.start();
        bench.push(TaskType.STT, "s");
        bench.push(TaskType.LLM, "l");
        assertThat(bench.code("s")).isEqualTo("MODEL_NOT_AVAILABLE");
        assertThat(bench.code("l")).isEqualTo("success");
        Bench.await(() -> bench.worker.status().lanes().get(TaskType.STT).equals("no file"));
        Bench.await(() -> bench.worker.status().ready());
    }

    @Test
    void whatOnlySomeJobsNeedIsNotTheLanesModel() {
        List<String> seen = new CopyOnWriteArrayList<>();
        bench.speech = (job, scope) -> {
            seen.add(bench.worker.status().lanes().get(TaskType.STT));
            return switch (job.header().requestId()) {
                case "webm" -> throw new JobException(ErrorCode.MODEL_NOT_AVAILABLE, "no ffmpeg");
                case "wav" -> throw JobException.ofEngine(ErrorCode.MODEL_NOT_AVAILABLE, "no file", null);
                default -> Bench.speech("");
            };
        };
        bench.start();
        for (String id : List.of("webm", "wav", "last")) {
            bench.push(TaskType.STT, id);
            bench.answer(id);
        }
        assertThat(seen).containsExactly("", "", "no file");
    }

    @Test
    void aLaneWithoutAModelMayLeaveItsQueueToOthers() {
        bench.speech = new NoModel();
        bench.lanes.put(TaskType.STT, new LaneSettings(1, Duration.ofSeconds(60), 0, null, Delivery.Side.NEWEST, true, null, true));
        bench.start();
        bench.push(TaskType.STT, "s");
        bench.push(TaskType.LLM, "l");
        assertThat(bench.code("l")).isEqualTo("success");
        Bench.await(() -> !bench.worker.status().lanes().get(TaskType.STT).isEmpty());
        assertThat(bench.redis.length(TaskType.STT.queue())).isEqualTo(1);
    }

    private static final class NoModel implements JobHandler<SpeechJob> {
        @Override
        public JobResult handle(SpeechJob job, JobScope scope) {
            throw new JobException(ErrorCode.MODEL_NOT_AVAILABLE, "no file");
        }

        @Override
        public void load(JobScope scope) {
            throw new JobException(ErrorCode.MODEL_NOT_AVAILABLE, "no file");
        }
    }

    @Test
    void outOfMemoryAndIdlenessUnloadTheModel() {
        AtomicInteger unloaded = new AtomicInteger();
        bench.lanes.put(TaskType.STT, new LaneSettings(1, Duration.ofSeconds(60), 0, null, Delivery.Side.NEWEST, false,
                Duration.ofMillis(100), false));
        bench.speech = new JobHandler<>() {
            private volatile boolean loaded;

            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                loaded = true;
                if (job.header().requestId().equals("big")) {
                    throw new JobException(ErrorCode.OUT_OF_MEMORY, "no memory");
                }
                return Bench.speech("");
            }

            @Override
            public void unload() {
                loaded = false;
                unloaded.incrementAndGet();
            }

            @Override
            public boolean loaded() {
                return loaded;
            }
        };
        bench.start().push(TaskType.STT, "big");
        assertThat(bench.code("big")).isEqualTo("OUT_OF_MEMORY");
        Bench.await(() -> unloaded.get() == 1);
        bench.push(TaskType.STT, "small");
        assertThat(bench.code("small")).isEqualTo("success");
        Bench.await(() -> unloaded.get() == 2);
    }

    @Test
    void memoryIsGivenBackOnceAfterEveryStretchOfWork() {
        AtomicInteger rests = new AtomicInteger();
        AtomicInteger before = new AtomicInteger();
        AtomicInteger after = new AtomicInteger();
        AtomicBoolean enough = new AtomicBoolean();
        bench.speech = new JobHandler<>() {
            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                before.set(rests.get());
                Bench.await(enough::get); // longer than what a rest waits for
                after.set(rests.get());
                return Bench.speech("");
            }

            @Override
            public void rest() {
                rests.incrementAndGet();
            }
        };
        bench.start();
        Bench.await(() -> rests.get() == 1);
        bench.push(TaskType.STT, "long");
        long begun = System.nanoTime();
        Bench.await(() -> System.nanoTime() - begun > Duration.ofMillis(1500).toNanos());
        enough.set(true);
        assertThat(bench.code("long")).isEqualTo("success");
        assertThat(after).as("rests while a job was in hand").hasValue(before.get());
        Bench.await(() -> rests.get() == before.get() + 1);
    }

    @Test
    void memoryIsGivenBackAfterAnIdleModelWasUnloadedToo() {
        AtomicInteger rests = new AtomicInteger();
        AtomicInteger restsLoaded = new AtomicInteger();
        bench.lanes.put(TaskType.STT, new LaneSettings(1, Duration.ofSeconds(60), 0, null, Delivery.Side.NEWEST, false,
                Duration.ofMillis(2500), false));
        bench.speech = new JobHandler<>() {
            private volatile boolean loaded;

            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                loaded = true;
                return Bench.speech("");
            }

            @Override
            public void unload() {
                loaded = false;
                restsLoaded.set(rests.get());
            }

            @Override
            public void rest() {
                rests.incrementAndGet();
            }

            @Override
            public boolean loaded() {
                return loaded;
            }
        };
        bench.start().push(TaskType.STT, "one");
        assertThat(bench.code("one")).isEqualTo("success");
        Bench.await(() -> restsLoaded.get() > 0);
        Bench.await(() -> rests.get() == restsLoaded.get() + 1);
    }

    @Test
    void quietTakesNoNewJobsUntilResumed() {
        bench.start();
        Bench.await(() -> bench.redis.publish(Keys.control("w"), "quiet".getBytes(StandardCharsets.UTF_8)) == 1);
        Bench.await(() -> bench.worker.status().phase() == WorkerStatus.Phase.QUIET);
        bench.push(TaskType.STT, "r");
        Bench.await(() -> bench.redis.length(TaskType.STT.queue()) == 1 && bench.redis.length(Keys.processing("w", TaskType.STT)) == 0);
        assertThat(bench.worker.status().ready()).isFalse();
        bench.redis.publish(Keys.control("all"), "resume".getBytes(StandardCharsets.UTF_8));
        assertThat(bench.code("r")).isEqualTo("success");
    }

    @Test
    void stopFinishesWhatIsInHandAndLeavesTheRest() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        bench.speech = (job, scope) -> {
            running.countDown();
            awaitLatch(release);
            return Bench.speech("");
        };
        bench.start();
        bench.push(TaskType.STT, "a");
        awaitLatch(running);
        bench.push(TaskType.STT, "b");
        bench.worker.requestStop();
        release.countDown();
        bench.worker.awaitStop();
        assertThat(bench.code("a")).isEqualTo("success");
        assertThat(bench.redis.range(TaskType.STT.queue())).hasSize(1);
        assertThat(bench.redis.members("ai:workers")).isEmpty();
        assertThat(bench.worker.status().phase()).isEqualTo(WorkerStatus.Phase.STOPPED);
    }

    @Test
    void aSecondStopGivesTheJobBack() {
        CountDownLatch running = new CountDownLatch(1);
        bench.speech = (job, scope) -> {
            running.countDown();
            return Bench.untilCancelled(scope);
        };
        bench.start().push(TaskType.STT, "a");
        awaitLatch(running);
        bench.worker.requestStop();
        bench.worker.requestStop();
        bench.worker.awaitStop();
        assertGivenBack("a");
    }

    @Test
    void atTheDrainTimeoutEvenAJobWhoseEngineDoesNotListenIsGivenBack() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        bench.drainTimeout = Duration.ofMillis(50);
        bench.speech = (job, scope) -> {
            running.countDown();
            awaitLatch(release);
            return Bench.speech("too late");
        };
        bench.start().push(TaskType.STT, "a");
        awaitLatch(running);
        bench.worker.requestStop();
        assertThat(bench.worker.awaitStop()).as("no engine is inside a job").isFalse();
        assertGivenBack("a");
        release.countDown();
        assertGivenBack("a");
    }

    @Test
    void aCancelledJobWhoseEngineDoesNotListenIsAnsweredAtTheDrainTimeout() {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        bench.drainTimeout = Duration.ofMillis(50);
        bench.speech = (job, scope) -> {
            running.countDown();
            awaitLatch(release);
            return Bench.speech("too late");
        };
        bench.start().push(TaskType.STT, "a");
        awaitLatch(running);
        Bench.await(() -> bench.redis.publish(Keys.cancel("a"), new byte[0]) == 1);
        bench.worker.requestStop();
        assertThat(bench.worker.awaitStop()).as("no engine is inside a job").isFalse();
        assertThat(bench.code("a")).isEqualTo("CANCELLED");
        assertThat(bench.redis.length(TaskType.STT.queue())).isZero();
        release.countDown();
    }

    private void assertGivenBack(String id) {
        assertThat(bench.redis.range(TaskType.STT.queue())).hasSize(1);
        assertThat(bench.redis.length(Keys.processing("w", TaskType.STT))).isZero();
        assertThat(bench.redis.get(Keys.result(id))).isNull();
        assertThat(bench.redis.get("ai:attempts:" + id)).isNull();
    }

    @Test
    void aStuckEngineEndsTheProcessAndItsJobIsAnsweredAndTheOthersGivenBack() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch both = new CountDownLatch(2);
        bench.stuckAfter = Duration.ofMillis(100);
        bench.speech = (job, scope) -> {
            both.countDown();
            awaitLatch(release);
            return Bench.speech("");
        };
        JobHandler<ImageJob> draw = bench.image;
        bench.image = (job, scope) -> {
            both.countDown();
            awaitLatch(release);
            return draw.handle(job, scope);
        };
        bench.start();
        bench.push(TaskType.IMAGE, "i");
        bench.push(TaskType.STT, "s", ",\"deadline_at\":" + (System.currentTimeMillis() + 2_000));
        awaitLatch(both);
        assertThat(bench.fatal.poll(20, TimeUnit.SECONDS)).isEqualTo(70);
        assertThat(bench.code("s")).isEqualTo("EXPIRED");
        assertThat(bench.redis.length(TaskType.IMAGE.queue())).isEqualTo(1);
        assertThat(bench.worker.status().alive()).isFalse();
        assertThat(bench.worker.exitStatus()).as("of whoever only waits for the stop").isEqualTo(70);
        release.countDown();
    }

    @Test
    void aJobThatIsToldToEndWhileItsModelIsLoadedIsAnsweredAfterThat() {
        AtomicBoolean loaded = new AtomicBoolean();
        AtomicBoolean told = new AtomicBoolean();
        bench.stuckAfter = Duration.ofMillis(100);
        bench.speech = new JobHandler<>() {
            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                if (!loaded.get()) {
                    Bench.await(scope::cancelled);
                    told.set(true);
                    long since = System.nanoTime(); // several turns of the supervisor
                    Bench.await(() -> System.nanoTime() - since > Duration.ofSeconds(1).toNanos());
                    loaded.set(true);
                    throw new JobException(ErrorCode.CANCELLED, "nobody wants the load");
                }
                return Bench.speech("");
            }

            @Override
            public boolean loaded() {
                return loaded.get();
            }
        };
        bench.start();
        bench.push(TaskType.STT, "late", ",\"deadline_at\":" + (System.currentTimeMillis() + 2_000));
        bench.push(TaskType.STT, "next");
        assertThat(bench.code("late")).isEqualTo("EXPIRED");
        assertThat(told).as("whether the job had begun before its deadline").isTrue();
        assertThat(bench.code("next")).isEqualTo("success");
        assertThat(bench.fatal).isEmpty();
    }

    @Test
    void theSupervisorOutlivesWhateverFailsInItsTurn() {
        CountDownLatch failed = new CountDownLatch(1);
        bench.speech = new JobHandler<>() {
            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                return Bench.untilCancelled(scope);
            }

            @Override
            public void rest() {
                failed.countDown();
                throw new StackOverflowError();
            }
        };
        bench.start();
        awaitLatch(failed);
        bench.push(TaskType.STT, "r");
        bench.redis.set(Keys.cancel("r"), "1");
        assertThat(bench.code("r")).isEqualTo("CANCELLED");
    }

    @Test
    void whateverFailsOnTheWayAStopComesToItsEnd() {
        bench.speech = new JobHandler<>() {
            @Override
            public JobResult handle(SpeechJob job, JobScope scope) {
                return Bench.speech("");
            }

            @Override
            public void unload() {
                throw new StackOverflowError();
            }
        };
        bench.start();
        bench.worker.stop();
        assertThat(bench.worker.status().phase()).isEqualTo(WorkerStatus.Phase.STOPPED);
    }

    @Test
    void aStopThatComesBeforeTheStartIsNoFault() {
        bench.make().requestStop();
        bench.worker.start();
        assertThat(bench.worker.awaitStop()).isTrue();
        assertThat(bench.redis.members(Keys.WORKERS)).isEmpty();
    }

    @Test
    void aStopBreaksALoadOff() {
        CountDownLatch loading = new CountDownLatch(1);
        bench.lanes.put(TaskType.STT, LOADED_AT_START);
        bench.speech = new Loading(loading, JobScope::cancelled);
        bench.start();
        awaitLatch(loading);
        bench.worker.requestStop();
        assertThat(bench.worker.awaitStop()).as("every engine has let go").isTrue();
    }

    @Test
    void aLoadThatIsNotBrokenOffDoesNotHoldUpAStop() {
        CountDownLatch loading = new CountDownLatch(1);
        AtomicBoolean loaded = new AtomicBoolean();
        bench.lanes.put(TaskType.STT, LOADED_AT_START);
        bench.speech = new Loading(loading, scope -> loaded.get());
        bench.start();
        awaitLatch(loading);
        bench.worker.requestStop();
        assertThat(bench.worker.awaitStop()).as("every engine has let go").isFalse();
        loaded.set(true);
    }

    private static final LaneSettings LOADED_AT_START =
            new LaneSettings(1, Duration.ofSeconds(60), 0, null, Delivery.Side.NEWEST, true, null, false);

    private record Loading(CountDownLatch begun, Predicate<JobScope> over) implements JobHandler<SpeechJob> {
        @Override
        public JobResult handle(SpeechJob job, JobScope scope) {
            return Bench.speech("");
        }

        @Override
        public void load(JobScope scope) {
            begun.countDown();
            Bench.await(() -> over.test(scope));
        }
    }

    @Test
    void aLaneNeedsSomebodyToDoItsJobs() {
        assertThatThrownBy(() -> new AIWorker(WorkerSettings.defaults(), bench.redis, new Handlers(null, null, null),
                bench.registry, code -> { })).hasMessageMatching("lane (stt|llm|image) has nobody to do its jobs");
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(Bench.PATIENCE_MS, TimeUnit.MILLISECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
