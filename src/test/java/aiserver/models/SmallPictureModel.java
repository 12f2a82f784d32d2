package aiserver.models;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The small picture model of the tests: written once, into the folder of the test models. Up to 128 pixels a side. */
public record SmallPictureModel(Path diffusionModel, Path clipL, Path taesd) {
    /** The model; generated where it is not there yet. */
    public static synchronized SmallPictureModel get() {
        Path folder = Path.of(System.getProperty("aiserver.test.models", "target/test-models"), "picture").toAbsolutePath();
        SmallPictureModel model = new SmallPictureModel(folder.resolve("sd3-random.safetensors"), folder.resolve("clip_l.gguf"),
                folder.resolve("taesd3-random.gguf"));
        try {
            if (!Files.exists(model.diffusionModel())) {
                RandomDiffusionModel.writeDiffusionModel(model.diffusionModel(), 48, 8, 1);
            }
            if (!Files.exists(model.taesd())) {
                RandomDiffusionModel.writeAutoencoder(model.taesd(), 2);
            }
            if (!Files.exists(model.clipL())) {
                DemoTextEncoder.write(model.clipL());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return model;
    }
}
