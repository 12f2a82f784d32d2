package aiserver.bench.measure;

import aiserver.bench.weights.WorkFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code bench measure}: measures the parts that are asked for and not done yet, and writes the results after each
 * figure. Refuses on a machine that others are using: exit status 3, and what was measured before stays.
 */
@Command(name = "measure", mixinStandardHelpOptions = true, sortOptions = false, description = "Measures, part by part.")
public final class MeasureCommand implements Callable<Integer> {
    private static final int CONTENDED = 3;
    private static final List<Part> PARTS = List.of(new ParityPart(), new DecodePart(), new CallsPart(), new FormPart(), new StartPart(),
            new MemoryPart(), new TogetherPart(), new BatchPart(), new OrderPart(), new SpeechPart(), new CachePart(), new PicturePart(),
            new PeersPart());

    @Spec
    private CommandSpec spec;
    @Mixin
    private WorkFolder work;

    @Option(names = "--full", description = "More rounds, larger jobs and models. Default: quick.")
    private boolean full;

    @Option(names = "--only", split = ",", paramLabel = "PART", description = "Parts to measure. Default: all that are not done.")
    private Set<String> only = Set.of();

    @Option(names = "--again", description = "Measure parts that this mode has measured of this build today, too.")
    private boolean again;

    @Option(names = "--trial", description = "Measure on a busy machine, to try the harness: the rows are marked and never reported.")
    private boolean trial;

    @Option(names = "--processors", paramLabel = "LIST", description = "To pin the contenders to, as taskset takes it. Default: all.")
    private String processors;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0", description = "For each contender; 0: one for each processor.")
    private int threads;

    @Option(names = "--foreign", paramLabel = "X", defaultValue = "0.08",
            description = "Processors that others may keep busy in a round that counts. Default: ${DEFAULT-VALUE}.")
    private double foreign;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "0",
            description = "At least so many of each figure, also where the mode has fewer: three are needed to decide a goal.")
    private int least;

    @Option(names = "--patience", paramLabel = "SECONDS", defaultValue = "60",
            description = "How long to wait for a quiet machine before each part. Default: ${DEFAULT-VALUE}.")
    private int patience;

    @Option(names = "--results", paramLabel = "FILE", description = "Default: bench/results/<date>-<machine>.json.")
    private Path file;

    @Override
    public Integer call() throws IOException {
        Set<String> known = PARTS.stream().map(Part::name).collect(Collectors.toSet());
        if (!known.containsAll(only)) {
            throw new ParameterException(spec.commandLine(), "--only has " + only + "; parts are "
                    + String.join(", ", PARTS.stream().map(Part::name).toList()));
        }
        int count = Runtime.getRuntime().availableProcessors();
        Setting setting = new Setting(work, !full, trial, processors != null ? processors
                : IntStream.range(0, count).mapToObj(Integer::toString).collect(Collectors.joining(",")),
                threads > 0 ? threads : count, foreign, patience, 2, least);
        Results results = Results.open(file != null ? file : work.home().resolve(Path.of("bench", "results",
                LocalDate.now() + "-" + Machine.fileName() + ".json")), Machine.description(), setting.mode(),
                Build.of(work.home()).json());
        int status = 0;
        int measured = 0;
        for (Part part : PARTS) {
            if (!only.isEmpty() ? !only.contains(part.name()) : results.done(part.name()) && !again) {
                continue;
            }
            status = Math.max(status, measure(part, setting, results));
            measured++;
        }
        if (measured == 0) {
            System.err.println("bench: all parts were measured today in this mode and of this build; --again measures them anew");
        }
        return status;
    }

    // A part that fails does not take the others with it: its rows stay unmeasured and the report says why.
    private int measure(Part part, Setting setting, Results results) throws IOException {
        System.err.println("bench: " + part.name());
        long began = System.nanoTime();
        try {
            if (part.timed()) {
                awaitQuiet(setting);
            }
            part.measure(setting, results);
            results.part(part.name(), "done");
            System.err.printf("bench: %s took %.0f s%n", part.name(), (System.nanoTime() - began) * 1e-9);
            return 0;
        } catch (Rounds.Contended e) {
            results.part(part.name(), "contended: " + e.getMessage());
            System.err.println("bench: " + part.name() + " is not reported: " + e.getMessage());
            return CONTENDED;
        } catch (IOException | RuntimeException e) {
            results.part(part.name(), "failed: " + e.getMessage());
            System.err.println("bench: " + part.name() + " failed: " + e);
            return 1;
        }
    }

    private static void awaitQuiet(Setting setting) {
        if (setting.trial()) {
            return;
        }
        Contention.Share share = null;
        for (int waited = 0; waited <= setting.patience(); waited += 2) {
            Contention contention = Contention.begin();
            sleep(2000);
            share = contention.end();
            if (!share.tooMuch(setting.foreign())) {
                return;
            }
        }
        throw new Rounds.Contended("the machine is not quiet: " + share);
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
