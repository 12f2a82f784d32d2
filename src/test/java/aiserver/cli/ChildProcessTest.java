package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ChildProcessTest {
    @Test
    void aFlagWithABlankInItsPathIsOne() {
        assertThat(ChildProcess.flags("-Xmx512m\n-XX:AOTCache=/my shop/target/a.aot\n\n"))
                .containsExactly("-Xmx512m", "-XX:AOTCache=/my shop/target/a.aot");
    }
}
