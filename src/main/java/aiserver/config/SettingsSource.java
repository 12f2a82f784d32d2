package aiserver.config;

import aiserver.job.TaskType;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Where an option that was not given on the command line takes its value: from the environment ({@code --stt-model} is
 * {@code AISERVER_STT_MODEL}; {@code --redis-url} is also {@code REDIS_URL}), else from the profile, a properties file
 * with the options' names as keys, else from the default that {@code --help} shows. Paths in a profile are relative to it.
 * The options of a kind for which no model is named come from the demo's profile before they have their default.
 */
public final class SettingsSource implements IDefaultValueProvider {
    /** Names the profile; the option {@code --profile} comes before it. */
    public static final String PROFILE_VARIABLE = "AISERVER_PROFILE";

    private final Map<String, String> environment;
    private final Profile profile;
    private final Profile demo;
    private final Set<String> demoKinds = new HashSet<>();

    /** A properties file; null: none. */
    private record Profile(Path file, Properties properties) {
        static Profile read(Path file) {
            Properties properties = new Properties();
            if (file != null) {
                try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                    properties.load(reader);
                } catch (IOException | IllegalArgumentException e) {
                    throw new IllegalArgumentException("profile " + file + " cannot be read: " + e.getMessage(), e);
                }
            }
            return new Profile(file, properties);
        }

        /** What it says of an option, a path made absolute; null where it says nothing. */
        String value(String name, OptionSpec option) {
            String value = properties.getProperty(name, "").strip();
            if (value.isEmpty()) {
                return null;
            }
            return isPath(option, value) ? file.toAbsolutePath().getParent().resolve(value).normalize().toString() : value;
        }
    }

    /**
     * @param profile a properties file, or null
     * @throws IllegalArgumentException for a profile that cannot be read
     */
    public SettingsSource(Map<String, String> environment, Path profile) {
        this(environment, profile, null, List.of());
    }

    /**
     * @param demo      the profile of the project's own models, or null
     * @param arguments the command line, on which a kind's model may be named
     */
    public SettingsSource(Map<String, String> environment, Path profile, Path demo, List<String> arguments) {
        this.environment = environment;
        this.profile = Profile.read(profile);
        this.demo = Profile.read(demo);
        for (TaskType kind : TaskType.values()) {
            String model = kind.wireName() + "-model";
            boolean named = !environment.getOrDefault(variable(model), "").isBlank()
                    || !this.profile.properties().getProperty(model, "").isBlank()
                    || arguments.stream().anyMatch(argument -> argument.startsWith("--" + model));
            if (!named) {
                demoKinds.add(kind.wireName());
            }
        }
    }

    /** @throws IllegalArgumentException naming the keys of a profile that are no options */
    public void requireKnown(Set<String> options) {
        for (Profile read : List.of(profile, demo)) {
            TreeSet<String> unknown = new TreeSet<>(read.properties().stringPropertyNames());
            unknown.removeAll(options);
            if (!unknown.isEmpty()) {
                throw new IllegalArgumentException("profile " + read.file() + " has keys that are no options: " + unknown);
            }
        }
    }

    /** The environment variable of an option. */
    public static String variable(String option) {
        return "AISERVER_" + option.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option)) {
            return null;
        }
        String name = option.longestName().replaceFirst("^--", "");
        String value = environment.get(variable(name));
        if (value == null && name.equals("redis-url")) {
            value = environment.get("REDIS_URL");
        }
        if (value == null) {
            value = profile.value(name, option);
        } else if (value.isBlank()) { // unset, whatever the profile says
            value = null;
        }
        return value == null && demoKinds.contains(name.split("-", 2)[0]) ? demo.value(name, option) : value;
    }

    private static boolean isPath(OptionSpec option, String value) {
        return option.type() == Path.class
                || option.type() == FolderOrNone.class && !FolderOrNone.isNone(value);
    }
}
