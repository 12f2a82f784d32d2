package aiserver.bench.report;

import aiserver.bench.weights.WorkFolder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench report}: docs/benchmarks.md with its plots, from the results of the machine that was measured last: of each
 * row the newest, with its day. Says of each goal whether it was measured.
 */
@Command(name = "report", mixinStandardHelpOptions = true, description = "Writes docs/benchmarks.md from the newest results.")
public final class ReportCommand implements Callable<Integer> {
    @Mixin
    private WorkFolder work;

    @Option(names = "--results", paramLabel = "FILE", description = "Default: all of bench/results that are of the machine of the newest.")
    private Path file;

    @Option(names = "--out", paramLabel = "DIR", description = "Default: docs.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        List<Path> sources = file != null ? List.of(file) : ofTheNewestMachine();
        JsonNode results = JsonMapper.builder().build().createObjectNode();
        boolean trial = out != null;
        Path folder = trial ? out : work.home().resolve("docs");
        Path plots = folder.resolve("benchmarks");
        Files.createDirectories(plots);
        Map<String, JsonNode> rows = new LinkedHashMap<>();
        for (Path source : sources) {
            if (!Files.exists(source)) {
                continue;
            }
            results = JsonMapper.builder().build().readTree(source.toFile());
            results.path("rows").forEach(row -> {
                if (trial || !row.path("contended").asBoolean()) {
                    rows.put(row.path("id").asText(), row);
                }
            });
        }
        StringBuilder page = new StringBuilder(head(results, sources));
        page.append(goals(rows));
        page.append(notes(results));
        page.append(details(rows, plots));
        Files.writeString(folder.resolve("benchmarks.md"), page);
        return 0;
    }

    /** Their names are a day and a machine's name; in the order of the days. */
    private List<Path> ofTheNewestMachine() throws IOException {
        Path folder = work.home().resolve("bench/results");
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> all = files.filter(f -> f.toString().endsWith(".json")).sorted().toList();
            return all.stream().filter(f -> machine(f).equals(machine(all.getLast()))).toList();
        }
    }

    private static String machine(Path file) {
        return file.getFileName().toString().replaceFirst("^\\d{4}-\\d\\d-\\d\\d-", "");
    }

    private static String head(JsonNode results, List<Path> sources) {
        JsonNode machine = results.path("machine");
        return """
                # Benchmarks

                Made by `bench/run.sh`; [bench/README.md](../bench/README.md) says how it measures, what each row means and what
                it does not say. Every ratio is of alternating runs on one machine: the middle of the rounds, their range in
                brackets. Rounds in which other programs used the processors do not count.

                %s
                """.formatted(machine.isMissingNode() ? "Nothing was measured yet.\n" : """
                Measured on %s, %s processors, %s MB, %s, Java %s, %s; mode %s; results `%s`.
                """.formatted(machine.path("processor").asText(), machine.path("processors").asText(), machine.path("memory_mb").asText(),
                machine.path("system").asText(), machine.path("java").asText(), machine.path("instructions").toString(),
                results.path("mode").asText(), String.join("`, `", sources.stream().map(f -> f.getFileName().toString()).toList())));
    }

    private static String goals(Map<String, JsonNode> rows) {
        StringBuilder table = new StringBuilder("\n| figure | goal | measured | range | reached | on |\n|---|---|---|---|---|---|\n");
        for (Goals goal : Goals.ALL) {
            JsonNode row = rows.get(goal.row());
            if (row == null) {
                table.append("| %s | %s | not measured | | | |\n".formatted(goal.figure(), goal.shown()));
            } else {
                double value = row.path("figure").asDouble();
                table.append("| %s | %s | %s%s | %s | %s | %s |\n".formatted(goal.figure(), goal.shown(), shown(value), unit(row), range(row),
                        goal.reached(value) ? "yes" : "no", day(row)));
            }
        }
        return table.toString();
    }

    private static String notes(JsonNode results) {
        List<String> lines = new ArrayList<>();
        results.path("parts").properties().forEach(part -> {
            if (!"done".equals(part.getValue().asText())) {
                lines.add("- `%s`: %s\n".formatted(part.getKey(), part.getValue().asText()));
            }
        });
        return lines.isEmpty() ? "" : "\nParts that gave no figure:\n\n" + String.join("", lines);
    }

    private String details(Map<String, JsonNode> rows, Path plots) throws IOException {
        StringBuilder page = new StringBuilder();
        for (JsonNode row : rows.values()) {
            page.append("\n## %s\n\n%s%s %s; %s; %s\n".formatted(sentence(row.path("title").asText()), shown(row.path("figure").asDouble()),
                    unit(row), range(row), row.path("setting").asText(), day(row)));
            JsonNode details = row.path("details");
            JsonNode contenders = details.path("contenders");
            if (contenders.isObject()) {
                Map<String, List<Double>> figures = new LinkedHashMap<>();
                contenders.properties().forEach(entry -> {
                    List<Double> values = new ArrayList<>();
                    entry.getValue().forEach(value -> values.add(value.asDouble()));
                    figures.put(entry.getKey(), values);
                });
                String name = row.path("id").asText() + ".svg";
                Files.writeString(plots.resolve(name), Plot.bars(row.path("title").asText(), details.path("unit").asText(), figures));
                page.append("\n![](benchmarks/%s)\n\n%s rounds, %s thrown away.\n".formatted(name, details.path("rounds").asText(),
                        details.path("rounds_thrown_away").asText()));
            }
            details.properties().forEach(entry -> {
                if (!List.of("contenders", "unit", "rounds", "rounds_thrown_away", "processors_others_used_at_most").contains(entry.getKey())) {
                    page.append("\n- %s: %s\n".formatted(entry.getKey(), plain(entry.getValue())));
                }
            });
        }
        return page.toString();
    }

    private static String sentence(String title) {
        return title.isEmpty() ? title : Character.toUpperCase(title.charAt(0)) + title.substring(1);
    }

    private static String plain(JsonNode value) {
        if (!value.isObject()) {
            return value.isNumber() ? shown(value.asDouble()) : value.asText();
        }
        List<String> parts = new ArrayList<>();
        value.properties().forEach(entry -> parts.add(entry.getKey() + " " + plain(entry.getValue())));
        return String.join(", ", parts);
    }

    private static String unit(JsonNode row) {
        String unit = row.path("unit").asText();
        return unit.equals("ratio") ? "×" : " " + unit;
    }

    private static String day(JsonNode row) {
        return row.path("measured_at").asText().replaceFirst("T.*", "");
    }

    private static String range(JsonNode row) {
        double low = row.path("low").asDouble();
        double high = row.path("high").asDouble();
        return low == high ? "" : "(" + shown(low) + " to " + shown(high) + ")";
    }

    /** Three digits that count. */
    static String shown(double value) {
        if (value == 0 || !Double.isFinite(value)) {
            return String.valueOf(value);
        }
        int decimals = (int) Math.clamp(2 - Math.floor(Math.log10(Math.abs(value))), 0, 6);
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
