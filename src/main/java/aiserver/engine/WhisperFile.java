package aiserver.engine;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * What a ggml Whisper file says of itself, read and checked before the engine sees the file: whisper.cpp ends the
 * process on damaged sizes, and a file that is cut within its vocabulary it loads without a word and hears nothing.
 * Immutable; any thread.
 *
 * @param vocabulary     ids, 51864 for English alone, more for many languages
 * @param audioPositions of 20 ms that the encoder has at most
 * @param width          of encoder and decoder
 * @param textPositions  tokens that the decoder has room for, prompt and text together
 * @param mels           bands of the spectrogram
 */
record WhisperFile(int vocabulary, int audioPositions, int width, int encoderLayers, int textPositions,
                   int decoderLayers, int mels) {
    private static final int FFT_BINS = 201;
    private static final int ENGLISH_VOCABULARY = 51864;
    /** Ids behind the languages: end, start, tasks, 1501 times. */
    private static final int WITHOUT_LANGUAGES = 51766;
    private static final int TEXT_TOKENS = 50256;
    private static final int MAX_TOKEN_BYTES = 1024;
    private static final int QUANTIZATION_VERSION = 1000;
    /** File types that ggml knows weights for: floats, the quantizations, bf16. */
    private static final Set<Integer> FILE_TYPES = Set.of(0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 24);

    /** @throws EngineException MODEL_NOT_AVAILABLE that says what is wrong with the file */
    static WhisperFile check(Path path) {
        return GgmlFile.read("speech model", path, WhisperFile::read);
    }

    /** How many of whisper.cpp's languages the model has a token for. */
    int languages() {
        return multilingual() ? vocabulary - WITHOUT_LANGUAGES : 1;
    }

    boolean multilingual() {
        return vocabulary > ENGLISH_VOCABULARY;
    }

    /**
     * No job says how many positions its windows take: more than the model has is the configuration's mistake.
     *
     * @throws EngineException MODEL_NOT_AVAILABLE
     */
    void requirePositions(Path path, int wanted) {
        if (wanted > audioPositions) {
            throw new EngineException(EngineException.Kind.MODEL_NOT_AVAILABLE, String.format(Locale.ROOT, "speech model %s hears %.2f s "
                    + "at once, %d positions, and %d are asked for: --stt-window is too long for it", path,
                    (double) audioPositions * SpeechRequest.SAMPLES_A_POSITION / SpeechEngine.RATE, audioPositions, wanted));
        }
    }

    private static WhisperFile read(GgmlFile file) throws IOException {
        int vocabulary = file.within("vocabulary", ENGLISH_VOCABULARY, WITHOUT_LANGUAGES + 100);
        int audioPositions = file.within("audio positions", 64, SpeechRequest.MAX_AUDIO_CONTEXT);
        int audioWidth = file.within("encoder width", 8, 8192);
        int audioHeads = file.within("encoder heads", 1, 128);
        int encoderLayers = file.within("encoder layers", 1, 128);
        int textPositions = file.within("text positions", 64, 4096);
        int textWidth = file.within("decoder width", 8, 8192);
        int textHeads = file.within("decoder heads", 1, 128);
        int decoderLayers = file.within("decoder layers", 1, 128);
        int mels = file.within("mel bands", 1, 512);
        int type = file.int32();
        file.require(textWidth == audioWidth, "decoder width", textWidth);
        file.require(audioWidth % audioHeads == 0, "encoder heads", audioHeads);
        file.require(textWidth % textHeads == 0, "decoder heads", textHeads);
        file.require(type >= 0 && FILE_TYPES.contains(type % QUANTIZATION_VERSION), "file type", type);
        file.reading("its mel filters");
        file.within("number of mel filters", mels, mels);
        file.within("bins of the mel filters", FFT_BINS, FFT_BINS);
        file.skip(4L * mels * FFT_BINS);
        vocabulary(file, vocabulary);
        // 7 tensors of the encoder, 4 of the decoder, 15 and 24 in a layer.
        file.tensors(11 + 15 * encoderLayers + 24 * decoderLayers);
        return new WhisperFile(vocabulary, audioPositions, audioWidth, encoderLayers, textPositions, decoderLayers, mels);
    }

    private static void vocabulary(GgmlFile file, int ids) throws IOException {
        file.reading("its vocabulary");
        int count = file.within("number of tokens", TEXT_TOKENS, ids);
        boolean space = false;
        for (int id = 0; id < count; id++) {
            byte[] text = file.bytes(file.within("length of token " + id, 0, MAX_TOKEN_BYTES));
            space |= text.length == 1 && text[0] == ' ';
        }
        if (!space) {
            // whisper.cpp looks it up without asking whether it is there.
            throw file.wrong("is damaged: its vocabulary has no space");
        }
    }
}
