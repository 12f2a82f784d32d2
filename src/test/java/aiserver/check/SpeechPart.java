package aiserver.check;

import aiserver.engine.RunControl;
import aiserver.engine.WhisperEngine;
import aiserver.engine.WhisperSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The speech model: a short utterance and a full window, each with the whole window encoded. */
final class SpeechPart {
    private static final int ROUNDS = 4;

    private final CheckSetting setting;

    SpeechPart(CheckSetting setting) {
        this.setting = setting;
    }

    void run(CheckRows rows, Path model) throws IOException {
        try (WhisperEngine engine = new WhisperEngine(new WhisperSettings(model, setting.device(), 1, setting.threads(), true))) {
            engine.load(RunControl.NONE);
            for (int seconds : new int[] {4, 30}) {
                float[] samples = Clip.noise(seconds);
                List<Double> times = new ArrayList<>();
                for (int round = 0; round < ROUNDS; round++) {
                    long began = System.nanoTime();
                    engine.transcribe(samples, Clip.once(), RunControl.NONE);
                    times.add((System.nanoTime() - began) * 1e-9);
                }
                times.removeFirst();
                times.sort(null);
                Double cLoop = setting.limit() == null ? null : CLoop.middle(CLoop.run(setting, setting.deviceName(), List.of("whisper",
                        model.toString(), String.valueOf(setting.threads()), "1500", String.valueOf(seconds)), ROUNDS), "seconds");
                rows.add("Whisper: " + seconds + " s of sound", "s", times.get(times.size() / 2), cLoop);
            }
            rows.memory("Whisper", setting);
        }
    }
}
