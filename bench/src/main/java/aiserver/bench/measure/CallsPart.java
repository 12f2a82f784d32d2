package aiserver.bench.measure;

import aiserver.engine.NativeLibraries;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a token costs beside the model, in nanoseconds, by JMH in a JVM of its own. */
final class CallsPart implements Part {
    @Override
    public String name() {
        return "calls";
    }

    @Override
    public void measure(Setting setting, Results results) throws IOException {
        Path answer = setting.work().folder().resolve("calls.json");
        Files.deleteIfExists(answer);
        List<String> command = new ArrayList<>(setting.java(List.of()));
        command.set(command.size() - 1, "org.openjdk.jmh.Main");
        command.addAll(List.of("CallBenchmark", "-f", "1", "-wi", "2", "-w", "1", "-r", "1", "-i", String.valueOf(setting.rounds(3, 10)),
                "-rf", "json", "-rff", answer.toString(), "-jvmArgs", "--enable-native-access=ALL-UNNAMED -Daiserver.native.dir="
                + NativeLibraries.folder().getParent()));
        Contention contention = Contention.begin();
        try (Contender jmh = Contender.started("jmh", command, setting.engines(), setting)) {
            jmh.awaitEnd();
        }
        Contention.Share share = contention.end();
        if (share.tooMuch(setting.foreign()) && !setting.trial()) {
            throw new Rounds.Contended(share.toString());
        }
        for (JsonNode benchmark : JsonMapper.builder().build().readTree(answer.toFile())) {
            List<Double> values = new ArrayList<>();
            benchmark.at("/primaryMetric/rawData/0").forEach(value -> values.add(value.asDouble()));
            String name = benchmark.path("benchmark").asText();
            String title = name.substring(name.lastIndexOf('.') + 1).replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
            results.add(new Row("calls-" + title.replace(' ', '-'), title, Spread.of(values), "ns",
                    "JMH, one thread, 151,936 tokens", Map.of(Row.PACE, share.pace()), share.tooMuch(setting.foreign())));
        }
    }
}
