package aiserver.cli;

import aiserver.config.SettingsSource;
import aiserver.engine.EngineException;
import aiserver.job.JobException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The program: reads the command line, environment and profile, and hands over to a command. */
@Command(name = "ai-server", mixinStandardHelpOptions = true, version = "AI Server 0.1.0",
        synopsisSubcommandLabel = "COMMAND",
        description = "The AI of a voice cake-order service: speech, language and pictures by jobs from Redis.",
        footer = "%nEvery option can come from the environment, too (--stt-model: AISERVER_STT_MODEL), or from a profile: "
                + "a properties file with the options' names as keys, named by --profile or AISERVER_PROFILE.",
        subcommands = {RunCommand.class, DemoCommand.class, DoctorCommand.class, RehearseCommand.class, CommandLine.HelpCommand.class})
public final class Main implements Runnable {
    @CommandLine.Spec
    private CommandSpec spec;

    @Option(names = "--profile", paramLabel = "FILE", scope = CommandLine.ScopeType.INHERIT,
            description = "Properties file with options.")
    @SuppressWarnings("unused") // read before the rest, see profile(...)
    private Path profile;

    private Main() {
    }

    public static void main(String[] args) {
        if (args.length > 0 && args[0].equals("demo") && System.getenv("AISERVER_LOG") == null) {
            // The demo speaks to a person; before any logger is made.
            System.setProperty("AISERVER_LOG", "WARN");
        }
        System.exit(run(System.getenv(), args));
    }

    /** Runs one command to its end and returns the exit status: 0 well, 1 failed, 2 wrong use. */
    static int run(Map<String, String> environment, String... args) {
        CommandLine line = new CommandLine(new Main());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        line.setUsageHelpLongOptionsMaxWidth(36);
        try {
            SettingsSource source = new SettingsSource(environment, profile(environment, args), demoProfile(args), List.of(args));
            source.requireKnown(optionNames(line));
            line.setDefaultValueProvider(source);
        } catch (IllegalArgumentException e) {
            System.err.println("ai-server: " + e.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
        line.setParameterExceptionHandler((failure, arguments) -> {
            CommandLine command = failure.getCommandLine();
            command.getErr().println("ai-server: " + failure.getMessage());
            command.getErr().println("see ai-server " + (command.getParent() == null ? "" : command.getCommandName() + " ") + "--help");
            return CommandLine.ExitCode.USAGE;
        });
        line.setExecutionExceptionHandler((failure, command, result) -> {
            // What has a plain sentence says it; anything else is a fault of ours and shows where.
            if (failure instanceof EngineException || failure instanceof JobException || failure instanceof IllegalArgumentException
                    || failure instanceof CommandFailure) {
                command.getErr().println("ai-server: " + failure.getMessage());
            } else {
                failure.printStackTrace(command.getErr());
            }
            return failure instanceof IllegalArgumentException ? CommandLine.ExitCode.USAGE : CommandLine.ExitCode.SOFTWARE;
        });
        return line.execute(args);
    }

    private static Path profile(Map<String, String> environment, String[] args) {
        String value = environment.get(SettingsSource.PROFILE_VARIABLE);
        for (int i = 0; i < args.length; i++) {
            if (args[i].startsWith("--profile=")) {
                value = args[i].substring("--profile=".length());
            } else if (args[i].equals("--profile") && i + 1 < args.length) {
                value = args[i + 1];
            }
        }
        return value == null || value.isBlank() ? null : Path.of(value);
    }

    // The project's own small models, where it has some. Help shows the program's defaults.
    private static Path demoProfile(String[] args) {
        if (Arrays.stream(args).anyMatch(arg -> arg.equals("--help") || arg.equals("-h") || arg.equals("help"))) {
            return null;
        }
        Path profile = Path.of(System.getProperty("aiserver.home", ""), "models-gguf", "demo", "profile.properties");
        return Files.isRegularFile(profile) ? profile : null;
    }

    private static Set<String> optionNames(CommandLine line) {
        Set<String> names = new LinkedHashSet<>();
        line.getSubcommands().values().forEach(sub -> sub.getCommandSpec().options()
                .forEach(option -> names.add(option.longestName().replaceFirst("^--", ""))));
        return names;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
