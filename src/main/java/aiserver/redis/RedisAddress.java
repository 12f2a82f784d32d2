package aiserver.redis;

import io.lettuce.core.RedisURI;

import java.util.List;
import java.util.stream.Collectors;

/** Where Redis is, with its secrets kept: reads the URI and shows it, and knows the server's errors. */
final class RedisAddress {
    private static final List<String> PASSING = List.of("LOADING", "READONLY", "OOM ", "NOAUTH", "WRONGPASS", "NOPERM",
            "MASTERDOWN", "NOREPLICAS", "MISCONF", "BUSY ", "TRYAGAIN", "UNBLOCKED", "max number of clients",
            "invalid password");

    private static final List<String> CLUSTER = List.of("CROSSSLOT", "MOVED ", "CLUSTERDOWN", "ASK ");

    private RedisAddress() {
    }

    static RedisURI parse(String uri) {
        RedisURI parsed = null;
        try {
            parsed = RedisURI.create(uri);
        } catch (RuntimeException e) {
            // The parser's message repeats the URI and with it the password; the sentence below does not.
        }
        if (parsed != null && (!parsed.getSentinels().isEmpty() || isHost(parsed.getHost()))) {
            return parsed;
        }
        throw new IllegalArgumentException("the Redis URI cannot be read; it must look like"
                + " redis://[[user]:password@]host[:port][/database], rediss://... for TLS, or"
                + " redis-sentinel://[password@]host[:port][,host2[:port2]][/database]#master");
    }

    // The parser takes a whole "user:password@host:port" for a host where the port is no number.
    private static boolean isHost(String host) {
        return host != null && !host.isBlank() && !host.contains("@") && (host.startsWith("[") || !host.contains(":"));
    }

    static String shown(RedisURI uri) {
        if (!uri.getSentinels().isEmpty()) {
            return uri.getSentinels().stream().map(s -> s.getHost() + ":" + s.getPort())
                    .collect(Collectors.joining(",", "redis-sentinel://", "#" + uri.getSentinelMasterId()));
        }
        String scheme = uri.isSsl() ? "rediss://" : "redis://";
        return scheme + uri.getHost() + ":" + uri.getPort() + (uri.getDatabase() == 0 ? "" : "/" + uri.getDatabase());
    }

    /** The server's own words where a script broke off: older servers put the place before them, newer ones behind. */
    static String withoutScript(String error) {
        int words = error.startsWith("ERR Error running script") ? error.lastIndexOf(": -") : -1;
        String after = words < 0 ? error : error.substring(words + 3);
        int place = after.indexOf(" script: ");
        return place < 0 ? after : after.substring(0, place);
    }

    /** What a server says that is part of a Redis Cluster. */
    static boolean isCluster(String error) {
        return CLUSTER.stream().anyMatch(error::contains);
    }

    static boolean isPassing(String error) {
        return isCluster(error) || PASSING.stream().anyMatch(error::contains);
    }
}
