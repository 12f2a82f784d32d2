package aiserver.check;

import aiserver.engine.AnswerForm;
import aiserver.engine.ChatMessage;
import aiserver.engine.DiffusionEngine;
import aiserver.engine.DiffusionSettings;
import aiserver.engine.DiffusionSettings.Part;
import aiserver.engine.ImageRequest;
import aiserver.engine.LlamaEngine;
import aiserver.engine.LlamaSettings;
import aiserver.engine.Picture;
import aiserver.engine.RunControl;
import aiserver.engine.Sampling;
import aiserver.engine.SpeechRequest;
import aiserver.engine.TextRequest;
import aiserver.engine.WhisperEngine;
import aiserver.engine.WhisperSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The device's answers held against the processor's, on tiny models: greedy tokens of the language and speech models,
 * and the distance of a picture. Fails where they are further apart than roundings explain.
 */
final class AgreementPart {
    private static final double SAME_TOKENS = 0.9;
    private static final double LEAST_DB = 25;

    private final CheckSetting setting;
    private final CheckModels models;

    AgreementPart(CheckSetting setting, CheckModels models) {
        this.setting = setting;
        this.models = models;
    }

    void run(CheckRows rows) throws IOException {
        double language = sameShare(language("cpu"), language(setting.device()));
        double speech = sameShare(speech("cpu"), speech(setting.device()));
        double picture = decibels(picture("cpu").rgb(), picture(setting.device()).rgb());
        rows.add("language: tokens as on the processor", "share", language, null);
        rows.add("speech: tokens as on the processor", "share", speech, null);
        rows.add("picture: distance from the processor's", "dB", picture, null);
        if (language < SAME_TOKENS || speech < SAME_TOKENS || picture < LEAST_DB) {
            throw new IOException("the device does not agree with the processor: " + language + " of the language model's tokens, "
                    + speech + " of the speech model's, " + picture + " dB between the pictures");
        }
    }

    private List<Integer> language(String device) {
        LlamaSettings settings = LlamaSettings.of(models.language()).withContext(1024, 3).withThreads(setting.threads()).withDevice(device);
        List<Integer> tokens = new ArrayList<>();
        try (LlamaEngine engine = new LlamaEngine(settings)) {
            for (String prompt : List.of("a chocolate cake", "딸기 케이크 하나 주세요", "what is on the menu today?")) {
                tokens.addAll(engine.generate(new TextRequest(List.of(ChatMessage.user(prompt)), new AnswerForm.Free(), 32, Sampling.GREEDY),
                        RunControl.NONE).tokens());
            }
        }
        return tokens;
    }

    private List<Integer> speech(String device) {
        List<Integer> tokens = new ArrayList<>();
        try (WhisperEngine engine = new WhisperEngine(new WhisperSettings(models.speech(), device, 1, setting.threads(), true))) {
            engine.transcribe(Clip.noise(6), Clip.once(), RunControl.NONE).segments().forEach(segment -> tokens.addAll(segment.tokens()));
        }
        return tokens;
    }

    private Picture picture(String device) {
        DiffusionSettings settings = new DiffusionSettings(Part.of(models.picture()), Part.of(models.clip()), null, null, null,
                Part.of(models.autoencoder()), device, setting.threads(), false, false, false, DiffusionSettings.StepCache.NONE, true);
        try (DiffusionEngine engine = new DiffusionEngine(settings)) {
            return engine.generate(new ImageRequest("a chocolate cake", "", 64, 64, 4, 4.5, 7), RunControl.NONE);
        }
    }

    /** How much of the longer answer the two have in common from the beginning on. */
    static double sameShare(List<Integer> one, List<Integer> other) {
        int most = Math.max(one.size(), other.size());
        int same = 0;
        while (same < Math.min(one.size(), other.size()) && one.get(same).equals(other.get(same))) {
            same++;
        }
        return most == 0 ? 1 : (double) same / most;
    }

    /** Peak signal to noise; 99 for equal pictures. */
    static double decibels(byte[] one, byte[] other) {
        double squares = 0;
        for (int i = 0; i < one.length; i++) {
            double difference = (one[i] & 255) - (other[i] & 255);
            squares += difference * difference;
        }
        return squares == 0 ? 99 : Math.min(99, 10 * Math.log10(255.0 * 255 * one.length / squares));
    }
}
