/*
 * The limit: loops over the engines in C, without the guard, Java or Redis between. What the worker's own loops are
 * held against, and how much memory the same models take without a JVM. Compiled by run.sh against native/dist.
 *
 *   limit decode   MODEL THREADS PROMPT_TOKENS TOKENS    tokens one after the other, greedy
 *   limit batch    MODEL THREADS PROMPT_TOKENS TOKENS SEQUENCES    the same for many sequences in one batch
 *   limit prefill  MODEL THREADS TOKENS                  one prompt
 *   limit whisper  MODEL THREADS POSITIONS SECONDS       encode a window, then decode tokens
 *   limit picture  MODEL TAESD CLIP_L THREADS SIDE STEPS a picture and the time of a step
 *   limit hold     THREADS SIDE STEPS LLM STT SD TAESD CLIP_L    load all three, use each
 *   limit quantize IN OUT TYPE                           a GGUF model in another type (q4_k_m, q4_0, q8_0)
 *
 * Each but the last writes "ready" when its model is loaded, then runs once for each line on standard input and answers
 * with a line of JSON; it ends with its input. Backends are loaded from LIMIT_BACKENDS. On the CPU, or the device that
 * LIMIT_DEVICE names as ggml does (CUDA0); LIMIT_FLASH_ATTENTION (0: none), LIMIT_T5 (a file) and LIMIT_TYPES (the engine's rules for
 * the types of weights) are for pictures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ggml-backend.h"
#include "llama.h"
#include "stable-diffusion.h"
#include "whisper.h"

enum { BATCH = 512 };

static void die(const char * what) {
    fprintf(stderr, "limit: %s\n", what);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void quiet(enum ggml_log_level level, const char * text, void * user) {
    (void) user;
    if (level == GGML_LOG_LEVEL_ERROR) {
        fputs(text, stderr);
    }
}

static void quiet_sd(enum sd_log_level_t level, const char * text, void * user) {
    (void) user;
    if (level == SD_LOG_ERROR) {
        fputs(text, stderr);
    }
}

/* The GPU to run on, or NULL: the CPU. */
static ggml_backend_dev_t gpu(void) {
    const char * name = getenv("LIMIT_DEVICE");
    if (!name || strcmp(name, "CPU") == 0) {
        return NULL;
    }
    ggml_backend_dev_t device = ggml_backend_dev_by_name(name);
    if (!device) {
        die("there is no such device as LIMIT_DEVICE says");
    }
    return device;
}

/* The end of a line of JSON: what the process and, all processes together, the GPU hold. */
static void end_line(void) {
    long pages = 0;
    FILE * file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%*d %ld", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    printf(", \"rss_mb\": %ld", pages * 4 / 1024);
    if (gpu()) {
        size_t unused, total;
        ggml_backend_dev_memory(gpu(), &unused, &total);
        printf(", \"gpu_mb\": %zu", (total - unused) >> 20);
    }
    puts("}");
    fflush(stdout);
}

static int number(const char * text, const char * what) {
    char * end;
    long value = strtol(text, &end, 10);
    if (*end || value < 1 || value > 1 << 20) {
        fprintf(stderr, "limit: %s must be 1 or more but is '%s'\n", what, text);
        exit(2);
    }
    return (int) value;
}

/* Says that it is ready, then true for each line of input. */
static bool asked(void) {
    static bool told = false;
    char line[256];
    if (!told) {
        told = true;
        puts("ready");
        fflush(stdout);
    }
    return fgets(line, sizeof line, stdin) != NULL;
}

/* ---- language --------------------------------------------------------------------------------------------------- */

static struct llama_model * language_model(const char * path) {
    struct llama_model_params params = llama_model_default_params();
    static ggml_backend_dev_t devices[2]; /* ends with NULL; empty: the CPU alone */
    devices[0] = gpu();
    params.devices = devices;
    params.n_gpu_layers = gpu() ? -1 : 0;
    params.split_mode = LLAMA_SPLIT_MODE_NONE;
    struct llama_model * model = llama_model_load_from_file(path, params);
    if (!model) {
        die("the language model cannot be loaded");
    }
    return model;
}

