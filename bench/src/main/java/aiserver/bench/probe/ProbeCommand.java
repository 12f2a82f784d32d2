package aiserver.bench.probe;

import picocli.CommandLine.Command;

/** {@code bench probe}: one contender in a process of its own, driven line by line. */
@Command(name = "probe", mixinStandardHelpOptions = true, synopsisSubcommandLabel = "KIND",
        description = "Runs one contender, once for each line of input.",
        subcommands = {DecodeProbe.class, FormProbe.class, SpeechProbe.class, PictureProbe.class, JniProbe.class})
public final class ProbeCommand {
}
