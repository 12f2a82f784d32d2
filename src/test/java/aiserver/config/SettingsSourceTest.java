package aiserver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import aiserver.job.TaskType;
import aiserver.redis.Delivery;
import aiserver.worker.LaneSettings;
import aiserver.worker.WorkerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SettingsSourceTest {
    @TempDir
    Path folder;

    @Test
    void theCommandLineComesBeforeTheEnvironmentBeforeTheProfileBeforeTheDefault() throws IOException {
        Path profile = profile("name=profile", "llm-threads=3", "image-steps=20", "image-width=256");
        Map<String, String> environment = Map.of("AISERVER_LLM_THREADS", "5", "AISERVER_IMAGE_STEPS", "30");
        RunOptions options = parse(new SettingsSource(environment, profile), "--image-steps=40");
        assertThat(options.image.service().steps()).isEqualTo(40);
        assertThat(options.language.threads).isEqualTo(5);
        assertThat(options.worker.name).isEqualTo("profile");
        assertThat(options.image.service().width()).isEqualTo(256);
        assertThat(options.image.service().height()).isEqualTo(512);
    }

    @Test
    void aKindWithoutAModelOfItsOwnHasTheDemosSettings() throws IOException {
        Path demo = Files.createDirectory(folder.resolve("demo")).resolve("profile.properties");
        Files.writeString(demo, "stt-model=s.bin\nstt-words=false\nllm-model=l.gguf\nllm-prompt=compact\nimage-model=i.gguf\nimage-steps=16\n");
        Path own = profile("name=mine", "image-model=own.gguf", "stt-window=20s");
        RunOptions options = parse(new SettingsSource(Map.of("AISERVER_IMAGE_WIDTH", "256"), own, demo, List.of("run", "--llm-model=x.gguf")),
                "--llm-model=x.gguf");
        assertThat(options.speech.model).isEqualTo(demo.resolveSibling("s.bin").toAbsolutePath());
        assertThat(options.speech.service().words()).isFalse();
        assertThat(options.speech.service().windowSeconds()).isEqualTo(20);
        assertThat(options.language.model).isEqualTo(Path.of("x.gguf"));
        assertThat(options.language.service().profile()).isEqualTo(aiserver.service.order.LanguageSettings.DEFAULT.profile());
        assertThat(options.image.model).isEqualTo(folder.resolve("own.gguf").toAbsolutePath());
        assertThat(options.image.service().steps()).isEqualTo(aiserver.service.picture.PictureSettings.DEFAULTS.steps());
        RunOptions named = parse(new SettingsSource(Map.of("AISERVER_STT_MODEL", "e.bin", "AISERVER_LLM_MODEL", " "), null, demo, List.of()));
        assertThat(named.language.model).as("blank is unset").isEqualTo(demo.resolveSibling("l.gguf").toAbsolutePath());
        assertThat(named.speech.model).isEqualTo(Path.of("e.bin"));
        assertThat(named.speech.service().words()).isTrue();
        assertThat(named.image.service().steps()).isEqualTo(16);
    }

    @Test
    void theDefaultsAreThoseOfTheServices() {
        RunOptions options = parse(new SettingsSource(Map.of(), null));
        assertThat(options.image.service()).isEqualTo(aiserver.service.picture.PictureSettings.DEFAULTS);
        assertThat(options.language.service()).isEqualTo(aiserver.service.order.LanguageSettings.DEFAULT);
        assertThat(options.speech.service()).isEqualTo(aiserver.service.speech.SpeechSettings.DEFAULT);
        WorkerSettings settings = options.worker.settings("w-1", List.of(), 0);
        assertThat(settings.lanes()).containsOnlyKeys(TaskType.values());
        assertThat(settings.drainTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.delivery()).isEqualTo(aiserver.redis.DeliverySettings.DEFAULT);
    }

    @Test
    void aFlagGivenTwiceIsStillOn() throws IOException {
        SettingsSource source = new SettingsSource(Map.of("AISERVER_LEAVE_QUEUE", "true"),
                profile("at-most-once=true", "image-conv-direct=true", "image-vae-tiling=true"));
        RunOptions options = parse(source, "--leave-queue", "--at-most-once", "--image-conv-direct", "--image-vae-tiling");
        assertThat(options.worker.leaveQueue).isTrue();
        assertThat(options.worker.atMostOnce).isTrue();
        assertThat(options.image.convDirect).isTrue();
        assertThat(options.image.vaeTiling).isTrue();
    }

    @Test
    void theEngineIsToldHowLargePicturesAreToBe() {
        RunOptions options = parse(new SettingsSource(Map.of(), null), "--image-model=a", "--image-width=256", "--image-height=128");
        assertThat(options.image.engine().width()).isEqualTo(256);
        assertThat(options.image.engine().height()).isEqualTo(128);
    }

    @Test
    void redisUrlIsAlsoKnownByItsCommonName() {
        assertThat(parse(new SettingsSource(Map.of("REDIS_URL", "redis://a"), null)).worker.redisUrl).isEqualTo("redis://a");
        assertThat(parse(new SettingsSource(Map.of("REDIS_URL", "redis://a", "AISERVER_REDIS_URL", "redis://b"), null)).worker.redisUrl)
                .isEqualTo("redis://b");
        assertThat(parse(new SettingsSource(Map.of("REDIS_URL", " "), null)).worker.redisUrl).isNull();
    }

    @Test
    void pathsOfAProfileAreRelativeToIt() throws IOException {
        RunOptions options = parse(new SettingsSource(Map.of(), profile("stt-model=models/a.bin")));
        assertThat(options.speech.model).isEqualTo(folder.resolve("models/a.bin").toAbsolutePath());
        assertThat(stateFolder(Map.of(), "llm-model=a.gguf", "llm-state-folder=states")).isEqualTo(folder.resolve("states").toAbsolutePath());
        assertThat(stateFolder(Map.of(), "llm-model=a.gguf", "llm-state-folder=none")).isNull();
        assertThat(stateFolder(Map.of("AISERVER_LLM_STATE_FOLDER", "states"), "llm-model=a.gguf")).isEqualTo(Path.of("states"));
    }

    @Test
    void aProfileThatIsMissingOrHasUnknownKeysSaysSo() throws IOException {
        assertThatThrownBy(() -> new SettingsSource(Map.of(), folder.resolve("none")))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("none cannot be read");
        SettingsSource source = new SettingsSource(Map.of(), profile("stt-modle=x", "name=y"));
        assertThatThrownBy(() -> source.requireKnown(Set.of("stt-model", "name"))).hasMessageContaining("[stt-modle]");
    }

    @Test
    void timesAndSizesHaveUnits() {
        RunOptions options = parse(new SettingsSource(Map.of(), null), "--stt-time-limit=1500ms", "--idle-unload=10m",
                "--max-stt-message=64k", "--give-way=oldest", "--tasks=llm", "--load=start");
        WorkerSettings settings = options.worker.settings("w-1", List.of(), 0);
        assertThat(settings.limits().speechBytes()).isEqualTo(65536);
        assertThat(settings.lanes()).containsOnlyKeys(TaskType.LLM);
        assertThat(settings.lanes().get(TaskType.LLM).idleUnload()).isEqualTo(Duration.ofMinutes(10));
        assertThat(settings.lanes().get(TaskType.LLM).giveWay()).isEqualTo(Delivery.Side.OLDEST);
        assertThat(settings.lanes().get(TaskType.LLM).loadAtStart()).isTrue();
        assertThat(parse(new SettingsSource(Map.of("AISERVER_SHOP_LANGUAGE", "ja"), null)).language.service().language())
                .isEqualTo(aiserver.service.ShopLanguage.JAPANESE);
        assertThat(parse(new SettingsSource(Map.of(), null), "--llm-prompt=compact").language.service().profile())
                .isEqualTo(aiserver.service.order.PromptTexts.Profile.COMPACT);
        assertThatThrownBy(() -> parse(new SettingsSource(Map.of(), null), "--shop-language=de"))
                .hasMessageContaining("'de' is none of [ko, en, ja]");
        assertThatThrownBy(() -> parse(new SettingsSource(Map.of(), null), "--idle-unload=soon"))
                .hasMessageContaining("'soon' is no time such as 500ms");
        assertThat(parse(new SettingsSource(Map.of(), null), "--idle-unload=OFF", "--max-age=off").worker
                .settings("w-1", List.of(), 0).lanes().get(TaskType.STT)).isEqualTo(new LaneSettings(1, Duration.ofMinutes(2), 0, null,
                        Delivery.Side.NEWEST, false, null, false));
        assertThatThrownBy(() -> parse(new SettingsSource(Map.of(), null), "--max-stt-message=9G"))
                .hasMessageContaining("'9G' is no number of bytes");
        assertThatThrownBy(() -> parse(new SettingsSource(Map.of(), null), "--tasks=stt,tts").worker.settings("w", List.of(), 0))
                .hasMessageContaining("--tasks has 'tts'");
    }

    @Test
    void blanksAroundTheCommasOfAListAreNotPartOfItsWords() {
        assertThat(parse(new SettingsSource(Map.of("AISERVER_TASKS", "stt, llm "), null)).worker.tasks).containsExactly("stt", "llm");
    }

    private Path stateFolder(Map<String, String> environment, String... profile) throws IOException {
        return parse(new SettingsSource(environment, profile(profile))).language.engine(1).stateFolder();
    }

    private static RunOptions parse(SettingsSource source, String... arguments) {
        RunOptions options = new RunOptions();
        new CommandLine(options).setCaseInsensitiveEnumValuesAllowed(true).setDefaultValueProvider(source).parseArgs(arguments);
        return options;
    }

    private Path profile(String... lines) throws IOException {
        return Files.write(folder.resolve("profile.properties"), List.of(lines));
    }
}
