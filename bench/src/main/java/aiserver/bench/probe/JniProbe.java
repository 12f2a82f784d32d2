package aiserver.bench.probe;

import io.github.givimad.whisperjni.WhisperContext;
import io.github.givimad.whisperjni.WhisperFullParams;
import io.github.givimad.whisperjni.WhisperJNI;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** An utterance by whisper-jni, the other Java binding of whisper.cpp, with its own libraries. */
@Command(name = "whisper-jni", mixinStandardHelpOptions = true, description = "One utterance by whisper-jni.")
final class JniProbe implements Callable<Integer> {
    private static final int RATE = 16_000;

    @Option(names = "--model", required = true)
    private Path model;
    @Option(names = "--threads", required = true)
    private int threads;
    @Option(names = "--seconds", required = true)
    private double seconds;
    @Option(names = "--positions", required = true, description = "Encoder positions, 0: all.")
    private int positions;

    @Override
    public Integer call() throws IOException {
        float[] samples = SpeechProbe.tone((int) (seconds * RATE), 0);
        WhisperJNI.loadLibrary();
        WhisperJNI.setLibraryLogger(null);
        WhisperJNI whisper = new WhisperJNI();
        try (WhisperContext context = whisper.init(model)) {
            if (context == null) {
                throw new IOException("whisper-jni cannot load " + model);
            }
            return Probe.serve(() -> {
                WhisperFullParams params = new WhisperFullParams();
                params.nThreads = threads;
                params.language = "ko";
                params.audioCtx = positions;
                params.temperatureInc = 0;
                params.noContext = true;
                params.suppressBlank = false;
                params.printProgress = false;
                params.printTimestamps = false;
                long began = System.nanoTime();
                int rc = whisper.full(context, params, samples, samples.length);
                double took = Probe.since(began);
                if (rc != 0) {
                    throw new IllegalStateException("whisper-jni failed with code " + rc);
                }
                return Map.of("seconds", took);
            });
        }
    }
}
