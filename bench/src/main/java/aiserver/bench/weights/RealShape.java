package aiserver.bench.weights;

import aiserver.models.DemoTextEncoder;
import aiserver.models.RandomDiffusionModel;
import aiserver.models.RandomQwenModel;
import aiserver.models.RandomWhisperModel;
import aiserver.models.WeightType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Model files of the real models' shapes with random weights: as much to compute and to hold as the real ones, which
 * cannot be had everywhere. Written once into the work folder, straight in the wanted type, under a name with the
 * writers' version. Quantised ones are made from
 * the F16 file by the engine itself.
 */
public enum RealShape {
    QWEN_600M_F16("qwen3-0.6b-f16.gguf"),
    QWEN_600M_BF16("qwen3-0.6b-bf16.gguf"),
    QWEN_600M_Q4_K_M("qwen3-0.6b-q4_k_m.gguf"),
    QWEN_4B_F16("qwen3-4b-f16.gguf"),
    QWEN_4B_Q4_K_M("qwen3-4b-q4_k_m.gguf"),
    WHISPER_LARGE_F16("whisper-large-v3-f16.bin"),
    WHISPER_LARGE_BF16("whisper-large-v3-bf16.bin"),
    WHISPER_LARGE_Q8_0("whisper-large-v3-q8_0.bin"),
    WHISPER_LARGE_Q5_0("whisper-large-v3-q5_0.bin"),
    WHISPER_TURBO_BF16("whisper-turbo-bf16.bin"),
    SD_MEDIUM_F16("sd3.5-medium-f16.safetensors"),
    SD_MEDIUM_BF16("sd3.5-medium-bf16.safetensors"),
    /** As published: with all of its positions. */
    SD_MEDIUM_Q4_0("sd3.5-medium-q4_0.gguf"),
    AUTOENCODER("taesd3-random.gguf"),
    /** The project's own, whose weights are a formula: of the real size. */
    CLIP_L("clip-l-demo.gguf");

    /** Raised whenever a writer gives other bytes, so that no file of the one before is taken for the new one's. */
    private static final int VERSION = 2;
    private static final long SEED = 20261122;
    /** Positions a side: pictures of up to 1024 pixels. The real table has 384, of which a picture uses the middle. */
    private static final int GRID = 64;

    private final String fileName;

    RealShape(String fileName) {
        int dot = fileName.lastIndexOf('.');
        this.fileName = fileName.substring(0, dot) + "-v" + VERSION + fileName.substring(dot);
    }

    public String fileName() {
        return fileName;
    }

    /** The file; written first where it is missing, which may take minutes. */
    public Path in(WorkFolder work) throws IOException {
        Path file = work.models().resolve(fileName);
        if (!Files.exists(file)) {
            Files.createDirectories(file.getParent());
            System.err.println("bench: writing " + file);
            write(file, work);
            // As the fetcher leaves real ones: out of the page cache, where what was just written lies in small pages.
            work.make(List.of("dd", "of=" + file, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"));
        }
        return file;
    }

    private void write(Path file, WorkFolder work) throws IOException {
        switch (this) {
            case QWEN_600M_F16 -> language(RandomQwenModel.shapeOf600M(WeightType.F16, SEED), file, work);
            case QWEN_600M_BF16 -> language(RandomQwenModel.shapeOf600M(WeightType.BF16, SEED), file, work);
            case QWEN_4B_F16 -> language(RandomQwenModel.shapeOf4B(WeightType.F16, SEED), file, work);
            case QWEN_600M_Q4_K_M -> work.quantize(QWEN_600M_F16.in(work), file, "q4_k_m");
            case QWEN_4B_Q4_K_M -> work.quantize(QWEN_4B_F16.in(work), file, "q4_k_m");
            case WHISPER_LARGE_F16 -> RandomWhisperModel.write(file, RandomWhisperModel.Shape.LARGE_V3,
                    RandomWhisperModel.Precision.F16, false, SEED);
            case WHISPER_LARGE_BF16 -> RandomWhisperModel.write(file, RandomWhisperModel.Shape.LARGE_V3,
                    RandomWhisperModel.Precision.BF16, false, SEED);
            case WHISPER_LARGE_Q8_0 -> RandomWhisperModel.write(file, RandomWhisperModel.Shape.LARGE_V3,
                    RandomWhisperModel.Precision.Q8_0, false, SEED);
            case WHISPER_LARGE_Q5_0 -> RandomWhisperModel.write(file, RandomWhisperModel.Shape.LARGE_V3,
                    RandomWhisperModel.Precision.Q5_0, false, SEED);
            case WHISPER_TURBO_BF16 -> RandomWhisperModel.write(file, RandomWhisperModel.Shape.LARGE_V3_TURBO,
                    RandomWhisperModel.Precision.BF16, false, SEED);
            case SD_MEDIUM_F16 -> RandomDiffusionModel.writeDiffusionModel(file, RandomDiffusionModel.MEDIUM_WIDTH, GRID,
                    SEED, RandomDiffusionModel.Precision.F16);
            case SD_MEDIUM_BF16 -> RandomDiffusionModel.writeDiffusionModel(file, RandomDiffusionModel.MEDIUM_WIDTH, GRID,
                    SEED, RandomDiffusionModel.Precision.BF16);
            case SD_MEDIUM_Q4_0 -> RandomDiffusionModel.writeDiffusionModel(file, RandomDiffusionModel.MEDIUM_WIDTH,
                    RandomDiffusionModel.MEDIUM_GRID, SEED, RandomDiffusionModel.Precision.Q4_0);
            case AUTOENCODER -> RandomDiffusionModel.writeAutoencoder(file, SEED);
            case CLIP_L -> DemoTextEncoder.write(file);
        }
    }

    private static void language(RandomQwenModel shape, Path file, WorkFolder work) throws IOException {
        QwenTokens tokens = QwenTokens.read(work.tokenizer());
        shape.write(file, tokens.texts(), tokens.merges());
    }
}
