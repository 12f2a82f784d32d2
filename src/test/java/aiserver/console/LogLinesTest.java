package aiserver.console;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator.ExecutionStatus;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.OutputStreamAppender;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

class LogLinesTest {
    private final LoggerContext context = new LoggerContext();

    private String line(String message, KeyValuePair... pairs) {
        assertThat(new LogLines().configure(context)).isEqualTo(ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY);
        LoggingEvent event = new LoggingEvent(getClass().getName(), context.getLogger("aiserver.worker.Lane"), Level.INFO, message, null, null);
        event.setThreadName("job\nstt");
        for (KeyValuePair pair : pairs) {
            event.addKeyValuePair(pair);
        }
        OutputStreamAppender<ILoggingEvent> appender = (ConsoleAppender<ILoggingEvent>) context.getLogger("ROOT").getAppender("stderr");
        return new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void keysAndValuesComeBeforeTheMessage() {
        assertThat(line("job done", new KeyValuePair("request_id", "r-1"), new KeyValuePair("attempt", 1)))
                .endsWith(" Lane request_id=\"r-1\" attempt=\"1\" job done\n").contains("INFO  [job.stt]");
    }

    @Test
    void nothingThatSomebodySentCanForgeALineOrMoveATerminal() {
        String line = line("케이크\r\n2026-01-01 INFO forged\u001b[2J", new KeyValuePair("request_id", "a\nb"));
        assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
        assertThat(line).contains("케이크..2026-01-01 INFO forged.[2J").contains("request_id=\"a.b\"").doesNotContain("\u001b");
    }

    @Test
    void everythingGoesToStderr() {
        line("x");
        assertThat(((ConsoleAppender<?>) context.getLogger("ROOT").getAppender("stderr")).getTarget()).isEqualTo("System.err");
        assertThat(context.getLogger("ROOT").getLevel()).isEqualTo(Level.WARN);
        assertThat(context.getLogger("io.lettuce.core.protocol").getEffectiveLevel()).isEqualTo(Level.ERROR);
    }

    @Test
    void theProgramIsConfiguredByIt() {
        LoggerContext running = (LoggerContext) LoggerFactory.getILoggerFactory();
        assertThat(running.getLogger("ROOT").getAppender("stderr")).isInstanceOf(ConsoleAppender.class);
    }

    @Test
    void aFileThatAUserNamesHasThePrecedence() {
        System.setProperty("logback.configurationFile", "mine.xml");
        try {
            assertThat(new LogLines().configure(context)).isEqualTo(ExecutionStatus.INVOKE_NEXT_IF_ANY);
            assertThat(context.getLogger("ROOT").getAppender("stderr")).isNull();
        } finally {
            System.clearProperty("logback.configurationFile");
        }
    }
}
