package aiserver.service.speech;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.engine.VoiceDetector.Stretch;
import aiserver.service.audio.Recording;
import aiserver.service.audio.Sound;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpeechWindowsTest {
    private static final int RATE = Recording.RATE;
    private static final int LONGEST = 28 * RATE;
    private final Recording silence = Recording.of(new float[120 * RATE]);

    @Test
    void nothingSaidNoWindow() {
        assertThat(SpeechWindows.of(silence, List.of(), LONGEST)).isEmpty();
    }

    @Test
    void packsNeighboursTogether() {
        List<Stretch> speech = List.of(seconds(1, 5), seconds(6, 20), seconds(21, 28), seconds(28.5, 40));
        assertThat(SpeechWindows.of(silence, speech, LONGEST)).containsExactly(seconds(1, 28), seconds(28.5, 40));
    }

    @Test
    void doesNotComputeALongPause() {
        List<Stretch> speech = List.of(seconds(1, 3), seconds(9, 11));
        assertThat(SpeechWindows.of(silence, speech, LONGEST)).isEqualTo(speech);
    }

    @Test
    void cutsWhatHasNoPauseWhereItIsQuietest() {
        float[] samples = Sound.noise(RATE, 70, 0.2, 1);
        for (int i = (int) (24.1 * RATE); i < 24.5 * RATE; i++) {
            samples[i] = 0;
        }
        Recording recording = Recording.of(samples);
        List<Stretch> windows = SpeechWindows.of(recording, List.of(seconds(0, 70)), LONGEST);
        assertThat(windows.getFirst().to() / (double) RATE).isBetween(24.1, 24.5);
        assertThat(windows).allMatch(window -> window.to() - window.from() <= LONGEST);
        for (int i = 1; i < windows.size(); i++) {
            assertThat(windows.get(i).from()).as("nothing is lost between windows").isEqualTo(windows.get(i - 1).to());
        }
        assertThat(windows.getLast().to()).isEqualTo(70 * RATE);
    }

    private static Stretch seconds(double from, double to) {
        return new Stretch((int) (from * RATE), (int) (to * RATE));
    }
}
