package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.Envelope;
import aiserver.job.JobCodec;
import aiserver.job.TaskType;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Walks through every interleaving, up to a depth, of what workers, recovery, producers and accidents can do to one request:
 * steps, steps whose reply is lost, crashes between any two, heartbeats that run out though the worker lives, cancels,
 * the same request pushed again. It drives the real {@link Delivery} and {@link Membership}, by replaying each schedule from the start, and does
 * not go on from a state that was seen before. In every state: never two terminal results, never more starts than allowed;
 * and from every state, if all workers die there, a fresh one brings the job to its end and leaves nothing behind.
 * {@code -Daiserver.model.depth=9} looks further.
 */
class DeliveryModelTest {
    private static final int DEPTH = Integer.getInteger("aiserver.model.depth", 7);
    private static final TaskType KIND = TaskType.LLM;
    private static final DeliverySettings SETTINGS = new DeliverySettings(true, 2, Duration.ofHours(1), Duration.ofMillis(1),
            Duration.ofMinutes(1), Duration.ofMillis(1), 10);
    private static final byte[] MESSAGE = DeliveryContract.job("r").getBytes(StandardCharsets.UTF_8);
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}-[0-9a-f-]{27}");

    private enum Act {
        STEP, LOST_REPLY, CRASH, SILENCE, BEAT, RECOVER, PUT_BACK, CANCEL, PUSH_AGAIN
    }

    private static final Set<Act> LIMITED = Set.of(Act.LOST_REPLY, Act.CRASH, Act.SILENCE, Act.PUT_BACK, Act.CANCEL, Act.PUSH_AGAIN);

    private record Action(Act act, int worker) {
    }

    /** A worker as far as it was modelled: it holds at most one message, popped or claimed. */
    private static final class Worker {
        private final String name;
        private final Delivery delivery;
        private final Membership membership;
        private boolean dead;
        private Envelope popped;
        private String token;
        private Claim claim;

        private Worker(InMemoryRedis redis, JobCodec codec, String name) {
            this.name = name;
            this.delivery = new Delivery(redis, SETTINGS, name);
            this.membership = new Membership(redis, SETTINGS, name, codec);
        }

        private String state() {
            return dead ? "dead" : !membership.enrolled() ? "new" : popped == null ? "idle" : claim == null ? "popped " + token
                    : claim.verdict() + " " + claim.attempt() + " " + token;
        }
    }

    /** One run of a schedule. */
    private static final class World {
        private final JobCodec codec = new JobCodec(JobCodec.Limits.DEFAULT);
        private final InMemoryRedis redis = new InMemoryRedis();
        private final List<Worker> workers = new ArrayList<>();
        /** How often what happens only so often has happened. */
        private final Map<Act, Integer> done = new EnumMap<>(Act.class);
        private int pushes = 1;
        private int starts;

        private World() {
            redis.lpush(KIND.queue(), MESSAGE);
            workers.add(new Worker(redis, codec, "w0"));
            workers.add(new Worker(redis, codec, "w1"));
            workers.forEach(w -> w.membership.beat(""));
        }

        private int count(Act act) {
            return done.getOrDefault(act, 0);
        }

        /** Whether an action can happen here at all, and often enough has not yet. */
        private boolean enabled(Action action) {
            Worker w = workers.get(action.worker());
            boolean beats = redis.get(Keys.heartbeat(w.name)) != null;
            return switch (action.act()) {
                case STEP -> !w.dead && (w.popped != null || available(w));
                case LOST_REPLY -> count(Act.LOST_REPLY) < 1 && !w.dead && (w.popped != null || available(w));
                case CRASH -> count(Act.CRASH) < 2 && !w.dead;
                case SILENCE -> count(Act.SILENCE) < 2 && beats;
                case BEAT -> !w.dead && !beats;
                case RECOVER -> !w.dead && workers.stream().anyMatch(o -> o != w && redis.get(Keys.heartbeat(o.name)) == null
                        && redis.length(Keys.processing(o.name, KIND)) > 0);
                case PUT_BACK -> count(Act.PUT_BACK) < 1 && !w.dead && w.claim != null && w.claim.verdict() == Claim.Verdict.RUN;
                case CANCEL -> count(Act.CANCEL) < 1 && action.worker() == 0;
                case PUSH_AGAIN -> count(Act.PUSH_AGAIN) < 1 && action.worker() == 0;
            };
        }

        // As a lane does it: nothing is popped before others would look after it.
        private boolean available(Worker w) {
            return w.membership.enrolled() && (redis.length(KIND.queue()) > 0 || redis.length(Keys.processing(w.name, KIND)) > 0);
        }

        private void perform(Action action) {
            if (LIMITED.contains(action.act())) {
                done.merge(action.act(), 1, Integer::sum);
            }
            Worker w = workers.get(action.worker());
            switch (action.act()) {
                case STEP -> step(w);
                case LOST_REPLY -> {
                    for (String call : List.of("BLMOVE", "CLAIM", "FINISH")) {
                        redis.failNext(call, new RedisException(true, "cut", null), true);
                    }
                    try {
                        step(w);
                    } catch (RedisException e) {
                        assertThat(e).hasMessage("cut");
                    }
                    redis.clearFailures();
                }
                case CRASH -> {
                    w.dead = true;
                    workers.add(new Worker(redis, codec, "w" + workers.size()));
                }
                case SILENCE -> redis.delete(Keys.heartbeat(w.name));
                case BEAT -> w.membership.beat("");
                case RECOVER -> w.membership.recoverOrphans();
                case PUT_BACK -> {
                    if (w.delivery.putBack(w.claim)) {
                        starts--;
                    }
                    free(w);
                }
                case CANCEL -> w.delivery.noteCancel("r");
                case PUSH_AGAIN -> {
                    redis.lpush(KIND.queue(), MESSAGE);
                    pushes++;
                }
            }
        }

        private void step(Worker w) {
            if (w.popped == null) {
                w.delivery.next(KIND).ifPresent(m -> {
                    w.popped = codec.open(KIND, m);
                    w.token = w.delivery.newToken();
                });
            } else if (w.claim == null) {
                Claim claim = w.delivery.claim(w.popped, w.token);
                if (claim.verdict().held()) {
                    starts += claim.verdict() == Claim.Verdict.RUN ? 1 : 0;
                    w.claim = claim;
                } else {
                    free(w);
                }
            } else {
                boolean success = w.claim.verdict() == Claim.Verdict.RUN;
                String reply = "{\"by\":\"" + w.token + "\",\"status\":\"" + (success ? "success" : "error") + "\"}";
                w.delivery.finish(w.claim, reply.getBytes(StandardCharsets.UTF_8),
                        w.claim.verdict() == Claim.Verdict.EXHAUSTED);
                free(w);
            }
        }

        private static void free(Worker w) {
            w.popped = null;
            w.token = null;
            w.claim = null;
        }

        private void checkAlways() {
            List<String> successes = redis.published().stream().filter(p -> p.contains("success")).distinct().toList();
            assertThat(successes).as("different results").hasSizeLessThanOrEqualTo(1);
            assertThat(redis.published().size()).as("published").isLessThanOrEqualTo(pushes);
            // Each run of a request that ended in an error may be followed by another, if it was pushed again.
            assertThat(starts).as("starts").isLessThanOrEqualTo(SETTINGS.maxAttempts() * pushes);
        }

        private void checkEndWhereAllDie() {
            List<Worker> zombies = List.copyOf(workers);
            zombies.forEach(z -> redis.delete(Keys.heartbeat(z.name)));
            Worker fresh = new Worker(redis, codec, "fresh");
            fresh.membership.beat("");
            fresh.membership.recoverOrphans();
            while (available(fresh) || fresh.popped != null) {
                step(fresh);
            }
            assertThat(redis.get(Keys.result("r"))).as("the answer").isNotNull();
            List<String> published = redis.published();
            for (Worker zombie : zombies) {
                if (!zombie.dead && zombie.claim != null) {
                    step(zombie);
                }
            }
            assertThat(redis.published()).as("after the dead went on").isEqualTo(published);
            for (String key : List.of(Keys.lease("r"), Keys.attempts("r"))) {
                assertThat(redis.get(key)).as(key).isNull();
            }
            assertThat(redis.length(KIND.queue())).isZero();
            for (Worker w : workers) {
                assertThat(redis.length(Keys.processing(w.name, KIND))).as("left with %s", w.name).isZero();
            }
            checkAlways();
        }

        /** The state with its random words numbered in the order in which they appear. */
        private String state() {
            StringBuilder text = new StringBuilder(redis.content()).append(done).append(starts).append(pushes);
            workers.forEach(w -> text.append('|').append(w.name).append(w.state()));
            Map<String, String> names = new LinkedHashMap<>();
            Matcher matcher = UUID.matcher(text);
            return matcher.replaceAll(m -> names.computeIfAbsent(m.group(), u -> "#" + names.size()));
        }
    }

    private static World replay(List<Action> schedule) {
        World world = new World();
        for (Action action : schedule) {
            world.perform(action);
            world.checkAlways();
        }
        return world;
    }

    @Test
    void noInterleavingLosesAJobOrAnswersItTwice() {
        Set<String> seen = new HashSet<>();
        Deque<List<Action>> open = new ArrayDeque<>();
        open.add(List.of());
        seen.add(replay(List.of()).state());
        long schedules = 0;
        Set<Act> used = new HashSet<>();
        while (!open.isEmpty()) {
            List<Action> schedule = open.removeFirst();
            int workers = replay(schedule).workers.size();
            for (int w = 0; w < workers; w++) {
                for (Act act : Act.values()) {
                    Action action = new Action(act, w);
                    World world = replay(schedule);
                    if (!world.enabled(action)) {
                        continue;
                    }
                    List<Action> longer = new ArrayList<>(schedule);
                    longer.add(action);
                    try {
                        world.perform(action);
                        world.checkAlways();
                        schedules++;
                        if (seen.add(world.state())) {
                            used.add(act);
                            if (longer.size() < DEPTH) {
                                open.add(longer);
                            }
                            world.checkEndWhereAllDie();
                        }
                    } catch (AssertionError | RuntimeException e) {
                        throw new AssertionError("after " + longer, e);
                    }
                }
            }
        }
        assertThat(used).containsExactlyInAnyOrder(Act.values());
        assertThat(seen.size()).as("states; %s schedules", schedules).isGreaterThan(1_000);
        System.getLogger(DeliveryModelTest.class.getName()).log(System.Logger.Level.INFO, seen.size() + " states, " + schedules + " schedules");
    }
}
