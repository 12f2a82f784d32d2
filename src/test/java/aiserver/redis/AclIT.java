package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.ProtocolKeyword;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Delivery under the rights that docs/operations.md gives to a worker: they are enough, and no more than they should be. */
class AclIT extends DeliveryContract {
    private static final Pattern LINE = Pattern.compile("```acl\nACL (SETUSER (\\S+) .*)\n```");

    private final EmbeddedRedis server = EmbeddedRedis.start();
    private RedisClient redis;

    @BeforeEach
    @Override
    void workers() {
        try {
            List<MatchResult> lines = LINE.matcher(Files.readString(Path.of("docs/operations.md"))).results().toList();
            assertThat(lines).extracting(line -> line.group(2)).containsExactly("ai-worker", "ai-producer");
            RedisServers.command(server.uri(), connection -> lines.forEach(line -> {
                CommandArgs<String, String> args = new CommandArgs<>(StringCodec.UTF8);
                for (String word : line.group(1).split(" ")) {
                    args.add(word);
                }
                connection.sync().dispatch(Acl.ACL, new StatusOutput<>(StringCodec.UTF8), args);
            }));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        redis = client("ai-worker");
        super.workers();
    }

    private enum Acl implements ProtocolKeyword {
        ACL;

        @Override
        public byte[] getBytes() {
            return name().getBytes(StandardCharsets.US_ASCII);
        }
    }

    private RedisClient client(String user) {
        return new LettuceRedisClient("redis://" + user + ":PASSWORD@127.0.0.1:" + server.port(), Duration.ofSeconds(5));
    }

    @AfterEach
    void close() {
        redis.close();
        server.close();
    }

    @Override
    RedisClient redis() {
        return redis;
    }

    @Override
    void waitUntilDead() throws InterruptedException {
        Thread.sleep(SETTINGS.deadAfter().toMillis() + 100);
    }

    @Test
    void theWorkerMayListenToCancelsAndCommandsAndSetsNothingElse() {
        redis.subscribe(List.of(Keys.cancelPattern(), Keys.controlPattern()), heard -> { }).close();
        redis.publish(Keys.progress("r"), new byte[0]);
        assertThatThrownBy(() -> redis.lpush("other", new byte[0])).hasMessageContaining("NOPERM");
        assertThatThrownBy(() -> redis.publish("other", new byte[0])).hasMessageContaining("NOPERM");
    }

    @Test
    void theProducerMayQueueAndReadItsResultsAndTouchNothingOfTheWorker() {
        try (RedisClient producer = client("ai-producer")) {
            producer.lpush(KIND.queue(), RedisClientContract.bytes(job("r")));
            one.finish(take(one), RedisClientContract.bytes(SUCCESS), false);
            assertThat(producer.get(Keys.result("r"))).isNotNull();
            producer.publish(Keys.cancel("r"), new byte[0]);
            assertThatThrownBy(() -> producer.get(Keys.lease("r"))).hasMessageContaining("NOPERM");
            assertThatThrownBy(() -> producer.range(KIND.queue())).hasMessageContaining("NOPERM");
        }
    }
}
