package aiserver.cli;

import aiserver.config.ImageOptions;
import aiserver.config.LanguageOptions;
import aiserver.config.RunOptions;
import aiserver.config.SpeechOptions;
import aiserver.config.UserCache;
import aiserver.config.WorkerOptions;
import aiserver.engine.Devices;
import aiserver.engine.DiffusionEngine;
import aiserver.engine.Engine;
import aiserver.engine.EngineException;
import aiserver.engine.GpuMemory;
import aiserver.engine.LlamaEngine;
import aiserver.engine.NativeLibraries;
import aiserver.engine.SileroVoiceDetector;
import aiserver.engine.VoiceDetector;
import aiserver.engine.WhisperEngine;
import aiserver.job.ImageJob;
import aiserver.job.Job;
import aiserver.job.JobResult;
import aiserver.job.JobScope;
import aiserver.job.LanguageJob;
import aiserver.job.SpeechJob;
import aiserver.service.WordTranslator;
import aiserver.service.audio.AudioDecoder;
import aiserver.service.audio.FfmpegProgram;
import aiserver.service.order.QwenLLMService;
import aiserver.service.order.QwenTranslator;
import aiserver.service.picture.StableDiffusionImageService;
import aiserver.service.speech.WhisperSTTService;
import aiserver.worker.Handlers;
import aiserver.worker.JobHandler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The three services with their engines, put together from the options, one handler for each lane that is asked for.
 * Nothing is loaded here. Owned by the command; closing goes in reverse order.
 */
final class Services implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Services.class);

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final List<String> devices = new ArrayList<>();
    private JobHandler<SpeechJob> speech;
    private JobHandler<LanguageJob> language;
    private JobHandler<ImageJob> image;

    private Services() {
    }

    static Services of(RunOptions options) {
        WorkerOptions worker = options.worker;
        LanguageOptions language = options.language;
        ImageOptions image = options.image;
        GpuMemory.limit(worker.gpuMemory);
        Services services = new Services();
        if (worker.tasks.contains("stt")) {
            services.speech = services.speech(worker, options.speech);
            services.devices.add(options.speech.device);
        }
        WordTranslator translator = WordTranslator.NONE;
        if (worker.tasks.contains("llm")) {
            LlamaEngine engine = services.own(new LlamaEngine(language.engine(worker.llmConcurrency)));
            QwenLLMService service = new QwenLLMService(engine, language.service());
            services.language = new ServiceHandler<>(engine, (job, scope) -> switch (job.operation()) {
                case ANALYZE_VOICE_ORDER -> service.analyzeVoiceOrder(job, scope);
                case GENERATE_PERSONALIZED_RECOMMENDATION -> service.generatePersonalizedRecommendation(job, scope);
            }, service::loadModel, service::unloadModel);
            services.devices.add(language.device);
            translator = image.translate ? new QwenTranslator(engine) : WordTranslator.NONE;
        }
        if (worker.tasks.contains("image")) {
            services.devices.add(image.device);
            DiffusionEngine engine = services.own(new DiffusionEngine(image.engine()));
            StableDiffusionImageService service = new StableDiffusionImageService(engine, translator, image.service());
            services.image = new ServiceHandler<>(engine, service::generateCakeImage, service::loadPipeline, service::unloadPipeline);
        }
        return services;
    }

    private JobHandler<SpeechJob> speech(WorkerOptions worker, SpeechOptions options) {
        WhisperEngine engine = own(new WhisperEngine(options.engine(worker.sttConcurrency)));
        VoiceDetector voice = options.vadModel == null ? null : own(new SileroVoiceDetector(options.vadModel));
        WhisperSTTService service = new WhisperSTTService(engine, voice, new AudioDecoder(
                new FfmpegProgram(options.ffmpeg, UserCache.folder()), options.audio()), options.service());
        return new ServiceHandler<>(engine, service::transcribe, service::loadModel, service::unloadModel);
    }

    Handlers handlers() {
        return new Handlers(speech, language, image);
    }

    /** The GPUs that the lanes may use; the libraries must be loaded. A lane whose device is not there says so by itself. */
    List<Devices.Device> gpus() {
        Set<Devices.Device> gpus = new LinkedHashSet<>();
        for (String setting : devices) {
            try {
                Devices.choose(setting).stream().filter(Devices.Device::gpu).forEach(gpus::add);
            } catch (EngineException e) {
                LOG.warn("{}", e.getMessage());
            }
        }
        return List.copyOf(gpus);
    }

    private <T extends AutoCloseable> T own(T part) {
        owned.push(part);
        return part;
    }

    /** Closes all parts, those after one that fails as well; the first failure is thrown with the others in it. */
    @Override
    public void close() {
        IllegalStateException failure = null;
        for (AutoCloseable part : owned) {
            try {
                part.close();
            } catch (Exception e) {
                IllegalStateException failed = new IllegalStateException(part.getClass().getSimpleName() + " cannot be closed", e);
                if (failure == null) {
                    failure = failed;
                } else {
                    failure.addSuppressed(failed);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** A service as its lane sees it. */
    private record ServiceHandler<J extends Job>(Engine engine, BiFunction<J, JobScope, JobResult> work,
                                                 Consumer<JobScope> loader, Runnable unloader) implements JobHandler<J> {
        @Override
        public JobResult handle(J job, JobScope scope) {
            return work.apply(job, scope);
        }

        @Override
        public void load(JobScope scope) {
            loader.accept(scope);
        }

        @Override
        public void unload() {
            unloader.run();
        }

        @Override
        public void rest() {
            NativeLibraries.trimMemory();
        }

        @Override
        public boolean loaded() {
            return engine.loaded();
        }
    }
}
