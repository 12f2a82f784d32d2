package aiserver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.JobCodec;
import aiserver.service.audio.AudioLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class SpeechOptionsTest {
    @Test
    void windowIsTheLongestStretchThatTheModelHears() {
        assertThat(options().service().windowSeconds()).isEqualTo(28);
        assertThat(options("--stt-window=5s").service().windowSeconds()).isEqualTo(5);
        assertThat(options("--stt-window=14500ms").service().windowSeconds()).isEqualTo(14.5);
    }

    @ParameterizedTest
    @CsvSource({"4999ms,4999ms", "31s,31000ms"})
    void windowThatNoModelHasIsRefused(String given, String told) {
        SpeechOptions options = options("--stt-window=" + given);
        assertThatThrownBy(options::service).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("--stt-window must be 5s to 30s but is " + told);
    }

    @Test
    void theLargestAudioFitsIntoTheLongestMessage() {
        long base64 = (options().audio().maxBytes() + 2) / 3 * 4;
        assertThat(base64).isBetween(JobCodec.Limits.DEFAULT.speechBytes() * 9L / 10, JobCodec.Limits.DEFAULT.speechBytes() - (64L << 10));
        assertThat(options().audio().maxBytes()).isEqualTo(AudioLimits.DEFAULT.maxBytes());
    }

    private static SpeechOptions options(String... given) {
        return CommandLine.populateCommand(new SpeechOptions(), given);
    }
}
