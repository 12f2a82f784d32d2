package aiserver.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Redis as far as this program uses it, in memory, with a clock that stands still until it is moved. Its scripts say in Java
 * what the Lua files say; the same contract tests run on both, and a random comparison besides. It can be copied, so that a
 * model checker may follow every branch, and told to fail.
 */
public final class InMemoryRedis implements RedisClient {
    private static final Pattern CREATED_AT = Pattern.compile("\"created_at\":(\\d+)");

    private record Text(String value, long expiresAt) {
    }

    private record Failure(Throwable thrown, boolean afterwards) {
    }

    private final TreeMap<String, List<String>> lists = new TreeMap<>();
    private final TreeMap<String, Text> texts = new TreeMap<>();
    private final TreeMap<String, TreeMap<String, Long>> scores = new TreeMap<>();
    private final List<String> published = new ArrayList<>();
    private final Map<Consumer<Heard>, List<String>> listeners = new HashMap<>();
    private final Map<String, Failure> failures = new HashMap<>();
    private long nowMs = 1_000_000;

    /** The same content, its own from now on; without listeners. */
    public synchronized InMemoryRedis copy() {
        InMemoryRedis copy = new InMemoryRedis();
        lists.forEach((key, list) -> copy.lists.put(key, new ArrayList<>(list)));
        copy.texts.putAll(texts);
        scores.forEach((key, set) -> copy.scores.put(key, new TreeMap<>(set)));
        copy.published.addAll(published);
        copy.nowMs = nowMs;
        return copy;
    }

    /** Everything that is kept, in one line: equal for equal contents. */
    public synchronized String content() {
        expire();
        TreeMap<String, String> values = new TreeMap<>();
        texts.forEach((key, text) -> values.put(key, text.value()));
        return lists + " " + values + " " + scores.keySet() + " " + published;
    }

    public synchronized void advance(Duration time) {
        nowMs += time.toMillis();
        notifyAll();
    }

    /**
     * The next call of a name fails, {@code afterwards} once it was done, as when a reply is lost. Names are those of the
     * scripts, {@code BRPOP}, {@code BLMOVE} and {@code LPUSH}.
     */
    public synchronized void failNext(String name, Throwable thrown, boolean afterwards) {
        failures.put(name, new Failure(thrown, afterwards));
    }

    public synchronized void clearFailures() {
        failures.clear();
    }

    public synchronized void forgetEverything() {
        lists.clear();
        texts.clear();
        scores.clear();
    }

    public synchronized void delete(String key) {
        texts.remove(key);
        lists.remove(key);
    }

    public synchronized void set(String key, String value) {
        texts.put(key, new Text(value, Long.MAX_VALUE));
    }

    /** {@code channel message} of all that was published, in order. */
    public synchronized List<String> published() {
        return List.copyOf(published);
    }

    @Override
    public Optional<byte[]> brpop(String queue, Duration timeout) {
        return waitFor("BRPOP", timeout, () -> pop(queue, "RIGHT"));
    }

    @Override
    public Optional<byte[]> blmove(String from, String to, Duration timeout) {
        return waitFor("BLMOVE", timeout, () -> move(from, to, "RIGHT"));
    }

    @Override
    public synchronized void lpush(String list, byte[] message) {
        done("LPUSH", () -> {
            push(list, text(message), true);
            return null;
        });
    }

    @Override
    public synchronized long length(String list) {
        return done("READ", () -> (long) list(list).size());
    }

    @Override
    public synchronized List<byte[]> range(String list) {
        return done("READ", () -> list(list).stream().map(InMemoryRedis::bytes).toList());
    }

    @Override
    public synchronized byte[] get(String key) {
        return done("READ", () -> value(key) == null ? null : bytes(value(key)));
    }

    @Override
    public synchronized List<Boolean> exist(List<String> keys) {
        return done("READ", () -> keys.stream().map(key -> value(key) != null).toList());
    }

    @Override
    public synchronized List<String> members(String key) {
        return done("READ", () -> List.copyOf(scores.getOrDefault(key, new TreeMap<>()).keySet()));
    }

    @Override
    public synchronized long publish(String channel, byte[] message) {
        return done("READ", () -> send(channel, text(message)));
    }

