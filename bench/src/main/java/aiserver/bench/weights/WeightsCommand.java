package aiserver.bench.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code bench weights}: writes model files of real shapes ahead of measuring. */
@Command(name = "weights", mixinStandardHelpOptions = true, description = "Writes model files of real shapes with random weights.")
public final class WeightsCommand implements Callable<Integer> {
    @Mixin
    private WorkFolder work;

    @Parameters(paramLabel = "SHAPE", arity = "1..*", description = "${COMPLETION-CANDIDATES}")
    private List<RealShape> shapes;

    @Override
    public Integer call() throws IOException {
        for (RealShape shape : shapes) {
            System.out.printf("%s %d MB%n", shape.in(work), Files.size(shape.in(work)) >> 20);
        }
        return 0;
    }
}
