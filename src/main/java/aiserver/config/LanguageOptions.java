package aiserver.config;

import aiserver.engine.LlamaSettings;
import aiserver.engine.Sampling;
import aiserver.service.ShopLanguage;
import aiserver.service.order.LanguageSettings;
import aiserver.service.order.PromptTexts;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.List;
import picocli.CommandLine.Option;

/** The language model and how orders are understood. */
public final class LanguageOptions {
    @Option(names = "--llm-model", paramLabel = "FILE", description = "Chat model, a GGUF file of llama.cpp.")
    public Path model;

    @Option(names = "--llm-device", paramLabel = "DEVICE", defaultValue = "auto",
            description = "auto (a GPU, else the CPU), cpu, cuda:N, or several GPUs: cuda:0,cuda:1. Default: ${DEFAULT-VALUE}.")
    public String device;

    @Option(names = "--llm-gpu-layers", paramLabel = "N", defaultValue = "-1",
            description = "Most layers on the GPU; -1: as many as fit. Default: ${DEFAULT-VALUE}.")
    int gpuLayers;

    @Option(names = "--llm-split", paramLabel = "KIND", defaultValue = "layer",
            description = "How several GPUs share the model: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    LlamaSettings.SplitMode split;

    @Option(names = "--llm-gpu-shares", split = ",", paramLabel = "SHARE",
            description = "What each of several GPUs takes, in proportion, such as 3,1. Default: by their free memory.")
    List<Double> gpuShares = List.of();

    @Option(names = "--llm-threads", paramLabel = "N", defaultValue = "0",
            description = "Processor threads; 0: one for each core, 8 at most. Default: ${DEFAULT-VALUE}.")
    int threads;

    @Option(names = "--llm-context", paramLabel = "TOKENS", defaultValue = "4096",
            description = "Tokens that one order may have, prompt and answer: 384 or more. Default: ${DEFAULT-VALUE}.")
    int context;

    @Option(names = "--llm-cache-type", paramLabel = "TYPE",
            description = "What keys and values of a context are kept in: ${COMPLETION-CANDIDATES}; q8_0 takes half of the memory. "
                    + "Default: q8_0 or bf16 where this processor is faster with it, else f16.")
    LlamaSettings.CacheType cacheType;

    @Option(names = "--llm-repack", arity = "1", paramLabel = "true|false", defaultValue = "true",
            description = "Lay weights out anew for this processor when they are loaded: faster, but in memory that other "
                    + "processes do not share and the system cannot take back. Default: ${DEFAULT-VALUE}.")
    boolean repack;

    @Option(names = "--llm-max-tokens", paramLabel = "TOKENS", defaultValue = "768",
            description = "Longest answer, 192 to 8192. Default: ${DEFAULT-VALUE}.")
    int maxTokens;

    @Option(names = "--llm-prompt", paramLabel = "full|compact", defaultValue = "full",
            description = "How much the model is told: full for real models, compact for the project's small one. Default: ${DEFAULT-VALUE}.")
    PromptTexts.Profile prompt;

    @Option(names = "--llm-prompt-folder", paramLabel = "DIR", description = "The shop's own prompt files, in place of the program's.")
    Path promptFolder;

    @Option(names = "--llm-state-folder", paramLabel = "DIR|none", converter = FolderOrNone.Converter.class,
            description = "Where the state of the prompts' fixed part is kept across restarts. Default: prompt-states beside the model.")
    FolderOrNone stateFolder;

    @Option(names = "--shop-language", paramLabel = "ko|en|ja", converter = Converters.Language.class,
            description = "Language of prompts and answers. Default: that of what the customer says.")
    ShopLanguage shopLanguage;

    @Option(names = "--time-zone", paramLabel = "ZONE", defaultValue = "Asia/Seoul",
            description = "In which a day ends, for promotions. Default: ${DEFAULT-VALUE}.")
    ZoneId timeZone;

    @Option(names = "--llm-temperature", paramLabel = "T", defaultValue = "0.7",
            description = "Of the answer's free texts; 0: greedy. Default: ${DEFAULT-VALUE}, as Qwen3's model card says.")
    double temperature;

    @Option(names = "--llm-seed", paramLabel = "N", defaultValue = "0",
            description = "Same seed, same answer. Default: ${DEFAULT-VALUE}.")
    long seed;

    public LlamaSettings engine(int sequences) {
        LlamaSettings usual = LlamaSettings.of(model);
        int count = Threads.orCores(threads);
        return new LlamaSettings(model, device, context, sequences, usual.batchTokens(), count, count, gpuLayers,
                usual.flashAttention(), cacheType, repack, states(), new LlamaSettings.Split(split, gpuShares));
    }

    private Path states() {
        return stateFolder == null ? model.toAbsolutePath().resolveSibling("prompt-states") : stateFolder.folder();
    }

    /** @throws IllegalArgumentException naming the option and its value */
    public LanguageSettings service() {
        if (!(temperature >= 0 && temperature <= Sampling.MAX_TEMPERATURE)) {
            throw new IllegalArgumentException("--llm-temperature must be 0 to " + Sampling.MAX_TEMPERATURE
                    + " but is " + temperature);
        }
        Sampling card = Sampling.qwen(seed);
        LanguageSettings usual = LanguageSettings.DEFAULT;
        return new LanguageSettings(prompt, shopLanguage, promptFolder, maxTokens,
                new Sampling(temperature, card.topK(), card.topP(), card.minP(), seed), timeZone, usual.maxDialogue(),
                usual.maxHistory());
    }
}