    @Override
    public synchronized void tell(String channel, byte[] message) {
        send(channel, text(message));
    }

    @Override
    public synchronized Subscription subscribe(List<String> patterns, Consumer<Heard> heard) {
        listeners.put(heard, patterns);
        return new Subscription() {
            @Override
            public boolean open() {
                return listeners.containsKey(heard);
            }

            @Override
            public void close() {
                listeners.remove(heard);
            }
        };
    }

    @Override
    public synchronized List<byte[]> eval(Script script, List<String> keys, List<byte[]> arguments) {
        List<String> args = arguments.stream().map(InMemoryRedis::text).toList();
        return done(script.name(), () -> switch (script) {
            case CLAIM -> claim(keys, args);
            case FINISH -> finish(keys, args);
            case BURY -> bury(keys, args);
            case DROP -> one(copies(keys.get(0), args.get(0)) < Long.parseLong(args.get(1)) ? 0 : remove(keys.get(0), args.get(0)));
            case PUT_BACK -> putBack(keys, args);
            case RECOVER -> recover(keys, args);
            case HEARTBEAT -> heartbeat(keys, args);
            case FORGET -> forget(keys, args);
            case DEPTH -> depth(keys);
            case SHED -> shed(keys, args);
            case NOTE_CANCEL -> noteCancel(keys, args);
            case PULL -> pull(keys, args);
        });
    }

    @Override
    public void close() {
        // nothing is open
    }

    private List<byte[]> claim(List<String> k, List<String> a) {
        String message = a.get(0);
        String token = a.get(1);
        if (a.get(7).equals("1") && !list(k.get(0)).contains(message)) {
            return answer("LOST", "0", "");
        }
        String result = value(k.get(2));
        if (result != null && result.contains("\"status\":\"success\"")) {
            send(a.get(3), result);
            remove(k.get(0), message);
            return answer("ANSWERED", "0", "");
        }
        String holder = value(k.get(1));
        if (holder != null && !holder.equals(token) && !holder.equals(a.get(2))) {
            return answer("RUNNING", "0", holder);
        }
        if (value(k.get(5)) == null) {
            set(k.get(5), a.get(6));
        }
        long tried = count(k.get(3));
        long max = Long.parseLong(a.get(4));
        texts.put(k.get(1), new Text(token, nowMs + Long.parseLong(a.get(5))));
        if (value(k.get(4)) != null) {
            return answer("CANCELLED", Long.toString(tried), value(k.get(5)));
        }
        if (!token.equals(holder) && tried <= max) {
            tried++;
            texts.put(k.get(3), new Text(Long.toString(tried), nowMs + Long.parseLong(a.get(5))));
        }
        return tried > max ? answer("EXHAUSTED", Long.toString(max), value(k.get(5)))
                : answer("RUN", Long.toString(tried), value(k.get(5)));
    }

    private List<byte[]> finish(List<String> k, List<String> a) {
        String holder = value(k.get(1));
        int already = a.get(2).equals(value(k.get(2))) ? 1 : 0;
        if (holder != null && !holder.equals(a.get(1))) {
            return one(already);
        }
        if (a.get(8).equals("1") && holder == null && !list(k.get(0)).contains(a.get(0))
                && (a.get(5).equals(value(k.get(6))) || value(k.get(2)) != null)) {
            return one(already);
        }
        texts.put(k.get(2), new Text(a.get(2), nowMs + Long.parseLong(a.get(3))));
        send(a.get(4), a.get(2));
        if (a.get(6).equals("1")) {
            keepDead(k.get(5), a.get(0), Integer.parseInt(a.get(7)));
        }
        texts.keySet().removeAll(List.of(k.get(1), k.get(3), k.get(4)));
        remove(k.get(0), a.get(0));
        return one(1);
    }

    private List<byte[]> bury(List<String> k, List<String> a) {
        if (a.get(2).equals("1") && !list(k.get(0)).contains(a.get(0))) {
            return one(0);
        }
        keepDead(k.get(1), a.get(0), Integer.parseInt(a.get(1)));
        remove(k.get(0), a.get(0));
        return one(1);
    }

