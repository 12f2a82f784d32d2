package aiserver.bench.probe;

import aiserver.bench.djl.DjlSpeechEngine;
import aiserver.bench.djl.DjlSettings;
import aiserver.engine.RunControl;
import aiserver.engine.SpeechEngine;
import aiserver.engine.SpeechRequest;
import aiserver.engine.Transcript;
import aiserver.engine.WhisperEngine;
import aiserver.engine.WhisperSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** An utterance by a speech engine, ours or DJL's, greedy and without a second try, so that noise is heard once. */
@Command(name = "speech", mixinStandardHelpOptions = true, description = "One utterance.")
final class SpeechProbe implements Callable<Integer> {
    private static final int RATE = 16_000;

    @Option(names = "--model", required = true, description = "A whisper.cpp file, or a folder of TorchScript.")
    private Path model;
    @Option(names = "--djl", description = "By the DJL variant.")
    private boolean djl;
    @Option(names = "--threads", required = true)
    private int threads;
    @Option(names = "--seconds", required = true)
    private double seconds;
    @Option(names = "--positions", required = true, description = "Encoder positions, 0: all.")
    private int positions;

    @Override
    public Integer call() throws IOException {
        SpeechRequest usual = SpeechRequest.DEFAULT;
        SpeechRequest request = new SpeechRequest("ko", Map.of(), positions, false, 0, 0, usual.noSpeechThreshold(),
                usual.entropyThreshold(), usual.logProbThreshold(), 1);
        try (SpeechEngine engine = djl ? new DjlSpeechEngine(new DjlSettings(model, threads))
                : new WhisperEngine(new WhisperSettings(model, "cpu", 1, threads, true))) {
            engine.load(RunControl.NONE);
            AtomicInteger run = new AtomicInteger();
            return Probe.serve(() -> {
                // the worker's engine does not encode again what it heard last
                float[] samples = tone((int) (seconds * RATE), run.getAndIncrement());
                long began = System.nanoTime();
                Transcript transcript = engine.transcribe(samples, request, RunControl.NONE);
                double took = Probe.since(began);
                return Map.of("seconds", took, "tokens", transcript.segments().stream().mapToInt(s -> s.tokens().size()).sum());
            });
        }
    }

    static float[] tone(int count, int phase) {
        float[] samples = new float[count];
        for (int i = 0; i < count; i++) {
            samples[i] = (float) (0.1 * Math.sin(i * 0.05 + phase) * Math.sin(i * 0.0007));
        }
        return samples;
    }
}
