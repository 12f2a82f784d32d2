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
import java.util.ArrayList;
import java.util.List;
import sun.misc.Signal;
import sun.misc.SignalHandler;

@Timeout(60)
class EmbeddedRedisIT {

    /** Starts one in a process of its own and says where; then waits to be killed. Does nothing at an INT. */
    public static final class Owner {
        public static void main(String[] args) throws InterruptedException {
            Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
            System.out.println(EmbeddedRedis.start().port());
            Thread.sleep(Duration.ofMinutes(5));
        }
    }

    @Test
    void endsWithItsOwnerEvenIfThatIsKilled() throws Exception {
        Process owner = owner();
        int port = port(owner);
        assertThat(answers(port)).isTrue();
        owner.destroyForcibly().waitFor();
        while (answers(port)) {
            Thread.sleep(20);
        }
    }

    @Test
    void staysWhenATerminalInterruptsItsOwnersGroup() throws Exception {
        Process owner = owner("setsid");
        int port = port(owner);
        signalGroup("-INT", owner);
        Thread.sleep(1_500); // it would end within one
        assertThat(owner.isAlive()).isTrue();
        assertThat(answers(port)).isTrue();
        signalGroup("-KILL", owner);
        while (answers(port)) {
            Thread.sleep(20);
        }
    }

    private static void signalGroup(String signal, Process leader) throws Exception {
        new ProcessBuilder("kill", signal, "--", "-" + leader.pid()).inheritIO().start().waitFor();
    }

    private static Process owner(String... prefix) throws IOException {
        List<String> command = new ArrayList<>(List.of(prefix));
        command.addAll(List.of(ProcessHandle.current().info().command().orElseThrow(), "-Xmx64m", "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), Owner.class.getName()));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static int port(Process owner) throws IOException {
        return Integer.parseInt(new BufferedReader(new InputStreamReader(owner.getInputStream(), StandardCharsets.UTF_8)).readLine());
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
