package aiserver.engine;

import aiserver.engine.AnswerForm.Free;
import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.DiffusionSettings.StepCache;
import aiserver.models.RandomWhisperModel;
import aiserver.models.SileroTestModel;
import aiserver.models.SmallPictureModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A process that loads damaged models and gives each a small job. It may die of one: what it says on standard output before
 * and after each lets {@link ModelFileFuzzIT} tell of which. Arguments: kind of model, first and last number, folder.
 */
final class ModelFileFuzzer {
    /** The engines' files. */
    enum Kind {
        LANGUAGE, SPEECH, VOICE, PICTURE, AUTOENCODER
    }

    private ModelFileFuzzer() {
    }

    public static void main(String[] args) throws IOException {
        Kind kind = Kind.valueOf(args[0]);
        Path folder = Path.of(args[3]);
        byte[] whole = whole(kind, folder);
        for (int number = Integer.parseInt(args[1]); number <= Integer.parseInt(args[2]); number++) {
            DamagedFile damaged = DamagedFile.of(whole, number);
            Path file = Files.write(folder.resolve("damaged-" + kind + ending(kind)), damaged.bytes());
            System.out.println("begin " + number + " " + damaged.injuries());
            String outcome = "ran";
            try {
                run(kind, file);
            } catch (EngineException e) {
                outcome = e.kind().name() + " " + e.getMessage().lines().findFirst().orElse("");
            } catch (Throwable e) {
                outcome = "UNEXPECTED " + e + " at " + (e.getStackTrace().length == 0 ? "?" : e.getStackTrace()[0]);
            }
            System.out.println("end " + number + " " + outcome);
        }
        System.exit(0);
    }

    private static String ending(Kind kind) {
        return switch (kind) {
            case SPEECH, VOICE -> ".bin";
            case PICTURE -> ".safetensors";
            default -> ".gguf";
        };
    }

    private static byte[] whole(Kind kind, Path folder) throws IOException {
        Path file = folder.resolve("whole-" + kind);
        switch (kind) {
            case LANGUAGE -> file = SmallQwen.file(1);
            case SPEECH -> RandomWhisperModel.write(file, 7);
            case VOICE -> SileroTestModel.write(file, 10);
            case PICTURE -> file = SmallPictureModel.get().diffusionModel();
            case AUTOENCODER -> file = SmallPictureModel.get().taesd();
        }
        return Files.readAllBytes(file);
    }

    private static void run(Kind kind, Path file) {
        switch (kind) {
            case LANGUAGE -> {
                try (LlamaEngine engine = new LlamaEngine(LlamaSettings.of(file).withContext(256, 1).withThreads(1)
                        .withDevice("cpu").withFlashAttention(false))) {
                    engine.generate(TextEngineContract.request("케이크", new Free(), 6, Sampling.GREEDY), RunControl.NONE);
                }
            }
            case SPEECH -> {
                try (WhisperEngine engine = new WhisperEngine(new WhisperSettings(file, "cpu", 1, 1, false))) {
                    engine.transcribe(SpeechEngineContract.sound(), new SpeechRequest("ko", Map.of(), 64, false, 0, 0, 0.6f,
                            2.4f, -1, 1), RunControl.NONE);
                }
            }
            case VOICE -> {
                try (SileroVoiceDetector detector = new SileroVoiceDetector(file)) {
                    detector.find(SpeechEngineContract.sound(), RunControl.NONE);
                }
            }
            case PICTURE -> draw(file, SmallPictureModel.get().taesd());
            case AUTOENCODER -> draw(SmallPictureModel.get().diffusionModel(), file);
        }
    }

    private static void draw(Path diffusionModel, Path autoencoder) {
        try (DiffusionEngine engine = new DiffusionEngine(new DiffusionSettings(Part.of(diffusionModel),
                Part.of(SmallPictureModel.get().clipL()), null, null, null, Part.of(autoencoder), "cpu", 1, false, false, false,
                StepCache.NONE, true))) {
            engine.generate(ImageEngineContract.request("a cake", 1), RunControl.NONE);
        }
    }
}
