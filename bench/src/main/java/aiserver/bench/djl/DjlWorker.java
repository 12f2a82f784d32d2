package aiserver.bench.djl;

import aiserver.config.ImageOptions;
import aiserver.config.LanguageOptions;
import aiserver.config.SpeechOptions;
import aiserver.config.UserCache;
import aiserver.engine.EngineException;
import aiserver.job.Envelope;
import aiserver.job.ErrorCode;
import aiserver.job.ImageJob;
import aiserver.job.Job;
import aiserver.job.JobCodec;
import aiserver.job.JobException;
import aiserver.job.JobResult;
import aiserver.job.JobScope;
import aiserver.job.LanguageJob;
import aiserver.job.Reply;
import aiserver.job.SpeechJob;
import aiserver.job.TaskType;
import aiserver.service.WordTranslator;
import aiserver.service.audio.AudioDecoder;
import aiserver.service.audio.FfmpegProgram;
import aiserver.service.order.QwenLLMService;
import aiserver.service.picture.StableDiffusionImageService;
import aiserver.service.speech.WhisperSTTService;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SetArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine;

/**
 * {@code bench djl}: the worker as one would build it on DJL's PyTorch engine. The queues, the messages, the prompts, the
 * forms of answer and the results are the worker's own classes; the three engines are TorchScript modules with their
 * own loops. A thread for each queue: BRPOP, the service, SET and PUBLISH. Delivery is plain, which is less work than
 * the worker does.
 */
@Command(name = "djl", mixinStandardHelpOptions = true, sortOptions = false, description = "The DJL variant of the worker.")
public final class DjlWorker implements Callable<Integer> {
    private static final String NAME = "djl";
    private static final Duration KEPT = Duration.ofHours(1);
    private static final double POP_SECONDS = 2;

    @Option(names = "--redis-url", required = true)
    private String redisUrl;
    @Option(names = "--speech", paramLabel = "DIR", description = "TorchScript of a speech model; no speech without.")
    private Path speechFolder;
    @Option(names = "--language", paramLabel = "DIR", description = "TorchScript of a language model.")
    private Path languageFolder;
    @Option(names = "--picture", paramLabel = "DIR", description = "TorchScript of a picture model.")
    private Path pictureFolder;
    @Option(names = "--threads", required = true, description = "Of PyTorch's pool.")
    private int threads;
    @Mixin
    private SpeechOptions speech;
    @Mixin
    private LanguageOptions language;
    @Mixin
    private ImageOptions image;

    private final JobCodec codec = new JobCodec(JobCodec.Limits.DEFAULT);
    private volatile boolean stopped;

    @Override
    public Integer call() throws InterruptedException {
        Map<TaskType, Function<Job, JobResult>> services = services();
        RedisClient client = RedisClient.create(RedisURI.create(redisUrl));
        List<Thread> lanes = new ArrayList<>();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopped = true));
        services.forEach((kind, service) -> lanes.add(Thread.ofPlatform().name(NAME + "-" + kind.wireName())
                .start(() -> serve(client.connect(ByteArrayCodec.INSTANCE), kind, service))));
        for (Thread lane : lanes) {
            lane.join();
        }
        client.shutdown();
        return 0;
    }

    private Map<TaskType, Function<Job, JobResult>> services() {
        Map<TaskType, Function<Job, JobResult>> services = new EnumMap<>(TaskType.class);
        if (speechFolder != null) {
            WhisperSTTService service = new WhisperSTTService(new DjlSpeechEngine(new DjlSettings(speechFolder, threads)), null,
                    new AudioDecoder(new FfmpegProgram(speech.ffmpeg, UserCache.folder()), speech.audio()), speech.service());
            services.put(TaskType.STT, job -> service.transcribe((SpeechJob) job, JobScope.NONE));
        }
        if (languageFolder != null) {
            QwenLLMService service = new QwenLLMService(new DjlTextEngine(new DjlSettings(languageFolder, threads)), language.service());
            services.put(TaskType.LLM, job -> switch (((LanguageJob) job).operation()) {
                case ANALYZE_VOICE_ORDER -> service.analyzeVoiceOrder((LanguageJob) job, JobScope.NONE);
                case GENERATE_PERSONALIZED_RECOMMENDATION -> service.generatePersonalizedRecommendation((LanguageJob) job, JobScope.NONE);
            });
        }
        if (pictureFolder != null) {
            StableDiffusionImageService service = new StableDiffusionImageService(
                    new DjlImageEngine(new DjlSettings(pictureFolder, threads)), WordTranslator.NONE, image.service());
            services.put(TaskType.IMAGE, job -> service.generateCakeImage((ImageJob) job, JobScope.NONE));
        }
        if (services.isEmpty()) {
            throw new CommandLine.ParameterException(new CommandLine(this), "name at least one of --speech, --language, --picture");
        }
        return services;
    }

    private void serve(StatefulRedisConnection<byte[], byte[]> connection, TaskType kind, Function<Job, JobResult> service) {
        RedisCommands<byte[], byte[]> redis = connection.sync();
        while (!stopped) {
            KeyValue<byte[], byte[]> popped = redis.brpop(POP_SECONDS, kind.queue().getBytes(StandardCharsets.US_ASCII));
            if (popped == null || popped.isEmpty()) {
                continue;
            }
            Envelope envelope = codec.open(kind, popped.getValue());
            if (envelope.requestId() == null) {
                System.err.println("djl: a job without a readable request_id: " + envelope.defect());
                continue;
            }
            byte[] reply = codec.write(answered(envelope, kind, service));
            byte[] name = ("ai:result:" + envelope.requestId()).getBytes(StandardCharsets.US_ASCII);
            redis.set(name, reply, SetArgs.Builder.ex(KEPT));
            redis.publish(name, reply);
        }
        connection.close();
    }

    private Reply answered(Envelope envelope, TaskType kind, Function<Job, JobResult> service) {
        long began = System.currentTimeMillis();
        long queued = envelope.createdAt() == null ? 0 : began - envelope.createdAt();
        try {
            JobResult result = service.apply(codec.read(envelope));
            return new Reply(envelope.requestId(), kind, NAME, 1, queued, System.currentTimeMillis() - began, result, null);
        } catch (JobException e) {
            return new Reply(envelope.requestId(), kind, NAME, 1, queued, System.currentTimeMillis() - began, null, e);
        } catch (EngineException e) {
            return new Reply(envelope.requestId(), kind, NAME, 1, queued, System.currentTimeMillis() - began, null,
                    new JobException(ErrorCode.ENGINE_FAILED, e.getMessage()));
        }
    }
}
