package aiserver.bench.probe;

import aiserver.job.JsonObjects;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Supplier;

/** The line protocol's side of a contender: ready, then a run and a line of JSON for each line of input. */
final class Probe {
    private Probe() {
    }

    static int serve(Supplier<Map<String, Object>> run) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = System.out;
        out.println("ready");
        out.flush();
        while (in.readLine() != null) {
            out.println(JsonObjects.write(run.get()));
            out.flush();
        }
        return 0;
    }

    static double since(long nanos) {
        return (System.nanoTime() - nanos) * 1e-9;
    }
}
