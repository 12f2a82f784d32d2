package aiserver.bench;

import aiserver.bench.djl.DjlWorker;
import aiserver.bench.measure.MeasureCommand;
import aiserver.bench.probe.ProbeCommand;
import aiserver.bench.report.ReportCommand;
import aiserver.bench.weights.WeightsCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The benchmarks' program; run.sh calls it. Each command is described where it is. */
@Command(name = "bench", mixinStandardHelpOptions = true, synopsisSubcommandLabel = "COMMAND",
        description = "Measures the worker against its peers.",
        subcommands = {MeasureCommand.class, ReportCommand.class, WeightsCommand.class, ProbeCommand.class, DjlWorker.class})
public final class Bench {
    private Bench() {
    }

    public static void main(String[] args) {
        System.exit(new CommandLine(new Bench()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
    }
}