static struct llama_context * language_context(struct llama_model * model, int threads, int cells, int sequences) {
    struct llama_context_params params = llama_context_default_params();
    params.n_ctx = cells;
    params.n_batch = BATCH;
    params.n_ubatch = BATCH;
    params.n_seq_max = sequences;
    params.kv_unified = true;
    /* as the worker has it: see LlamaContext.java */
    params.flash_attn_type = gpu() || strstr(llama_print_system_info(), "AVX512 = 1") ? LLAMA_FLASH_ATTN_TYPE_AUTO : LLAMA_FLASH_ATTN_TYPE_DISABLED;
    /* keys and values, too */
    char heads[16] = "";
    llama_model_meta_val_str(model, "qwen3.attention.key_length", heads, sizeof heads);
    if (gpu() == NULL && strstr(llama_print_system_info(), "AVX512_VNNI = 1") && atoi(heads) > 0 && atoi(heads) % 64 == 0) {
        params.type_k = params.type_v = GGML_TYPE_Q8_0;
    }
    params.n_threads = threads;
    params.n_threads_batch = threads;
    params.no_perf = true;
    struct llama_context * context = llama_init_from_model(model, params);
    if (!context) {
        die("no room for the language model's context");
    }
    /* of the logits only the likeliest are looked at, as by the worker: see ag_llama_want in guard.h */
    void (* want)(int32_t, const int32_t *, int32_t) =
            (void (*)(int32_t, const int32_t *, int32_t)) ggml_backend_reg_get_proc_address(ggml_backend_reg_by_name("CPU"), "ag_want");
    if (want) {
        want(8, NULL, 0);
    }
    return context;
}

/* The plainest loop there is: decode, take the likeliest, decode. Returns the token after the last. */
static llama_token likeliest_at(struct llama_context * context, int index, int vocabulary) {
    const float * logits = llama_get_logits_ith(context, index);
    int best = 0;
    for (int i = 1; i < vocabulary; i++) {
        if (logits[i] > logits[best]) {
            best = i;
        }
    }
    return best;
}

static llama_token likeliest(struct llama_context * context, int vocabulary) {
    return likeliest_at(context, -1, vocabulary);
}

static void feed(struct llama_context * context, llama_token * tokens, int count) {
    for (int at = 0, size; at < count; at += size) {
        size = count - at < BATCH ? count - at : BATCH;
        if (llama_decode(context, llama_batch_get_one(tokens + at, size)) != 0) {
            die("a batch failed");
        }
    }
}

static llama_token * prompt_of(int count) {
    llama_token * tokens = malloc(sizeof(llama_token) * count);
    for (int i = 0; i < count; i++) {
        tokens[i] = (i * 37 + 11) % 256;
    }
    return tokens;
}

static void decode(const char * path, int threads, int prompt, int count) {
    struct llama_model * model = language_model(path);
    int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    /* half as many cells again, as the worker has for beginnings that it keeps: values of a head lie that far apart */
    struct llama_context * context = language_context(model, threads, (prompt + count + 64) * 3 / 2, 1);
    llama_token * tokens = prompt_of(prompt);
    while (asked()) {
        llama_memory_clear(llama_get_memory(context), true);
        feed(context, tokens, prompt);
        llama_token token = likeliest(context, vocabulary);
        double began = now();
        for (int i = 0; i < count; i++) {
            feed(context, &token, 1);
            token = likeliest(context, vocabulary);
        }
        printf("{\"seconds\": %.6f, \"tokens\": %d}\n", now() - began, count);
        fflush(stdout);
    }
}

/* Prompts one after the other, which is not timed; then a token of each sequence in every batch. */
static void batch(const char * path, int threads, int prompt, int count, int sequences) {
    struct llama_model * model = language_model(path);
    int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    struct llama_context * context = language_context(model, threads, (prompt + count + 8) * sequences, sequences);
    llama_token * tokens = prompt_of(prompt + sequences);
    struct llama_batch all = llama_batch_init(prompt > sequences ? prompt : sequences, 0, 1);
    llama_token * next = malloc(sizeof(llama_token) * sequences);
    while (asked()) {
        llama_memory_clear(llama_get_memory(context), true);
        for (int s = 0; s < sequences; s++) {
            all.n_tokens = prompt;
            for (int i = 0; i < prompt; i++) {
                all.token[i] = tokens[i + s];
                all.pos[i] = i;
                all.n_seq_id[i] = 1;
                all.seq_id[i][0] = s;
                all.logits[i] = i == prompt - 1;
            }
            if (llama_decode(context, all) != 0) {
                die("a batch failed");
            }
            next[s] = likeliest(context, vocabulary);
        }
        double began = now();
        for (int step = 0; step < count; step++) {
            all.n_tokens = sequences;
            for (int s = 0; s < sequences; s++) {
                all.token[s] = next[s];
                all.pos[s] = prompt + step;
                all.n_seq_id[s] = 1;
                all.seq_id[s][0] = s;
                all.logits[s] = true;
            }
            if (llama_decode(context, all) != 0) {
                die("a batch failed");
            }
            for (int s = 0; s < sequences; s++) {
                next[s] = likeliest_at(context, s, vocabulary);
            }
        }
        printf("{\"seconds\": %.6f, \"tokens\": %d", now() - began, count * sequences);
        end_line();
    }
}

