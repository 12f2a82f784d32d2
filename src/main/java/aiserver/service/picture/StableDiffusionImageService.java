package aiserver.service.picture;

import aiserver.engine.ImageEngine;
import aiserver.engine.ImageRequest;
import aiserver.engine.Picture;
import aiserver.job.CakeImage;
import aiserver.job.ErrorCode;
import aiserver.job.ImageJob;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.service.EngineErrors;
import aiserver.service.ScopeControl;
import aiserver.service.WordTranslator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Turns the order of a cake into a picture of it: unsafe words go, what is left becomes an English prompt, the engine
 * draws, the result is a PNG. The worker owns one; the image lane's thread calls it, one job at a time, but any thread
 * may: it holds no state besides the engine, which the caller closes.
 */
public final class StableDiffusionImageService {
    private static final double LOADED = 0.05;
    private static final double SAMPLED = 0.98;

    private final ImageEngine engine;
    private final PictureSettings settings;
    private final UnsafeWords unsafe;
    private final CakePrompt prompts;
    private final PromptLimit limit;

    /**
     * @param translator for words that the lexicon does not know
     * @throws IllegalArgumentException where the shop's folder of words, or a line in one of its files, is wrong
     */
    public StableDiffusionImageService(ImageEngine engine, WordTranslator translator, PictureSettings settings) {
        this.engine = Objects.requireNonNull(engine, "engine");
        this.settings = Objects.requireNonNull(settings, "settings");
        CakeLexicon lexicon = CakeLexicon.load(settings.wordsFolder());
        this.unsafe = UnsafeWords.load(settings.wordsFolder(), lexicon);
        this.prompts = new CakePrompt(lexicon, new PromptScanner(lexicon), Objects.requireNonNull(translator), unsafe);
        this.limit = new PromptLimit(engine);
    }

    /**
     * Draws the cake of a job.
     *
     * @throws JobException INVALID_PAYLOAD, UNSAFE_PROMPT, CANCELLED, MODEL_NOT_AVAILABLE, OUT_OF_MEMORY, ENGINE_FAILED
     */
    public CakeImage generateCakeImage(ImageJob job, JobScope scope) {
        EnhancedPrompt prompt = enhance(job.prompt(), scope);
        PromptLimit.Fitted negative = negative(job.negativePrompt(), prompt.unwanted(), scope);
        // Below 2^53, so that a client in JavaScript reads the seed that was used.
        long seed = job.seed() != null ? job.seed() : ThreadLocalRandom.current().nextLong(1L << 53);
        ImageRequest request = EngineErrors.translated(() -> new ImageRequest(prompt.text(), negative.text(),
                settings.width(), settings.height(), settings.steps(), settings.guidance(), seed));
        Picture picture = EngineErrors.retriedOnce(() -> {
            engine.load(new ScopeControl(scope, "load", 0, LOADED));
            return engine.generate(request, new ScopeControl(scope, "sample", LOADED, SAMPLED));
        });
        scope.progress("encode", SAMPLED);
        byte[] png = PngWriter.write(picture, texts(request));
        return new CakeImage(png, picture.width(), picture.height(), request.prompt(), request.negativePrompt(), seed,
                request.steps(), request.guidance(), prompt.filtered(), prompt.truncated() || negative.truncated());
    }

    /**
     * The prompt that the model gets for a customer's order in Korean, English or Japanese: plain ASCII, always.
     *
     * @throws JobException UNSAFE_PROMPT where nothing but unsafe words was asked for, INVALID_PAYLOAD where the order
     *                      is too long
     */
    public String enhancePrompt(String prompt) {
        return enhance(prompt).text();
    }

    /** As {@link #enhancePrompt}, and what was taken out on the way. */
    public EnhancedPrompt enhance(String prompt) {
        return enhance(prompt, JobScope.NONE);
    }

    private EnhancedPrompt enhance(String prompt, JobScope scope) {
        requireLength("prompt", prompt);
        UnsafeWords.Screened screened = unsafe.screen(PromptText.normalised(prompt));
        CakePrompt.Draft draft = EngineErrors.translated(() -> prompts.write(screened.text(), scope));
        List<String> filtered = new ArrayList<>(screened.removed());
        filtered.addAll(draft.filtered());
        if (!draft.anySubject() && !filtered.isEmpty()) {
            throw new JobException(ErrorCode.UNSAFE_PROMPT,
                    "payload.prompt asks for nothing but what is not drawn: " + String.join(", ", filtered));
        }
        PromptLimit.Fitted fitted = EngineErrors.translated(() -> limit.fit(draft.order(), draft.end()));
        return new EnhancedPrompt(fitted.text(), String.join(", ", draft.unwanted()), filtered, fitted.truncated());
    }

    /** Loads the model; returns at once if it is loaded. */
    public void loadPipeline() {
        loadPipeline(JobScope.NONE);
    }

    /** Loads the model and tells how far that is, under the stage {@code load}. */
    public void loadPipeline(JobScope scope) {
        EngineErrors.translated(() -> engine.load(new ScopeControl(scope, "load")));
    }

    /** Frees the model and its memory after the picture in hand. */
    public void unloadPipeline() {
        EngineErrors.translated(engine::unload);
    }

    /** What the job or else the configuration says, then what the order excludes. */
    private PromptLimit.Fitted negative(String asked, String unwanted, JobScope scope) {
        String text = settings.negativePrompt();
        if (asked != null && !asked.isBlank()) {
            requireLength("negative_prompt", asked);
            String plain = EngineErrors.translated(() -> prompts.negative(PromptText.normalised(asked), scope));
            text = plain.isBlank() ? text : plain;
        }
        String whole = text.isBlank() || unwanted.isEmpty() ? text + unwanted : text + ", " + unwanted;
        return EngineErrors.translated(() -> limit.fit(whole, ""));
    }

    private void requireLength(String field, String text) {
        if (text.length() > settings.longestPrompt()) {
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload." + field + " may have "
                    + settings.longestPrompt() + " characters but has " + text.length());
        }
    }

    /** The settings as picture tools write and read them. */
    private static Map<String, String> texts(ImageRequest request) {
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("Software", "AI Server");
        texts.put("parameters", String.format(Locale.ROOT, "%s\nNegative prompt: %s\nSteps: %d, Sampler: Euler, "
                        + "CFG scale: %s, Seed: %d, Size: %dx%d", request.prompt(), request.negativePrompt(),
                request.steps(), request.guidance(), request.seed(), request.width(), request.height()));
        return texts;
    }
}
