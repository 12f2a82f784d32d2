/*
 * The guard: every engine call that can throw or assert, with a net under it.
 *
 * The engines are C++ libraries that answer a damaged file or a bad argument by an exception or by ggml_abort(),
 * either of which would end the Java process. Each ag_* call below runs one engine call inside try/catch, while
 * ggml's abort callback throws on threads that are inside such a call. A call that failed that way returns the value
 * named beside it, and ag_failure() and ag_words() tell this thread what happened. What a caught failure leaks is
 * unknown: free the model and load it again.
 *
 * What the guard cannot catch: signals (SIGSEGV), the kernel's OOM killer, and aborts on worker threads of an engine.
 *
 * All structs pass by pointer, so that this header stands alone. Strings are UTF-8 and end with a zero byte.
 */
#ifndef AISERVER_GUARD_H
#define AISERVER_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define AG_API __attribute__((visibility("default")))
#else
#define AG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct llama_model;
struct llama_context;
struct llama_vocab;
struct llama_sampler;
struct whisper_context;
struct whisper_state;
struct whisper_vad_context;
struct whisper_vad_segments;
struct ag_sd_context;

/* What became of this thread's last ag_* call. */
enum ag_failure {
    AG_OK            = 0,
    AG_EXCEPTION     = 1, /* a C++ exception */
    AG_ABORT         = 2, /* a failed assertion or GGML_ABORT */
    AG_OUT_OF_MEMORY = 3  /* std::bad_alloc */
};

/* The result of int32_t calls that were caught: never a result of an engine. */
#define AG_CAUGHT (-2147483647 - 1)

/* ---- the process ---------------------------------------------------------------------------------------------- */

/*
 * Call once, before any engine call: takes over logging and abort, and loads the backend plugins in
 * the folder. Returns NULL, or a sentence that says what is wrong (static storage).
 */
AG_API const char * ag_init(const char * backend_folder);

/* Of this thread's last ag_* call: enum ag_failure. */
AG_API int32_t ag_failure(void);
/* Of this thread's last ag_* call: the failure's text, then the warnings and errors that the engine logged during it,
 * a line each; empty if there were none. Valid until this thread's next ag_* call. */
AG_API const char * ag_words(void);

/*
 * Moves log lines of all engines to the buffer, each as a level digit (1 debug, 2 info, 3 warning, 4 error), the text
 * and a line feed; waits up to wait_ms for the first. Returns the bytes written. Lines over capacity are dropped and
 * counted in a line of their own.
 */
AG_API size_t ag_log_take(char * buffer, size_t capacity, int32_t wait_ms);
/* Lines below this level are not kept (2 at first). */
AG_API void ag_log_level(int32_t level);

/* The versions that the loaded libraries report, one "name version" a line (static storage). */
AG_API const char * ag_versions(void);
/* The versions and struct layouts that these libraries were compiled with (static storage). */
AG_API const char * ag_built_versions(void);
AG_API const char * ag_layouts(void);

/* Devices as ggml's registry has them. Index 0 to count - 1; memory in bytes. type: 0 CPU, 1 GPU, 2 integrated GPU, 3 other. */
AG_API int32_t ag_device_count(void);
AG_API const char * ag_device_name(int32_t index);
AG_API const char * ag_device_description(int32_t index);
AG_API int32_t ag_device_type(int32_t index);
AG_API void * ag_device(int32_t index);
AG_API bool ag_device_memory(int32_t index, size_t * free_bytes, size_t * total_bytes);

/* Gives back to the system what the process holds and does not use: freed heap, a model's worth after an unload, and
 * pages of code and of read-only files, which come back at a touch. Takes some milliseconds. */
AG_API void ag_trim_memory(void);

/* Has the calling thread, and the threads that it starts from now on, give way to all others where processors are short:
 * `nice` is POSIX's, 0 (as all others) to 19. Nothing where threads have none of their own. */
AG_API void ag_give_way(int32_t nice);

/* ---- llama.cpp ------------------------------------------------------------------------------------------------- */

/* params: struct llama_model_params. NULL on failure. */
AG_API struct llama_model * ag_llama_model_load(const char * path, const void * params);
AG_API int32_t ag_llama_model_free(struct llama_model * model);
/* params: struct llama_context_params. NULL on failure. */
AG_API struct llama_context * ag_llama_init(struct llama_model * model, const void * params);
AG_API int32_t ag_llama_free(struct llama_context * context);
/*
 * Says what this thread's next batches are decoded for, until it says otherwise: so many likeliest tokens, at most 64, and
 * these. Where the weights were laid out anew (guard/turned_weights.hpp) the other tokens' logits are rougher then, as if
 * the last matrix had four bits, and with likeliest 0 they are minus infinity. -1, as at first: all are needed.
 */
AG_API void ag_llama_want(int32_t likeliest, const int32_t * tokens, int32_t count);
/* batch: struct llama_batch. llama_decode's result, AG_CAUGHT. */
AG_API int32_t ag_llama_decode(struct llama_context * context, const void * batch);
/* NULL where there are none, or on failure. */
AG_API float * ag_llama_logits(struct llama_context * context, int32_t index);
AG_API int32_t ag_llama_tokenize(const struct llama_vocab * vocab, const char * text, int32_t bytes, int32_t * tokens,
                                 int32_t capacity, bool add_special, bool parse_special);
