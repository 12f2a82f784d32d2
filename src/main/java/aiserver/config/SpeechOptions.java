package aiserver.config;

import aiserver.engine.WhisperSettings;
import aiserver.service.audio.AudioLimits;
import aiserver.service.speech.SpeechSettings;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Speech to text: the model and how audio is heard. */
public final class SpeechOptions {
    private static final Duration SHORTEST_WINDOW = Duration.ofSeconds(5);
    private static final Duration LONGEST_WINDOW = Duration.ofSeconds(30);

    @Option(names = "--stt-model", paramLabel = "FILE", description = "Whisper model, a ggml file of whisper.cpp.")
    public Path model;

    @Option(names = "--stt-vad-model", paramLabel = "FILE",
            description = "Silero voice activity detector, a ggml file of whisper.cpp. Default: a simple energy gate.")
    public Path vadModel;

    @Option(names = "--stt-device", paramLabel = "DEVICE", defaultValue = "auto",
            description = "auto (a GPU, else the CPU), cpu or cuda:N. Default: ${DEFAULT-VALUE}.")
    public String device;

    @Option(names = "--stt-threads", paramLabel = "N", defaultValue = "0",
            description = "Processor threads for each utterance; 0: one for each core, 8 at most. Default: ${DEFAULT-VALUE}.")
    int threads;

    @Option(names = "--stt-flash-attention", negatable = true, fallbackValue = "true",
            description = "Fused attention: less memory and time, but on a GPU whisper.cpp counts the keys' filling, with what "
                    + "the utterance before left there, as sound. Default: on a processor.")
    Boolean flashAttention;

    @Option(names = "--stt-short-window", negatable = true, defaultValue = "true", fallbackValue = "true",
            description = "Encode only the part of the 30 s window that a short utterance fills. Default: ${DEFAULT-VALUE}.")
    boolean shortWindow;

    @Option(names = "--stt-window", paramLabel = "TIME", defaultValue = "28s", converter = Converters.Time.class,
            description = "Longest stretch that the model hears at once, 5s to 30s; what is longer is cut where it is quietest. "
                    + "Default: ${DEFAULT-VALUE}.")
    Duration window;

    @Option(names = "--stt-max-duration", paramLabel = "TIME", defaultValue = "30m", converter = Converters.Time.class,
            description = "Longest audio. Default: ${DEFAULT-VALUE}.")
    Duration maxDuration;

    @Option(names = "--stt-max-bytes", paramLabel = "BYTES", defaultValue = "23M", converter = Converters.Bytes.class,
            description = "Largest audio file; --max-stt-message has to hold it as base64. Default: ${DEFAULT-VALUE}.")
    Integer maxBytes;

    @Option(names = "--stt-words", negatable = true, defaultValue = "true", fallbackValue = "true",
            description = "Tell the model the shop's words beforehand. Default: ${DEFAULT-VALUE}.")
    boolean words;

    @Option(names = "--stt-words-folder", paramLabel = "DIR",
            description = "The shop's own word files (words-ko.txt ...), in place of the program's.")
    Path wordsFolder;

    @Option(names = "--stt-language", paramLabel = "CODE", defaultValue = "ko",
            description = "Told for a recording in which nobody speaks. Default: ${DEFAULT-VALUE}.")
    String language;

    @Option(names = "--ffmpeg", paramLabel = "FILE",
            description = "The ffmpeg program. Default: that on PATH, else one that the program carries (Linux on x86-64).")
    public Path ffmpeg;

    /** @throws IllegalArgumentException naming the option and its value */
    public WhisperSettings engine(int states) {
        if (states > WhisperSettings.MAX_STATES) {
            throw new IllegalArgumentException("--stt-concurrency must be at most " + WhisperSettings.MAX_STATES
                    + " but is " + states);
        }
        if (threads > WhisperSettings.MAX_THREADS) {
            throw new IllegalArgumentException("--stt-threads must be at most " + WhisperSettings.MAX_THREADS
                    + " but is " + threads);
        }
        return new WhisperSettings(model, device, states, Threads.orCores(threads), flashAttention);
    }

    public AudioLimits audio() {
        AudioLimits usual = AudioLimits.DEFAULT;
        return new AudioLimits(maxBytes, usual.minSeconds(), maxDuration.toMillis() / 1000.0, usual.maxClipped(),
                usual.decodeTime(), usual.decoderMemory());
    }

    public SpeechSettings service() {
        if (window.compareTo(SHORTEST_WINDOW) < 0 || window.compareTo(LONGEST_WINDOW) > 0) {
            throw new IllegalArgumentException("--stt-window must be " + SHORTEST_WINDOW.toSeconds() + "s to "
                    + LONGEST_WINDOW.toSeconds() + "s but is " + window.toMillis() + "ms");
        }
        SpeechSettings usual = SpeechSettings.DEFAULT;
        return new SpeechSettings(audio(), language, words, wordsFolder, window.toMillis() / 1000.0, shortWindow,
                usual.windowMargin(), usual.windowMinimum(), usual.decoding());
    }
}