    private List<byte[]> putBack(List<String> k, List<String> a) {
        boolean ours = a.get(1).equals(value(k.get(2)));
        boolean reliable = a.get(2).equals("1");
        boolean there = reliable ? copies(k.get(0), a.get(0)) >= (ours ? 1 : Long.parseLong(a.get(3))) : a.get(1).isEmpty() || ours;
        if (there) {
            push(k.get(1), a.get(0), false);
            remove(k.get(0), a.get(0));
        }
        if (ours) {
            texts.remove(k.get(2));
            long tried = count(k.get(3));
            if (tried > 1) {
                texts.put(k.get(3), new Text(Long.toString(tried - 1), texts.get(k.get(3)).expiresAt()));
            } else {
                texts.remove(k.get(3));
            }
        }
        return one(there ? 1 : 0);
    }

    private List<byte[]> recover(List<String> k, List<String> a) {
        if (value(k.get(0)) != null) {
            return one(-1);
        }
        if (!list(k.get(1)).contains(a.get(0))) {
            return one(0);
        }
        push(k.get(2), a.get(0), false);
        remove(k.get(1), a.get(0));
        String holder = value(k.get(3));
        if (holder != null && holder.startsWith(a.get(1) + " ")) {
            texts.remove(k.get(3));
        }
        return one(1);
    }

    private List<byte[]> heartbeat(List<String> k, List<String> a) {
        boolean known = value(k.get(0)) != null;
        texts.put(k.get(0), new Text(a.get(2), nowMs + Long.parseLong(a.get(1))));
        scores.computeIfAbsent(k.get(1), key -> new TreeMap<>()).put(a.get(0), nowMs / 1000);
        if (value(k.get(2)) == null) {
            set(k.get(2), a.get(3));
        }
        return one(known ? 1 : 0);
    }

    private List<byte[]> forget(List<String> k, List<String> a) {
        if (a.get(2).equals("1")) {
            texts.remove(k.get(0));
        } else if (value(k.get(0)) != null) {
            return one(0);
        }
        TreeMap<String, Long> workers = scores.getOrDefault(k.get(1), new TreeMap<>());
        long now = nowMs / 1000;
        if (now - workers.getOrDefault(a.get(0), now) < Long.parseLong(a.get(1))) {
            scores.computeIfAbsent(k.get(1), key -> new TreeMap<>()).putIfAbsent(a.get(0), now);
            return one(0);
        }
        if (k.subList(2, k.size()).stream().anyMatch(list -> !list(list).isEmpty())) {
            return one(0);
        }
        boolean removed = workers.remove(a.get(0)) != null;
        if (workers.isEmpty()) {
            scores.remove(k.get(1));
        }
        return one(removed ? 1 : 0);
    }

    private List<byte[]> depth(List<String> k) {
        List<String> queue = list(k.get(0));
        Matcher created = CREATED_AT.matcher(queue.isEmpty() ? "" : queue.getLast());
        return List.of(bytes(Integer.toString(queue.size())), bytes(created.find() ? created.group(1) : ""));
    }

    private List<byte[]> shed(List<String> k, List<String> a) {
        if (list(k.get(0)).size() <= Long.parseLong(a.get(0))) {
            return List.of();
        }
        String message = a.get(2).equals("1") ? move(k.get(0), k.get(1), a.get(1)) : pop(k.get(0), a.get(1));
        return List.of(bytes(message));
    }

    private List<byte[]> noteCancel(List<String> k, List<String> a) {
        String result = value(k.get(1));
        if (result != null && result.contains("\"status\":\"success\"")) {
            return one(0);
        }
        if (result == null) {
            keepCancel(k.get(0), a.get(0));
        }
        return one(1);
    }

    private void keepCancel(String key, String millis) {
        if (value(key) == null) {
            texts.put(key, new Text("1", nowMs + Long.parseLong(millis)));
        }
    }