AG_API int32_t ag_llama_token_to_piece(const struct llama_vocab * vocab, int32_t token, char * buffer,
                                       int32_t capacity, bool special);
/* messages: array of struct llama_chat_message. */
AG_API int32_t ag_llama_apply_template(const char * chat_template, const void * messages, size_t count,
                                       bool add_assistant, char * buffer, int32_t capacity);
AG_API int32_t ag_llama_memory_clear(struct llama_context * context);
/* 1 done, 0 not possible, AG_CAUGHT. */
AG_API int32_t ag_llama_sequence_remove(struct llama_context * context, int32_t sequence, int32_t from, int32_t to);
AG_API int32_t ag_llama_sequence_copy(struct llama_context * context, int32_t source, int32_t target, int32_t from,
                                      int32_t to);
/* Bytes written or read, 0 on failure. */
AG_API size_t ag_llama_sequence_save(struct llama_context * context, const char * path, int32_t sequence,
                                     const int32_t * tokens, size_t count);
AG_API size_t ag_llama_sequence_load(struct llama_context * context, const char * path, int32_t sequence,
                                     int32_t * tokens, size_t capacity, size_t * count);
/* NULL for a grammar that does not parse, or on failure. */
AG_API struct llama_sampler * ag_llama_grammar(const struct llama_vocab * vocab, const char * grammar,
                                               const char * root);
/* candidates: llama_token_data_array. 0, AG_CAUGHT. */
AG_API int32_t ag_llama_sampler_apply(struct llama_sampler * sampler, void * candidates);
AG_API int32_t ag_llama_sampler_accept(struct llama_sampler * sampler, int32_t token);
/* The token, AG_CAUGHT. */
AG_API int32_t ag_llama_sampler_sample(struct llama_sampler * sampler, struct llama_context * context, int32_t index);
AG_API int32_t ag_llama_sampler_reset(struct llama_sampler * sampler);
AG_API int32_t ag_llama_sampler_free(struct llama_sampler * sampler);

/* ---- whisper.cpp ----------------------------------------------------------------------------------------------- */

/* params: struct whisper_context_params. Without a state. NULL on failure. */
AG_API struct whisper_context * ag_whisper_init(const char * path, const void * params);
AG_API int32_t ag_whisper_free(struct whisper_context * context);
AG_API struct whisper_state * ag_whisper_init_state(struct whisper_context * context);
AG_API int32_t ag_whisper_free_state(struct whisper_state * state);
AG_API int32_t ag_whisper_pcm_to_mel(struct whisper_context * context, struct whisper_state * state,
                                     const float * samples, int32_t count, int32_t threads);
/* The language's id, negative on failure, AG_CAUGHT. probabilities: whisper_lang_max_id() + 1 floats. */
AG_API int32_t ag_whisper_detect_language(struct whisper_context * context, struct whisper_state * state,
                                          int32_t offset_ms, int32_t threads, float * probabilities);
/* params: struct whisper_full_params. whisper_full's result, AG_CAUGHT. */
AG_API int32_t ag_whisper_full(struct whisper_context * context, struct whisper_state * state, const void * params,
                               const float * samples, int32_t count);
AG_API int32_t ag_whisper_tokenize(struct whisper_context * context, const char * text, int32_t * tokens,
                                   int32_t capacity);
/* params: struct whisper_vad_context_params. NULL on failure. */
AG_API struct whisper_vad_context * ag_whisper_vad_init(const char * path, const void * params);
AG_API int32_t ag_whisper_vad_free(struct whisper_vad_context * context);
/* params: struct whisper_vad_params. NULL on failure. */
AG_API struct whisper_vad_segments * ag_whisper_vad_segments(struct whisper_vad_context * context, const void * params,
                                                             const float * samples, int32_t count);
AG_API int32_t ag_whisper_vad_free_segments(struct whisper_vad_segments * segments);

/* ---- stable-diffusion.cpp -------------------------------------------------------------------------------------- */

/* Asked before and during each piece of computing of a picture: true ends the run. */
typedef bool (*ag_sd_stop)(void * user);
/* Told before the first step (step 0) and after each. */
typedef void (*ag_sd_progress)(int32_t step, int32_t steps, float seconds, void * user);

/* params: sd_ctx_params_t. NULL on failure. */
AG_API struct ag_sd_context * ag_sd_new(const void * params);
AG_API int32_t ag_sd_free(struct ag_sd_context * context);
/*
 * Draws one picture. params: sd_img_gen_params_t. One call at a time in a process: the engine's callbacks are global.
 * Returns a sd_image_t * to be freed by ag_sd_free_image, or NULL; then ag_sd_stopped() tells whether the stop
 * callback ended it. Stopping takes effect while sampling and decoding; the text encoder runs to its end first.
 */
AG_API void * ag_sd_generate(struct ag_sd_context * context, const void * params, ag_sd_stop stop,
                             ag_sd_progress progress, void * user);
AG_API bool ag_sd_stopped(void);
AG_API int32_t ag_sd_free_image(void * image);
/* The merges of CLIP's tokenizer as the engine has them: UTF-8, a header line, then "left right" a line in the order of
 * their ranks. Returns the bytes that they take, 0 on failure; writes what fits into the buffer (NULL with capacity 0). */
AG_API size_t ag_sd_clip_merges(char * buffer, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
