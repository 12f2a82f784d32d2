package aiserver.engine;

import bindings.guard.ag_sd_progress;
import bindings.guard.guard_h;
import bindings.stablediffusion.sd_cache_params_t;
import bindings.stablediffusion.sd_ctx_params_t;
import bindings.stablediffusion.sd_guidance_params_t;
import bindings.stablediffusion.sd_image_t;
import bindings.stablediffusion.sd_img_gen_params_t;
import bindings.stablediffusion.sd_sample_params_t;
import bindings.stablediffusion.sd_tiling_params_t;
import bindings.stablediffusion.stable_diffusion_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;

/**
 * stable-diffusion.cpp with one model. Native work runs on one thread of the engine's own; as the library's callbacks
 * are global to the process, loads and runs of all such engines take turns. What the library would die of is checked
 * before each call: the files at each load, the size and the prompt at each run. A run that the guard had to catch, or
 * that failed in the library, unloads the model. Made and closed by the worker; any thread may call.
 */
public final class DiffusionEngine implements ImageEngine {
    private static final ReentrantLock PROCESS = new ReentrantLock(true);
    private static final int LONGEST_PROMPT = 4000;
    private static final int RGB = 3;
    /** A picture can wait, whoever speaks cannot: of two threads that want one processor, a picture's gets a tenth. */
    private static final int NICE = 10;
    /** Share of a run that is over when sampling is; what is left is the decoding. */
    private static final double SAMPLED = 0.95;

    private final DiffusionSettings settings;
    private final EngineThread thread = new EngineThread("image-engine", 1);
    // The three below: changed on the engine's thread, read on any.
    private volatile NativeHandle context;
    private volatile DiffusionFileCheck model;
    private volatile String device;
    /** Set by whoever closes, before the model is freed: what still waits for the thread then loads nothing any more. */
    private volatile boolean closed;
    private ClipTokens tokens;

    public DiffusionEngine(DiffusionSettings settings) {
        this.settings = Objects.requireNonNull(settings, "settings");
        this.device = settings.device();
    }

    @Override
    public void load(RunControl control) {
        if (context == null || closed) {
            onThread(() -> {
                loadHere(control);
                return null;
            });
        }
    }

    @Override
    public Picture generate(ImageRequest request, RunControl control) {
        requireFits("prompt", request.prompt());
        requireFits("negative prompt", request.negativePrompt());
        return onThread(() -> {
            loadHere(control);
            model.requireSize(request.width(), request.height());
            stopIfCancelled(control);
            return generateHere(request, control);
        });
    }

    @Override
    public synchronized int countTokens(String text) {
        requireOpen();
        if (tokens == null) {
            NativeLibraries.load();
            tokens = ClipTokens.ofEngine();
        }
        return tokens.count(text);
    }

    @Override
    public void unload() {
        if (context != null && !closed) {
            onThread(() -> {
                unloadHere();
                return null;
            });
        }
    }

    @Override
    public boolean loaded() {
        return context != null;
    }

    @Override
    public String device() {
        return device;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        inTurn(() -> {
            unloadHere();
            return null;
        });
        thread.close();
    }

