package aiserver.check;

import aiserver.engine.SpeechRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/** Sound for the speech model: the same two beating tones as the C loop's. */
final class Clip {
    private static final int RATE = 16_000;

    private Clip() {
    }

    static float[] noise(int seconds) {
        float[] samples = new float[seconds * RATE];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (float) (0.1 * Math.sin(i * 0.05) * Math.sin(i * 0.0007));
        }
        return samples;
    }

    /** Heard once, whole window, greedy: what the C loop does. */
    static SpeechRequest once() {
        SpeechRequest usual = SpeechRequest.DEFAULT;
        return new SpeechRequest("ko", Map.of(), 0, true, 0, 0, usual.noSpeechThreshold(), usual.entropyThreshold(),
                usual.logProbThreshold(), 1);
    }

    /** As a 16-bit WAV file. */
    static byte[] wav(int seconds) {
        float[] samples = noise(seconds);
        ByteBuffer bytes = ByteBuffer.allocate(44 + 2 * samples.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put("RIFF".getBytes()).putInt(36 + 2 * samples.length).put("WAVEfmt ".getBytes()).putInt(16).putShort((short) 1)
                .putShort((short) 1).putInt(RATE).putInt(2 * RATE).putShort((short) 2).putShort((short) 16)
                .put("data".getBytes()).putInt(2 * samples.length);
        for (float sample : samples) {
            bytes.putShort((short) Math.round(sample * 32767));
        }
        return bytes.array();
    }
}
