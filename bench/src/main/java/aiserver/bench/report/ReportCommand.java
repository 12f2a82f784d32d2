package aiserver.bench.report;

import aiserver.bench.measure.Row;
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
 * row the newest, with its day and build; of one build's rows one of a full run before a quick one's. Says of each goal
 * whether it was measured and whether the rounds decide it.
 */
@Command(name = "report", mixinStandardHelpOptions = true, description = "Writes docs/benchmarks.md from the newest results.")
public final class ReportCommand implements Callable<Integer> {
    /** Processors go faster and slower by so much of their own accord. */
    private static final double FULL_RATE = 0.8;

    @Mixin
    private WorkFolder work;

    @Option(names = "--results", paramLabel = "FILE", description = "Default: all of bench/results that are of the machine of the newest.")
    private Path file;

    @Option(names = "--out", paramLabel = "DIR", description = "Default: docs.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        List<Path> sources = file != null ? List.of(file) : ofTheNewestMachine();
        boolean trial = out != null;
        Path folder = trial ? out : work.home().resolve("docs");
        Path plots = folder.resolve("benchmarks");
        Files.createDirectories(plots);
        Results results = new Results();
        for (Path source : sources) {
            if (Files.exists(source)) {
                results.add(source.getFileName().toString(), JsonMapper.builder().build().readTree(source.toFile()), trial);
            }
        }
        StringBuilder page = new StringBuilder(head(results));
        page.append(goals(results));
        page.append(notes(results));
        page.append(details(results, plots));
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

    private static String head(Results results) {
        StringBuilder measured = new StringBuilder(results.machines().isEmpty() ? "Nothing was measured yet.\n" : "");
        results.machines().forEach((machine, files) -> measured.append("""
                Measured on %s, %s processors, %s MB, %s, Java %s, %s; results `%s`.

                """.formatted(
                machine.path("processor").asText(), machine.path("processors").asText(), machine.path("memory_mb").asText(),
                machine.path("system").asText(), machine.path("java").asText(), machine.path("instructions").toString(),
                String.join("`, `", files))));
        return """
                # Benchmarks

                Made by `bench/run.sh`; [bench/README.md](../bench/README.md) says how it measures, what each row means and what
                it does not say. A ratio of times or rates is of alternating runs on one machine: the middle of the rounds and, in
                brackets, their range; of nine rounds and more that within which the middle lies at 95 %%. Memory is measured in rounds of its own; `together` in blocks in turn where its row has a range, one
                kind after the other where it has none; `calls` by JMH; parity is a count. Rounds in which other programs used the
                processors, or the processors' pace changed, do not count. "At 0.16 of its rate": something let the processors go
                that much slower than they say they can, all through and for all contenders; times are longer for it, and ratios
                of what computes to what waits for memory are others than at full rate. A goal is undecided where fewer than three
                rounds count, the range lies on both sides of it, or a time is missed below the rate. "Older build" is a
                figure of other sources or native libraries than the newest one's; "not recorded" one from before builds were.

                %s""".formatted(measured);
    }

    private static String goals(Results results) {
        StringBuilder table = new StringBuilder(
                "| figure | goal | measured | range | rounds | reached | mode | on | build |\n|---|---|---|---|---|---|---|---|---|\n");
        for (Goals goal : Goals.ALL) {
            JsonNode row = results.rows().get(goal.row());
            if (row == null) {
                table.append("| %s | %s | not measured | | | | | | |\n".formatted(goal.figure(), goal.shown()));
            } else {
                double value = row.path("figure").asDouble();
                boolean slowed = row.path("unit").asText().equals("s") && !pace(row).isEmpty();
                // A figure without a range is one measurement, however many runs it was made of.
                int rounds = range(row).isEmpty() ? 1 : rounds(row);
                table.append("| %s | %s | %s%s | %s | %d | %s | %s | %s | %s |\n".formatted(goal.figure(), goal.shown(), shown(value),
                        unit(row), range(row), rounds, goal.verdict(rounds, value, row.path("low").asDouble(), row.path("high").asDouble(), slowed),
                        row.path("mode").asText(), day(row) + pace(row), results.build(row)));
            }
        }
        return table.toString();
    }

    private static int rounds(JsonNode row) {
        return row.path("details").path("rounds").asInt(1);
    }

    private static String notes(Results results) {
        return results.unfinished().isEmpty() ? "" : "\nParts whose last run gave no figure; older ones are shown where there are:\n\n- "
                + String.join("\n- ", results.unfinished()) + "\n";
    }

    private String details(Results results, Path plots) throws IOException {
        StringBuilder page = new StringBuilder();
        for (JsonNode row : results.rows().values()) {
            page.append("\n## %s\n\n%s%s %s; %s; %s, %s, build %s\n".formatted(sentence(row.path("title").asText()),
                    shown(row.path("figure").asDouble()), unit(row), range(row), row.path("setting").asText(),
                    row.path("mode").asText(), day(row) + pace(row), results.build(row)));
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
                page.append("\n![](benchmarks/%s)\n\n%s, %s thrown away.\n".formatted(name, counted(rounds(row)),
                        details.path("rounds_thrown_away").asText()));
            } else if (details.has("rounds")) {
                page.append("\n%s.\n".formatted(counted(rounds(row))));
            }
            details.properties().forEach(entry -> {
                if (!List.of("contenders", "unit", "rounds", "rounds_thrown_away", "processors_others_used_at_most", Row.PACE).contains(entry.getKey())) {
                    page.append("\n- %s: %s\n".formatted(entry.getKey(), plain(entry.getValue())));
                }
            });
        }
        return page.toString();
    }

    private static String counted(int rounds) {
        return rounds + (rounds == 1 ? " round" : " rounds");
    }

    private static String sentence(String title) {
        return title.isEmpty() ? title : Character.toUpperCase(title.charAt(0)) + title.substring(1);
    }

    private static String plain(JsonNode value) {
        if (value.isArray()) {
            List<String> parts = new ArrayList<>();
            value.forEach(part -> parts.add(plain(part)));
            return String.join(" ", parts);
        }
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

    private static String pace(JsonNode row) {
        double pace = row.path("details").path(Row.PACE).asDouble(1);
        return pace < FULL_RATE ? ", at " + shown(pace) + " of its rate" : "";
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