    /** The library reads behind its tokens where a prompt is longer than its window; regular expressions take stack. */
    private void requireFits(String what, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new EngineException(EngineException.Kind.INVALID_INPUT, what + " has a zero character at " + text.indexOf('\0'));
        }
        int count = text.length() > LONGEST_PROMPT ? text.length() : countTokens(text);
        if (count > PROMPT_TOKENS) {
            throw new EngineException(EngineException.Kind.CONTEXT_TOO_LONG, what + " has " + count
                    + (text.length() > LONGEST_PROMPT ? " characters" : " tokens") + ", the text encoder takes " + PROMPT_TOKENS);
        }
    }

    private <T> T onThread(Callable<T> work) {
        requireOpen();
        return inTurn(work);
    }

    private <T> T inTurn(Callable<T> work) {
        return thread.call(() -> {
            PROCESS.lock();
            try {
                return work.call();
            } finally {
                PROCESS.unlock();
            }
        });
    }

    private void requireOpen() {
        if (closed) {
            throw EngineException.closed("image engine");
        }
    }

    private static void stopIfCancelled(RunControl control) {
        if (control.cancelled()) {
            throw new EngineException(EngineException.Kind.CANCELLED, "picture cancelled");
        }
    }

    private void loadHere(RunControl control) {
        requireOpen();
        if (context != null) {
            return;
        }
        stopIfCancelled(control);
        NativeLibraries.load();
        guard_h.ag_give_way(NICE);
        DiffusionFileCheck checked = DiffusionFileCheck.of(settings);
        Placement placement = Placement.chooseOne(settings.device(), () -> MemoryNeed.picture(settings));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = guard_h.ag_sd_new(contextParams(arena, placement, checked.combined()));
            if (made.equals(MemorySegment.NULL)) {
                throw Guard.failure("the picture model " + settings.diffusionModel().file() + " cannot be loaded",
                        EngineException.Kind.MODEL_NOT_AVAILABLE);
            }
            context = new NativeHandle("picture model", made, guard_h::ag_sd_free);
            model = checked;
            device = placement.device();
        }
        // Who asked for it may be gone by now; the model stays for the next.
        stopIfCancelled(control);
        control.progress(1);
    }

    private void unloadHere() {
        NativeHandle loaded = context;
        if (loaded != null) {
            context = null;
            model = null;
            loaded.close();
            guard_h.ag_trim_memory();
        }
    }

    private MemorySegment contextParams(Arena arena, Placement placement, boolean combined) {
        MemorySegment params = sd_ctx_params_t.allocate(arena);
        stable_diffusion_h.sd_ctx_params_init(params);
        if (combined) {
            sd_ctx_params_t.model_path(params, path(arena, settings.diffusionModel()));
        } else {
            sd_ctx_params_t.diffusion_model_path(params, path(arena, settings.diffusionModel()));
        }
        sd_ctx_params_t.clip_l_path(params, path(arena, settings.clipL()));
        sd_ctx_params_t.clip_g_path(params, path(arena, settings.clipG()));
        sd_ctx_params_t.t5xxl_path(params, path(arena, settings.t5()));
        sd_ctx_params_t.vae_path(params, path(arena, settings.vae()));
        sd_ctx_params_t.taesd_path(params, path(arena, settings.taesd()));
        sd_ctx_params_t.tensor_type_rules(params, arena.allocateFrom(settings.weightTypeRules()));
        sd_ctx_params_t.backend(params, arena.allocateFrom(placement.device() + (placement.encodersAway() ? ",te=CPU" : "")));
        if (settings.threads() > 0) {
            sd_ctx_params_t.n_threads(params, settings.threads());
        }
        // torch's generator on the CPU: a seed gives the starting noise that diffusers gives, on every device.
        sd_ctx_params_t.rng_type(params, stable_diffusion_h.CPU_RNG());
        sd_ctx_params_t.diffusion_flash_attn(params, settings.flashAttention());
        sd_ctx_params_t.diffusion_conv_direct(params, settings.convDirect());
        sd_ctx_params_t.vae_conv_direct(params, settings.convDirect());
        // A GPU holds the weights itself: mapped pages of the file would only be in the way.
        sd_ctx_params_t.enable_mmap(params, settings.memoryMapped() && !placement.onGpu());
        return params;
    }

    private static MemorySegment path(Arena arena, DiffusionSettings.Part part) {
        return part == null ? MemorySegment.NULL : arena.allocateFrom(part.file().toString());
    }

    private Picture generateHere(ImageRequest request, RunControl control) {
        StopCallback stop = new StopCallback(control);
        try (Arena arena = Arena.ofConfined(); NativeHandle.Use use = context.use()) {
            MemorySegment progress = ag_sd_progress.allocate((step, steps, seconds, user) -> tell(control, step, steps), arena);
            MemorySegment image = guard_h.ag_sd_generate(use.address(), pictureParams(arena, request), stop.pointer(arena),
                    progress, MemorySegment.NULL);
            if (!image.equals(MemorySegment.NULL)) {
                try {
                    return picture(request, image);
                } finally {
                    guard_h.ag_sd_free_image(image);
                }
            }
            boolean caught = Guard.caught();
            boolean stopped = guard_h.ag_sd_stopped() || stop.stopped();
            EngineException failure = stopped && !caught
                    ? new EngineException(EngineException.Kind.CANCELLED, "picture cancelled")
                    : Guard.failure("the picture could not be drawn");
            if (failure.kind() != EngineException.Kind.CANCELLED) {
                // Nobody knows what state the library is in: the next run starts with the files again.
                use.close();
                unloadHere();
            }
            throw failure;
        }
    }

    /** Called from native code, which an exception must not reach. */
    private static void tell(RunControl control, int step, int steps) {
        try {
            control.progress(SAMPLED * Math.clamp(step, 0, steps) / Math.max(1, steps));
        } catch (Throwable t) {
            // The run goes on without progress; whoever wants it ended says so through cancelled().
        }
    }

    private MemorySegment pictureParams(Arena arena, ImageRequest request) {
        MemorySegment params = sd_img_gen_params_t.allocate(arena);
        stable_diffusion_h.sd_img_gen_params_init(params);
        sd_img_gen_params_t.prompt(params, arena.allocateFrom(request.prompt()));
        sd_img_gen_params_t.negative_prompt(params, arena.allocateFrom(request.negativePrompt()));
        sd_img_gen_params_t.width(params, request.width());
        sd_img_gen_params_t.height(params, request.height());
        sd_img_gen_params_t.seed(params, request.seed());
        sd_img_gen_params_t.batch_count(params, 1);
        MemorySegment sampling = sd_img_gen_params_t.sample_params(params);
        sd_sample_params_t.sample_steps(sampling, request.steps());
        // Euler over the model's flow: what SD3.5 is published with; the schedule and its shift are the library's for it.
        sd_sample_params_t.sample_method(sampling, stable_diffusion_h.EULER_SAMPLE_METHOD());
        sd_guidance_params_t.txt_cfg(sd_sample_params_t.guidance(sampling), (float) request.guidance());
        sd_tiling_params_t.enabled(sd_img_gen_params_t.vae_tiling_params(params), settings.vaeTiling());
        sd_cache_params_t.mode(sd_img_gen_params_t.cache(params), cacheMode());
        return params;
    }

    private int cacheMode() {
        return switch (settings.stepCache()) {
            case NONE -> stable_diffusion_h.SD_CACHE_DISABLED();
            case EASYCACHE -> stable_diffusion_h.SD_CACHE_EASYCACHE();
            case DBCACHE -> stable_diffusion_h.SD_CACHE_DBCACHE();
            case TAYLORSEER -> stable_diffusion_h.SD_CACHE_TAYLORSEER();
            case CACHE_DIT -> stable_diffusion_h.SD_CACHE_CACHE_DIT();
            case SPECTRUM -> stable_diffusion_h.SD_CACHE_SPECTRUM();
        };
    }

    private static Picture picture(ImageRequest request, MemorySegment result) {
        MemorySegment image = result.reinterpret(sd_image_t.sizeof());
        int width = sd_image_t.width(image);
        int height = sd_image_t.height(image);
        int channels = sd_image_t.channel(image);
        MemorySegment pixels = sd_image_t.data(image);
        if (width != request.width() || height != request.height() || channels != RGB || pixels.equals(MemorySegment.NULL)) {
            throw new EngineException(EngineException.Kind.ENGINE_FAILED, "the engine drew " + width + "x" + height + " with "
                    + channels + " channels, not " + request.width() + "x" + request.height());
        }
        return new Picture(width, height, pixels.reinterpret((long) RGB * width * height).toArray(ValueLayout.JAVA_BYTE));
    }
}
