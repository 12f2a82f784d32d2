package aiserver.bench.probe;

import aiserver.engine.ChatMessage;
import aiserver.engine.Generation;
import aiserver.engine.RunControl;
import aiserver.engine.TextEngine;
import aiserver.engine.TextRequest;
import aiserver.job.Job;
import aiserver.job.JobCodec;
import aiserver.job.JobScope;
import aiserver.job.LanguageJob;
import aiserver.job.TaskType;
import aiserver.service.order.LanguageSettings;
import aiserver.service.order.QwenLLMService;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * What the worker asks of its language engine for an order: taken from the service itself, so that every contender gets
 * the very prompt and form of answer.
 */
public final class OrderRequests {
    private OrderRequests() {
    }

    /** The request that the service makes of a job's message as a backend sends it. */
    public static TextRequest of(byte[] message, LanguageSettings settings) {
        JobCodec codec = new JobCodec(JobCodec.Limits.DEFAULT);
        Job job = codec.read(codec.open(TaskType.LLM, message));
        Listener listener = new Listener();
        try {
            new QwenLLMService(listener, settings).analyzeVoiceOrder((LanguageJob) job, JobScope.NONE);
        } catch (CancellationException e) {
            return listener.heard;
        }
        throw new IllegalStateException("the service asked the engine nothing");
    }

    /** Remembers the request and ends the run. */
    private static final class Listener implements TextEngine {
        private TextRequest heard;

        @Override
        public Generation generate(TextRequest request, RunControl control) {
            heard = request;
            throw new CancellationException();
        }

        // A text has fewer tokens than characters: nothing is shortened for a prompt that fits by this count.
        @Override
        public int countTokens(List<ChatMessage> messages) {
            return messages.stream().mapToInt(message -> message.content().length() / 2).sum();
        }

        @Override
        public int contextTokens() {
            return 1 << 16;
        }

        @Override
        public void load(RunControl control) {
            // nothing to load
        }

        @Override
        public void unload() {
            // nothing was loaded
        }

        @Override
        public boolean loaded() {
            return true;
        }

        @Override
        public String device() {
            return "none";
        }

        @Override
        public void close() {
            // nothing is held
        }
    }
}
