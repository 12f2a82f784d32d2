package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Redis over TLS, by its URI: a real server with a certificate of the test's own. */
@Timeout(120)
class TlsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    @TempDir
    private static Path folder;
    private static TestCertificate certificate;
    private static EmbeddedRedis server;
    private static String uri;

    @BeforeAll
    static void start() throws Exception {
        certificate = TestCertificate.in(folder, "server");
        int tlsPort = EmbeddedRedis.freePort();
        server = EmbeddedRedis.start(EmbeddedRedis.freePort(), List.of("--save", "", "--requirepass", "s3cret", "--tls-port",
                Integer.toString(tlsPort), "--tls-cert-file", certificate.certificate().toString(), "--tls-key-file",
                certificate.key().toString(), "--tls-ca-cert-file", certificate.certificate().toString(), "--tls-auth-clients", "no"));
        uri = "rediss://:s3cret@127.0.0.1:" + tlsPort;
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void everyKindOfCallGoesThroughATrustedConnection() throws Exception {
        try (RedisClient redis = new LettuceRedisClient(uri, PATIENCE, certificate.certificate())) {
            redis.lpush("ai:queue:stt", "케이크".getBytes(StandardCharsets.UTF_8));
            assertThat(redis.blmove("ai:queue:stt", "ai:processing:w:stt", Duration.ofSeconds(1)).orElseThrow())
                    .isEqualTo("케이크".getBytes(StandardCharsets.UTF_8));
            assertThat(redis.eval(Script.DROP, List.of("ai:processing:w:stt"), List.of("케이크".getBytes(StandardCharsets.UTF_8), "1".getBytes(StandardCharsets.UTF_8))))
                    .containsExactly("1".getBytes(StandardCharsets.UTF_8));
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            try (RedisClient.Subscription subscription = redis.subscribe(List.of("ai:cancel:*"), h -> heard.add(h.channel()))) {
                redis.publish("ai:cancel:r", new byte[0]);
                assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("ai:cancel:r");
                assertThat(subscription.open()).isTrue();
            }
        }
    }

    @Test
    void aStrangersCertificateIsRefusedAndTheMessageSaysWhatToDo() throws Exception {
        TestCertificate other = TestCertificate.in(folder, "other");
        for (Path trusted : new Path[] {other.certificate(), null}) {
            try (RedisClient redis = new LettuceRedisClient(uri, PATIENCE, trusted)) {
                assertThatThrownBy(() -> redis.length("ai:queue:stt")).isInstanceOf(RedisException.class)
                        .hasMessageContainingAll("its certificate is not trusted", "--redis-ca").hasMessageNotContaining("s3cret");
            }
        }
    }

    @Test
    void aCertificateForAnotherNameIsRefused() {
        try (RedisClient redis = new LettuceRedisClient(uri.replace("127.0.0.1", "localhost"), PATIENCE, certificate.certificate())) {
            assertThatThrownBy(() -> redis.length("ai:queue:stt")).isInstanceOf(RedisException.class)
                    .hasMessageContainingAll("its certificate is not trusted", "localhost");
        }
    }

    @Test
    void aFileThatIsNotThereIsNamedAtOnce() {
        assertThatThrownBy(() -> new LettuceRedisClient(uri, PATIENCE, folder.resolve("none.pem")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("none.pem");
    }
}
