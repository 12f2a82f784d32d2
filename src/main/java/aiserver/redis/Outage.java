package aiserver.redis;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once that Redis is away and once that it is back, however many threads notice. Two troubles are told apart: nobody
 * answers, and somebody answers but takes no writes. Owned by the client; any thread.
 */
final class Outage {
    private static final Logger LOG = LoggerFactory.getLogger(Outage.class);

    private final String address;
    private long awaySince;
    private long refusedSince;

    Outage(String address) {
        this.address = address;
    }

    synchronized void away(String why) {
        if (awaySince == 0) {
            awaySince = System.nanoTime() | 1;
            LOG.warn("Redis at {} is away ({}); trying again until it is back", address, why);
        }
    }

    synchronized void refused(String why) {
        if (refusedSince == 0) {
            refusedSince = System.nanoTime() | 1;
            LOG.warn("Redis at {} takes no writes ({}); trying again until it does", address, why);
        }
    }

    synchronized void answered() {
        if (awaySince != 0) {
            LOG.info("Redis at {} is back after {} ms", address, elapsedMs(awaySince));
            awaySince = 0;
        }
    }

    synchronized void wrote() {
        answered();
        if (refusedSince != 0) {
            LOG.info("Redis at {} takes writes again after {} ms", address, elapsedMs(refusedSince));
            refusedSince = 0;
        }
    }

    private static long elapsedMs(long since) {
        return (System.nanoTime() - since) / 1_000_000;
    }
}
