package aiserver.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Where an option that was not given on the command line takes its value: from the environment ({@code --stt-model} is
 * {@code AISERVER_STT_MODEL}; {@code --redis-url} is also {@code REDIS_URL}), else from the profile, a properties file
 * with the options' names as keys, else from the default that {@code --help} shows. Paths in a profile are relative to it.
 */
public final class SettingsSource implements IDefaultValueProvider {
    /** Names the profile; the option {@code --profile} comes before it. */
    public static final String PROFILE_VARIABLE = "AISERVER_PROFILE";

    private final Map<String, String> environment;
    private final Path profile;
    private final Properties properties = new Properties();

    /**
     * @param profile a properties file, or null
     * @throws IllegalArgumentException for a profile that cannot be read
     */
    public SettingsSource(Map<String, String> environment, Path profile) {
        this.environment = environment;
        this.profile = profile;
        if (profile != null) {
            try (Reader reader = Files.newBufferedReader(profile, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (IOException | IllegalArgumentException e) {
                throw new IllegalArgumentException("profile " + profile + " cannot be read: " + e.getMessage(), e);
            }
        }
    }

    /** @throws IllegalArgumentException naming the keys of the profile that are no options */
    public void requireKnown(java.util.Set<String> options) {
        TreeSet<String> unknown = new TreeSet<>(properties.stringPropertyNames());
        unknown.removeAll(options);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("profile " + profile + " has keys that are no options: " + unknown);
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
        if (value != null) {
            return value.isBlank() ? null : value;
        }
        String fromProfile = properties.getProperty(name);
        if (fromProfile == null || fromProfile.isBlank()) {
            return null;
        }
        String stripped = fromProfile.strip();
        return isPath(option, stripped)
                ? profile.toAbsolutePath().getParent().resolve(stripped).normalize().toString()
                : stripped;
    }

    private static boolean isPath(OptionSpec option, String value) {
        return option.type() == Path.class
                || option.type() == FolderOrNone.class && !FolderOrNone.isNone(value);
    }
}
