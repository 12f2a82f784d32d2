package aiserver.config;

import picocli.CommandLine.Mixin;

/** All options of {@code run}: the worker's own and those of each service. Commands that start or look at a worker mix them in. */
public final class RunOptions {
    @Mixin
    public WorkerOptions worker;
    @Mixin
    public SpeechOptions speech;
    @Mixin
    public LanguageOptions language;
    @Mixin
    public ImageOptions image;
}
