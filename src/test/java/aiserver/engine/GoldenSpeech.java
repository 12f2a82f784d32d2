package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import aiserver.job.JsonObjects;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/**
 * What transformers says with the weights of the demo's speech model. {@code training/speech/golden.py} made it.
 *
 * @param clips     spoken sentences with their answers
 * @param tokenizer text to the ids of OpenAI's vocabulary
 */
record GoldenSpeech(List<Clip> clips, Map<String, List<Integer>> tokenizer) {
    static final Path MODEL = Path.of("models-gguf/demo/whisper-demo.bin");
    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final int MELS = 80;
    private static final int WINDOW_FRAMES = 3000;

    /**
     * @param samples        16 kHz
     * @param ids            as decoded with timestamps, without the end
     * @param logs           their log-probabilities
     * @param firstTimestamp the id of 0 s; the following ones are 20 ms each
     * @param mel            80 rows of the 3000 frames of 30 s, or null where none is kept
     */
    record Clip(float[] samples, String language, String text, List<Integer> ids, List<Double> logs, int firstTimestamp,
                String detected, double probability, float[] mel) {
        List<Integer> textIds() {
            return ids.stream().filter(id -> id < firstTimestamp).toList();
        }

        List<Double> textLogs() {
            return IntStream.range(0, ids.size()).filter(i -> ids.get(i) < firstTimestamp).mapToObj(logs::get).toList();
        }

        /** Seconds of the timestamps in their order. */
        List<Double> times() {
            return ids.stream().filter(id -> id >= firstTimestamp).map(id -> 0.02 * (id - firstTimestamp)).toList();
        }
    }

    static GoldenSpeech read() throws IOException {
        Map<String, Object> golden = JsonObjects.read(Files.readString(FOLDER.resolve("speech.json")));
        assertThat(sha256(Files.readAllBytes(MODEL))).as("the golden answers are of another file").isEqualTo(golden.get("sha256"));
        int firstTimestamp = ((Number) golden.get("first_timestamp")).intValue();
        float[] sound = sound(FOLDER.resolve("speech.wav"));
        ByteBuffer mels = ByteBuffer.wrap(Files.readAllBytes(FOLDER.resolve("speech-mel.f32"))).order(ByteOrder.LITTLE_ENDIAN);
        List<Clip> clips = ((List<?>) golden.get("clips")).stream().map(row -> (Map<?, ?>) row).map(row -> {
            int start = number(row, "start").intValue();
            return new Clip(Arrays.copyOfRange(sound, start, start + number(row, "samples").intValue()), (String) row.get("language"),
                    (String) row.get("text"), integers(row.get("ids")),
                    ((List<?>) row.get("logprobs")).stream().map(value -> ((Number) value).doubleValue()).toList(), firstTimestamp,
                    (String) row.get("detected"), number(row, "probability").doubleValue(), mel(row, mels));
        }).toList();
        Map<String, List<Integer>> tokenizer = new LinkedHashMap<>();
        for (Object row : (List<?>) golden.get("tokenizer")) {
            tokenizer.put((String) ((Map<?, ?>) row).get("text"), integers(((Map<?, ?>) row).get("ids")));
        }
        return new GoldenSpeech(clips, tokenizer);
    }

    private static float[] mel(Map<?, ?> row, ByteBuffer from) {
        if (!row.containsKey("mel_frames")) {
            return null;
        }
        float[] mel = new float[MELS * WINDOW_FRAMES];
        Arrays.fill(mel, number(row, "mel_silence").floatValue());
        for (int band = 0; band < MELS; band++) {
            for (int frame = 0; frame < number(row, "mel_frames").intValue(); frame++) {
                mel[band * WINDOW_FRAMES + frame] = from.getFloat();
            }
        }
        return mel;
    }

    private static float[] sound(Path wav) throws IOException {
        try (AudioInputStream in = AudioSystem.getAudioInputStream(wav.toFile())) {
            ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
            float[] samples = new float[bytes.remaining() / 2];
            for (int i = 0; i < samples.length; i++) {
                samples[i] = bytes.getShort() / 32768f;
            }
            return samples;
        } catch (UnsupportedAudioFileException e) {
            throw new IOException(wav + " is no wav file", e);
        }
    }

    private static Number number(Map<?, ?> row, String key) {
        return (Number) row.get(key);
    }

    private static List<Integer> integers(Object values) {
        return ((List<?>) values).stream().map(value -> ((Number) value).intValue()).toList();
    }

    private static String sha256(byte[] data) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
