package aiserver.redis;

import io.lettuce.core.RedisURI;

import java.util.List;
import java.util.stream.Collectors;

/** Where Redis is, with its secrets kept: reads the URI and shows it, and knows which of the server's errors pass by themselves. */
final class RedisAddress {
    private static final List<String> PASSING = List.of("LOADING", "READONLY", "OOM ", "NOAUTH", "WRONGPASS", "NOPERM",
            "MASTERDOWN", "NOREPLICAS", "MISCONF", "BUSY ", "CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED", "max number of clients",
            "invalid password");

    private RedisAddress() {
    }

    static RedisURI parse(String uri) {
        try {
            return RedisURI.create(uri);
        } catch (RuntimeException e) {
            // The parser's message repeats the URI and with it the password.
            throw new IllegalArgumentException("the Redis URI cannot be read; it must look like"
                    + " redis://[[user]:password@]host[:port][/database], rediss://... for TLS, or"
                    + " redis-sentinel://[password@]host[:port][,host2[:port2]][/database]#master");
        }
    }

    static String shown(RedisURI uri) {
        if (!uri.getSentinels().isEmpty()) {
            return uri.getSentinels().stream().map(s -> s.getHost() + ":" + s.getPort())
                    .collect(Collectors.joining(",", "redis-sentinel://", "#" + uri.getSentinelMasterId()));
        }
        String scheme = uri.isSsl() ? "rediss://" : "redis://";
        return scheme + uri.getHost() + ":" + uri.getPort() + (uri.getDatabase() == 0 ? "" : "/" + uri.getDatabase());
    }

    static boolean isPassing(String error) {
        return PASSING.stream().anyMatch(error::contains);
    }
}
