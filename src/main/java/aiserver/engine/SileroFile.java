package aiserver.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What a Silero voice activity model in whisper.cpp's ggml form says of itself, checked before the engine sees the
 * file: the engine makes tensors of whatever sizes stand there. Immutable; any thread.
 *
 * @param window samples that get one probability
 */
record SileroFile(String type, int window) {
    private static final int LAYERS = 4;
    private static final int[] CHANNELS = {129, 128, 64, 64, 128};
    private static final int KERNEL = 3;
    private static final int WIDTH = 128;
    /** The transform, weight and bias of four layers, four of the recurrent cell, two of the output. */
    private static final int TENSORS = 1 + 2 * LAYERS + 4 + 2;

    /** @throws EngineException MODEL_NOT_AVAILABLE that says what is wrong with the file */
    static SileroFile check(Path path) {
        return GgmlFile.read("voice activity model", path, SileroFile::read);
    }

    private static SileroFile read(GgmlFile file) throws IOException {
        String type = new String(file.bytes(file.within("length of the type", 1, 64)), StandardCharsets.UTF_8);
        for (String part : new String[] {"major", "minor", "patch"}) {
            file.within(part + " version", 0, 1000);
        }
        int window = file.within("window", 512, 512);
        file.within("context", 0, window);
        // whisper.cpp builds its graph for these sizes whatever the file says.
        file.within("encoder layers", LAYERS, LAYERS);
        for (int layer = 0; layer < LAYERS; layer++) {
            file.within("input channels of layer " + layer, CHANNELS[layer], CHANNELS[layer]);
            file.within("output channels of layer " + layer, CHANNELS[layer + 1], CHANNELS[layer + 1]);
            file.within("kernel of layer " + layer, KERNEL, KERNEL);
        }
        for (String size : new String[] {"input of the cell", "width of the cell", "input of the output"}) {
            file.within(size, WIDTH, WIDTH);
        }
        file.within("output", 1, 1);
        file.tensors(TENSORS);
        return new SileroFile(type, window);
    }
}
