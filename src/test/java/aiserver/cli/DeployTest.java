package aiserver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The files of deploy/ against the program that they start. */
class DeployTest {
    private static final Pattern OPTION = Pattern.compile("--[a-z][a-z-]+");

    @ParameterizedTest
    @ValueSource(strings = {"ai-server.service", "Containerfile", "kubernetes.yaml"})
    void theOptionsAreThoseOfTheProgram(String file) throws IOException {
        Set<String> known = new HashSet<>(new CommandLine(new RunCommand()).getCommandSpec().optionsMap().keySet());
        known.add("--profile"); // of the program, for every command
        // What follows the program's name in a command line, and Kubernetes' list of arguments.
        Pattern ours = Pattern.compile("(?:ai-server\"?,? \"?run|args: )(.*)");
        try (Stream<String> lines = Files.lines(Path.of("deploy", file))) {
            Set<String> used = lines.flatMap(line -> ours.matcher(line).results()).flatMap(rest -> OPTION.matcher(rest.group()).results())
                    .map(MatchResult::group).collect(Collectors.toSet());
            assertThat(used).as("options that were found in %s", file).isNotEmpty();
            assertThat(known).containsAll(used);
        }
    }

    @Test
    void theImageHasWhatTheLauncherCannotDoWithout() throws IOException {
        String launcher = Files.readString(Path.of("ai-server"));
        String image = Files.readString(Path.of("deploy/Containerfile"));
        List<String> called = Pattern.compile("\"\\$home/(scripts/[a-z-]+\\.sh)\"").matcher(launcher).results().map(match -> match.group(1)).distinct()
                .filter(script -> !launcher.contains("[ -x \"$home/" + script + "\" ]")).toList();
        assertThat(called).containsExactly("scripts/find-jdk.sh").allSatisfy(script -> assertThat(image).contains("/src/" + script + " /opt/ai-server/scripts/"));
    }

    @Test
    void whatTheImageCopiesIsNotLeftOutOfWhatItIsBuiltFrom() throws IOException {
        String ignored = Files.readString(Path.of(".dockerignore"));
        for (String needed : new String[] {"ai-server", "pom.xml", "src", "bindings", "native", "scripts", "models-gguf/demo"}) {
            assertThat(Path.of(needed)).exists();
            assertThat(ignored.lines()).doesNotContain(needed, needed + "/", "**/" + needed);
        }
        assertThat(ignored.lines()).contains("models-gguf/*", "!models-gguf/demo");
    }
}