static void prefill(const char * path, int threads, int count) {
    struct llama_model * model = language_model(path);
    struct llama_context * context = language_context(model, threads, count + 64, 1);
    llama_token * tokens = prompt_of(count);
    while (asked()) {
        llama_memory_clear(llama_get_memory(context), true);
        double began = now();
        feed(context, tokens, count);
        llama_synchronize(context);
        printf("{\"seconds\": %.6f, \"tokens\": %d", now() - began, count);
        end_line();
    }
}

static void quantize(const char * in, const char * out, const char * type) {
    struct llama_model_quantize_params params = llama_model_quantize_default_params();
    params.allow_requantize = true;
    params.ftype = strcmp(type, "q4_k_m") == 0 ? LLAMA_FTYPE_MOSTLY_Q4_K_M
            : strcmp(type, "q4_0") == 0 ? LLAMA_FTYPE_MOSTLY_Q4_0
            : strcmp(type, "q8_0") == 0 ? LLAMA_FTYPE_MOSTLY_Q8_0 : (die("TYPE must be q4_k_m, q4_0 or q8_0"), 0);
    if (llama_model_quantize(in, out, &params) != 0) {
        die("the model cannot be quantized");
    }
}

/* ---- speech ----------------------------------------------------------------------------------------------------- */

static struct whisper_context * speech_model(const char * path) {
    struct whisper_context_params params = whisper_context_default_params();
    params.use_gpu = gpu() != NULL;
    for (size_t i = 0; gpu() && ggml_backend_dev_get(i) != gpu(); i++) {
        enum ggml_backend_dev_type type = ggml_backend_dev_type(ggml_backend_dev_get(i));
        params.gpu_device += type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
    }
    params.flash_attn = true;
    struct whisper_context * context = whisper_init_from_file_with_params(path, params);
    if (!context) {
        die("the speech model cannot be loaded");
    }
    return context;
}

/* As many tokens as the text has, by the library's own loop, which is what the worker drives, too. */
static void hear(struct whisper_context * context, const float * samples, int count, int threads, int positions) {
    struct whisper_full_params params = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
    params.n_threads = threads;
    params.audio_ctx = positions < 1500 ? positions : 0;
    params.language = "ko";
    params.no_context = true;
    params.print_progress = false;
    params.temperature_inc = 0;
    if (whisper_full(context, params, samples, count) != 0) {
        die("the window cannot be transcribed");
    }
}

static float * tone(int count, int phase) {
    float * samples = malloc(sizeof(float) * count);
    for (int i = 0; i < count; i++) {
        samples[i] = 0.1f * sinf(i * 0.05f + phase) * sinf(i * 0.0007f);
    }
    return samples;
}

static void whisper(const char * path, int threads, int positions, int seconds) {
    struct whisper_context * context = speech_model(path);
    int count = seconds * WHISPER_SAMPLE_RATE;
    for (int run = 0; asked(); run++) {
        float * samples = tone(count, run); /* a window that is still encoded would not be encoded again */
        whisper_reset_timings(context);
        double began = now();
        hear(context, samples, count, threads, positions);
        double took = now() - began;
        free(samples);
        struct whisper_timings * timings = whisper_get_timings(context);
        int tokens = 0;
        for (int i = 0; i < whisper_full_n_segments(context); i++) {
            tokens += whisper_full_n_tokens(context, i);
        }
        printf("{\"seconds\": %.6f, \"encode_ms\": %.3f, \"decode_ms\": %.3f, \"tokens\": %d", took,
               timings->encode_ms, timings->decode_ms, tokens);
        end_line();
    }
}

/* ---- pictures --------------------------------------------------------------------------------------------------- */

static double first_step, last_step;

static void step_done(int step, int steps, float seconds, void * user) {
    (void) seconds;
    int wanted = *(int *) user;
    if (steps != wanted) {
        return; /* weights or tiles */
    }
    if (step == 1) {
        first_step = now();
    }
    if (step == steps) {
        last_step = now();
    }
}

