package aiserver.bench.djl;

import java.nio.file.Path;
import java.util.Objects;

/**
 * How a model runs on DJL.
 *
 * @param folder  as training/torchscript/export.py makes it
 * @param threads of PyTorch's pool, which all models of the process share
 */
public record DjlSettings(Path folder, int threads) {
    public DjlSettings {
        Objects.requireNonNull(folder, "folder");
        if (threads < 1 || threads > 512) {
            throw new IllegalArgumentException("threads must be 1 to 512 but is " + threads);
        }
    }
}
