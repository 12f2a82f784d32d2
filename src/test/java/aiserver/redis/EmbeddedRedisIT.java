package aiserver.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

@Timeout(60)
class EmbeddedRedisIT {

    /** Starts one in a process of its own and says where; then waits to be killed. */
    public static final class Owner {
        public static void main(String[] args) throws InterruptedException {
            System.out.println(EmbeddedRedis.start().port());
            Thread.sleep(Duration.ofMinutes(5));
        }
    }

    @Test
    void endsWithItsOwnerEvenIfThatIsKilled() throws Exception {
        Process owner = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-Xmx64m", "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), Owner.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        int port = Integer.parseInt(new BufferedReader(new InputStreamReader(owner.getInputStream(), StandardCharsets.UTF_8)).readLine());
        assertThat(answers(port)).isTrue();
        owner.destroyForcibly().waitFor();
        while (answers(port)) {
            Thread.sleep(20);
        }
    }

    @Test
    void keepsNothingOnDiskAndLeavesNothingBehind() {
        Path[] folder = new Path[1];
        try (EmbeddedRedis server = EmbeddedRedis.start()) {
            RedisServers.command(server.uri(), connection -> {
                connection.sync().set("a", "b");
                folder[0] = Path.of(connection.sync().configGet("dir").get("dir"));
            });
            assertThat(folder[0]).isEmptyDirectory();
        }
        assertThat(folder[0]).doesNotExist();
    }

    @Test
    void listensToThisMachineAlone() {
        try (EmbeddedRedis server = EmbeddedRedis.start()) {
            RedisServers.command(server.uri(), connection ->
                    assertThat(connection.sync().configGet("bind")).containsEntry("bind", "127.0.0.1"));
        }
    }

    @Test
    void aTakenPortIsToldInTheServersWords() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> EmbeddedRedis.start(taken.getLocalPort(), List.of()))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("port " + taken.getLocalPort())
                    .hasMessageContaining("bind");
        }
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