static sd_ctx_t * picture_model(const char * model, const char * taesd, const char * clip_l, int threads) {
    sd_ctx_params_t params;
    sd_ctx_params_init(&params);
    params.diffusion_model_path = model;
    params.taesd_path = taesd;
    params.clip_l_path = clip_l;
    params.n_threads = threads;
    params.enable_mmap = gpu() == NULL;
    params.backend = gpu() ? ggml_backend_dev_name(gpu()) : "CPU";
    params.diffusion_flash_attn = getenv("LIMIT_FLASH_ATTENTION") == NULL || strcmp(getenv("LIMIT_FLASH_ATTENTION"), "0") != 0;
    if (getenv("LIMIT_T5")) {
        params.t5xxl_path = getenv("LIMIT_T5");
    }
    if (getenv("LIMIT_TYPES")) {
        params.tensor_type_rules = getenv("LIMIT_TYPES");
    }
    sd_ctx_t * context = new_sd_ctx(&params);
    if (!context) {
        die("the picture model cannot be loaded");
    }
    return context;
}

static void draw(sd_ctx_t * context, int side, int steps) {
    sd_img_gen_params_t params;
    sd_img_gen_params_init(&params);
    params.prompt = "A beautiful chocolate cake with fresh strawberries";
    params.negative_prompt = "blurry";
    params.width = side;
    params.height = side;
    params.seed = 7;
    params.batch_count = 1;
    params.sample_params.sample_steps = steps;
    params.sample_params.sample_method = EULER_SAMPLE_METHOD;
    params.sample_params.guidance.txt_cfg = 4.5f;
    sd_set_progress_callback(step_done, &steps);
    sd_image_t * image = generate_image(context, &params);
    if (!image || !image[0].data) {
        die("the picture cannot be drawn");
    }
    free(image[0].data);
    free(image);
}

static void picture(const char * model, const char * taesd, const char * clip_l, int threads, int side, int steps) {
    sd_ctx_t * context = picture_model(model, taesd, clip_l, threads);
    while (asked()) {
        double began = now();
        draw(context, side, steps);
        double seconds = now() - began;
        printf("{\"seconds\": %.6f, \"step_seconds\": %.6f", seconds,
               steps > 1 ? (last_step - first_step) / (steps - 1) : seconds);
        end_line();
    }
}

/* Loads all three and uses each once, since memory is taken at first use. */
static void hold(char ** files, int threads, int side, int steps) {
    struct llama_context * context = language_context(language_model(files[0]), threads, 4096 * 4 + 2048, 7);
    llama_token * tokens = prompt_of(512);
    feed(context, tokens, 512);
    struct whisper_context * speech = speech_model(files[1]);
    sd_ctx_t * pictures = picture_model(files[2], files[3], files[4], threads);
    int count = 4 * WHISPER_SAMPLE_RATE;
    float * samples = tone(count, 0);
    while (asked()) {
        hear(speech, samples, count, threads, 336);
        draw(pictures, side, steps);
        puts("{\"used\": 3}");
        fflush(stdout);
    }
}

int main(int argc, char ** argv) {
    const char * backends = getenv("LIMIT_BACKENDS");
    if (argc < 2 || !backends) {
        die("usage: LIMIT_BACKENDS=FOLDER limit decode|batch|prefill|whisper|picture|hold|quantize ...");
    }
    llama_log_set(quiet, NULL);
    whisper_log_set(quiet, NULL);
    sd_set_log_callback(quiet_sd, NULL);
    ggml_backend_load_all_from_path(backends);
    const char * kind = argv[1];
    if (strcmp(kind, "decode") == 0 && argc == 6) {
        decode(argv[2], number(argv[3], "THREADS"), number(argv[4], "PROMPT_TOKENS"), number(argv[5], "TOKENS"));
    } else if (strcmp(kind, "batch") == 0 && argc == 7) {
        batch(argv[2], number(argv[3], "THREADS"), number(argv[4], "PROMPT_TOKENS"), number(argv[5], "TOKENS"),
              number(argv[6], "SEQUENCES"));
    } else if (strcmp(kind, "prefill") == 0 && argc == 5) {
        prefill(argv[2], number(argv[3], "THREADS"), number(argv[4], "TOKENS"));
    } else if (strcmp(kind, "whisper") == 0 && argc == 6) {
        whisper(argv[2], number(argv[3], "THREADS"), number(argv[4], "POSITIONS"), number(argv[5], "SECONDS"));
    } else if (strcmp(kind, "picture") == 0 && argc == 8) {
        picture(argv[2], argv[3], argv[4], number(argv[5], "THREADS"), number(argv[6], "SIDE"), number(argv[7], "STEPS"));
    } else if (strcmp(kind, "hold") == 0 && argc == 10) {
        hold(argv + 5, number(argv[2], "THREADS"), number(argv[3], "SIDE"), number(argv[4], "STEPS"));
    } else if (strcmp(kind, "quantize") == 0 && argc == 5) {
        quantize(argv[2], argv[3], argv[4]);
    } else {
        die("wrong use; the head of limit.c says how");
    }
    return 0;
}
