package aiserver.redis;

import aiserver.job.TaskType;

/** The names of everything that this program keeps in Redis. Those that producers and subscribers use are the contract's. */
public final class Keys {
    /** Every worker that may have left something behind, by the second of its last heartbeat. */
    public static final String WORKERS = "ai:workers";
    /** A random word that Redis has for as long as it keeps its data. */
    static final String EPOCH = "ai:epoch";

    private static final String CANCEL = "ai:cancel:";
    private static final String CONTROL = "ai:control:";

    private Keys() {
    }

    public static String result(String requestId) {
        return "ai:result:" + requestId;
    }

    public static String progress(String requestId) {
        return "ai:progress:" + requestId;
    }

    public static String cancel(String requestId) {
        return CANCEL + requestId;
    }

    public static String cancelPattern() {
        return CANCEL + "*";
    }

    /** The request that a message on a cancel channel is for, or null where it is another channel. */
    public static String cancelled(String channel) {
        return channel.startsWith(CANCEL) ? channel.substring(CANCEL.length()) : null;
    }

    /** Where operators tell one worker, or with {@code all} every one, to be quiet, to resume or to stop. */
    public static String control(String workerId) {
        return CONTROL + workerId;
    }

    /** Every worker's control channel: an ACL allows a pattern by its very letters, so one's own name would not do. */
    public static String controlPattern() {
        return CONTROL + "*";
    }

    public static String dead(TaskType kind) {
        return "ai:dead:" + kind.wireName();
    }

    public static String heartbeat(String workerId) {
        return "ai:worker:" + workerId;
    }

    public static String processing(String workerId, TaskType kind) {
        return "ai:processing:" + workerId + ":" + kind.wireName();
    }

    static String lease(String requestId) {
        return "ai:lease:" + requestId;
    }

    static String attempts(String requestId) {
        return "ai:attempts:" + requestId;
    }
}
