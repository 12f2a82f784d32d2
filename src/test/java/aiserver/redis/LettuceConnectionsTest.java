package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

@Timeout(60)
class LettuceConnectionsTest {
    private static final int CALLERS = 4;

    @Test
    void allWhoWaitForAServerThatDoesNotAnswerFailTogether() throws Exception {
        List<Thread> callers = new CopyOnWriteArrayList<>();
        AtomicInteger later = new AtomicInteger();
        try (ServerSocket silent = new ServerSocket(0, CALLERS, InetAddress.getLoopbackAddress());
                LettuceConnections connections = new LettuceConnections("redis://127.0.0.1:" + silent.getLocalPort(),
                        Duration.ofSeconds(50), null);
                ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<byte[]>> calls = IntStream.range(0, CALLERS).mapToObj(i -> threads.submit(() -> {
                callers.add(Thread.currentThread());
                return connections.call(commands -> commands.get("key"));
            })).toList();
            Socket first = silent.accept();
            threads.submit(() -> refuseAll(silent, later));
            while (callers.size() < CALLERS || callers.stream().anyMatch(thread -> thread.getState() == Thread.State.RUNNABLE)) {
                Thread.sleep(20);
            }
            first.close();
            for (Future<byte[]> call : calls) {
                assertThatThrownBy(call::get).hasCauseInstanceOf(RedisException.class);
            }
            silent.close();
        }
        assertThat(later).as("further connections").hasValue(0);
    }

    private static void refuseAll(ServerSocket server, AtomicInteger count) {
        try {
            while (true) {
                server.accept().close();
                count.incrementAndGet();
            }
        } catch (IOException e) {
            assertThat(server.isClosed()).isTrue();
        }
    }
}
