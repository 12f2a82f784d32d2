package aiserver.cli;

import aiserver.config.RunOptions;
import aiserver.console.GpuMetrics;
import aiserver.console.HealthServer;
import aiserver.engine.EngineException;
import aiserver.engine.GpuMemory;
import aiserver.engine.NativeLibraries;
import aiserver.redis.EmbeddedRedis;
import aiserver.redis.LettuceRedisClient;
import aiserver.redis.RedisClient;
import aiserver.worker.AIWorker;
import aiserver.worker.ProcessWatcher;
import aiserver.worker.StopSignals;
import aiserver.worker.WorkerSettings;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ai-server run}: the worker. By default this process only watches: the worker is a child, started again when an
 * engine takes it down. With {@code --no-watch} (under systemd, in a container) it is this process.
 */
@Command(name = "run", mixinStandardHelpOptions = true, sortOptions = false, abbreviateSynopsis = true,
        description = "Serves the queues until it is told to stop (SIGTERM, SIGINT; SIGTSTP: take no new jobs).")
public final class RunCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);
    /** A worker that lives so long after a crash loop calls itself ready again. */
    private static final Duration PROBATION = Duration.ofMinutes(1);

    @Spec
    private CommandSpec spec;
    @Mixin
    private RunOptions options;

    @Option(names = "--no-watch", fallbackValue = "true",
            description = "Work in this process, for where something else starts it again (systemd, Kubernetes).")
    private boolean noWatch;

    @Option(names = "--worker-id", hidden = true)
    private String workerId;
    @Option(names = "--predecessors", hidden = true, split = ",")
    private List<String> predecessors = List.of();
    @Option(names = "--restarts", hidden = true, defaultValue = "0")
    private int restarts;
    @Option(names = "--crash-loop", hidden = true)
    private boolean crashLoop;

    @Override
    public Integer call() throws Exception {
        // A wrong option ends it here, before anything is started.
        options.worker.settings(workerId != null ? workerId : WorkerSettings.newWorkerId(options.worker.name), predecessors, restarts);
        GpuMemory.limit(options.worker.gpuMemory);
        Models.chosen(options);
        try (EmbeddedRedis own = options.worker.redisUrl == null ? EmbeddedRedis.start() : null) {
            String url = own == null ? options.worker.redisUrl : own.uri();
            if (own != null) {
                LOG.info("no REDIS_URL: a redis-server of our own at {}", url);
            }
            return worksHere(noWatch, workerId, System.getenv()) ? work(url) : watch(url);
        }
    }

    // The launcher knows neither profiles nor every way to say true. Where it took this process for a watcher, the heap is one
    // for watching, too small to work in: then the worker is a child all the same.
    static boolean worksHere(boolean noWatch, String workerId, Map<String, String> environment) {
        return workerId != null || noWatch && !environment.containsKey(ChildProcess.FLAGS_VARIABLE);
    }

    private int watch(String redisUrl) throws IOException {
        ProcessWatcher watcher = new ProcessWatcher(ProcessWatcher.Settings.of(options.worker.name, options.worker.crashFolder), launch -> {
            List<String> command = new ArrayList<>(ChildProcess.java(launch.errorFile()));
            command.addAll(spec.commandLine().getParseResult().originalArgs());
            command.add("--worker-id=" + launch.workerId());
            command.add("--restarts=" + launch.restarts());
            if (!launch.predecessors().isEmpty()) {
                command.add("--predecessors=" + String.join(",", launch.predecessors()));
            }
            if (launch.crashLoop()) {
                command.add("--crash-loop");
            }
            ProcessBuilder builder = new ProcessBuilder(command);
            // By environment, not by argument: it may hold a password, and arguments are everybody's to read.
            builder.environment().put("AISERVER_REDIS_URL", redisUrl);
            return builder;
        });
        watcher.installSignals();
        return watcher.run();
    }

    private int work(String redisUrl) throws IOException {
        WorkerSettings settings = options.worker.settings(workerId != null ? workerId : WorkerSettings.newWorkerId(options.worker.name),
                predecessors, restarts);
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (RedisClient redis = new LettuceRedisClient(redisUrl, options.worker.redisTimeout, options.worker.redisCa);
                Services services = Services.of(options)) {
            showGpus(services, registry);
            AIWorker server = new AIWorker(settings, redis, services.handlers(), registry, Runtime.getRuntime()::halt);
            try (HealthServer health = options.worker.httpPort == 0 ? null
                    : new HealthServer(options.worker.httpPort, registry, server::status, crashLoop ? PROBATION : Duration.ZERO)) {
                StopSignals.install(server, workerId != null);
                server.start();
                boolean idle = server.awaitStop();
                if (!idle || server.exitStatus() != 0) {
                    // An engine may still be inside a job that was given back; closing it would wait for it.
                    Runtime.getRuntime().halt(server.exitStatus());
                }
            }
        }
        return 0;
    }

    // The libraries are loaded here, so that a GPU that cannot be used is said at the start and not with the first job;
    // but not where there is nothing to find.
    private static void showGpus(Services services, PrometheusMeterRegistry registry) {
        if (NativeLibraries.withoutGpu()) {
            return;
        }
        try {
            NativeLibraries.load();
            GpuMetrics.show(registry, services.gpus());
        } catch (EngineException e) {
            LOG.warn("{}; no model can be loaded", e.getMessage());
        }
    }
}