    private List<byte[]> pull(List<String> k, List<String> a) {
        long left = Long.parseLong(a.get(2));
        List<String> found = new ArrayList<>();
        List<String> waiting = new ArrayList<>(list(k.get(0))).reversed();
        for (String message : waiting.subList(0, (int) Math.min(waiting.size(), Long.parseLong(a.get(1))))) {
            left -= message.length();
            if (left < 0) {
                break;
            }
            if (message.contains("\"request_id\":\"" + a.get(0) + "\"")) {
                found.add(message);
            }
        }
        if (found.isEmpty()) {
            return List.of();
        }
        if (a.get(3).equals("1")) {
            push(k.get(1), found.getFirst(), true);
        }
        List<String> queue = list(k.get(0));
        found.forEach(message -> queue.remove(queue.lastIndexOf(message)));
        if (queue.isEmpty()) {
            lists.remove(k.get(0));
        }
        keepCancel(k.get(2), a.get(4));
        return List.of(bytes(found.getFirst()));
    }

    private void keepDead(String key, String message, int kept) {
        push(key, message, true);
        List<String> dead = list(key);
        dead.subList(Math.min(kept, dead.size()), dead.size()).clear();
    }

    private interface Step<T> {
        T take();
    }

    // Every call goes through here, so that a test can make any of them fail, before or after it was done.
    private <T> T done(String name, Step<T> step) {
        expire();
        Failure failure = failures.remove(name);
        if (failure == null) {
            return step.take();
        }
        if (failure.afterwards()) {
            step.take();
        }
        return InMemoryRedis.<T, RuntimeException>fail(failure.thrown());
    }

    @SuppressWarnings("unchecked")
    private static <T, E extends Throwable> T fail(Throwable thrown) throws E {
        throw (E) thrown;
    }

    private synchronized Optional<byte[]> waitFor(String name, Duration timeout, Step<String> step) {
        long end = System.nanoTime() + timeout.toNanos();
        try {
            while (true) {
                String message = done(name, step);
                long leftMs = (end - System.nanoTime()) / 1_000_000;
                if (message != null || leftMs <= 0) {
                    return Optional.ofNullable(message).map(InMemoryRedis::bytes);
                }
                wait(leftMs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RedisException(true, "interrupted", e);
        }
    }

    private String pop(String queue, String side) {
        List<String> list = list(queue);
        if (list.isEmpty()) {
            return null;
        }
        String message = side.equals("RIGHT") ? list.removeLast() : list.removeFirst();
        if (list.isEmpty()) {
            lists.remove(queue);
        }
        return message;
    }

    private String move(String from, String to, String side) {
        String message = pop(from, side);
        if (message != null) {
            push(to, message, true);
        }
        return message;
    }

    private void push(String key, String message, boolean head) {
        List<String> list = lists.computeIfAbsent(key, k -> new ArrayList<>());
        list.add(head ? 0 : list.size(), message);
        notifyAll();
    }

    private long copies(String key, String message) {
        return list(key).stream().filter(message::equals).count();
    }

    private long remove(String key, String message) {
        List<String> list = list(key);
        boolean removed = list.remove(message);
        if (list.isEmpty()) {
            lists.remove(key);
        }
        return removed ? 1 : 0;
    }

    private long send(String channel, String message) {
        published.add(channel + " " + message);
        long told = 0;
        for (Map.Entry<Consumer<Heard>, List<String>> listener : Map.copyOf(listeners).entrySet()) {
            if (listener.getValue().stream().anyMatch(pattern -> pattern.endsWith("*")
                    ? channel.startsWith(pattern.substring(0, pattern.length() - 1)) : channel.equals(pattern))) {
                listener.getKey().accept(new Heard(channel, bytes(message)));
                told++;
            }
        }
        return told;
    }

    private List<String> list(String key) {
        return lists.getOrDefault(key, new ArrayList<>());
    }

    private String value(String key) {
        return texts.containsKey(key) ? texts.get(key).value() : null;
    }

    private long count(String key) {
        return value(key) == null ? 0 : Long.parseLong(value(key));
    }

    private void expire() {
        texts.values().removeIf(text -> text.expiresAt() <= nowMs);
    }

    private static List<byte[]> one(long number) {
        return List.of(bytes(Long.toString(number)));
    }

    private static List<byte[]> answer(String verdict, String attempt, String more) {
        return List.of(bytes(verdict), bytes(attempt), bytes(more));
    }

    // One char per byte, so that a message which is no UTF-8 stays what it is.
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
