// whisper.cpp under the guard.
#include "net.hpp"

#include "whisper.h"

using namespace guard;

extern "C" {

whisper_context * ag_whisper_init(const char * path, const void * params) {
    whisper_context * context = call<whisper_context *>(nullptr, [&] {
        return whisper_init_from_file_with_params_no_state(path, *static_cast<const whisper_context_params *>(params));
    });
    take_logs(); // whisper's backend set-up takes ggml's log slot
    return context;
}

int32_t ag_whisper_free(whisper_context * context) {
    return run([&] { whisper_free(context); });
}

whisper_state * ag_whisper_init_state(whisper_context * context) {
    whisper_state * state = call<whisper_state *>(nullptr, [&] { return whisper_init_state(context); });
    take_logs();
    return state;
}

int32_t ag_whisper_free_state(whisper_state * state) {
    return run([&] { whisper_free_state(state); });
}

int32_t ag_whisper_pcm_to_mel(whisper_context * context, whisper_state * state, const float * samples, int32_t count,
                              int32_t threads) {
    return call<int32_t>(AG_CAUGHT,
                         [&] { return whisper_pcm_to_mel_with_state(context, state, samples, count, threads); });
}

int32_t ag_whisper_detect_language(whisper_context * context, whisper_state * state, int32_t offset_ms,
                                   int32_t threads, float * probabilities) {
    return call<int32_t>(AG_CAUGHT, [&] {
        return whisper_lang_auto_detect_with_state(context, state, offset_ms, threads, probabilities);
    });
}

int32_t ag_whisper_full(whisper_context * context, whisper_state * state, const void * params, const float * samples,
                        int32_t count) {
    return call<int32_t>(AG_CAUGHT, [&] {
        return whisper_full_with_state(context, state, *static_cast<const whisper_full_params *>(params), samples, count);
    });
}

int32_t ag_whisper_tokenize(whisper_context * context, const char * text, int32_t * tokens, int32_t capacity) {
    return call<int32_t>(AG_CAUGHT, [&] { return whisper_tokenize(context, text, tokens, capacity); });
}

whisper_vad_context * ag_whisper_vad_init(const char * path, const void * params) {
    whisper_vad_context * context = call<whisper_vad_context *>(nullptr, [&] {
        return whisper_vad_init_from_file_with_params(path, *static_cast<const whisper_vad_context_params *>(params));
    });
    take_logs();
    return context;
}

int32_t ag_whisper_vad_free(whisper_vad_context * context) {
    return run([&] { whisper_vad_free(context); });
}

whisper_vad_segments * ag_whisper_vad_segments(whisper_vad_context * context, const void * params,
                                               const float * samples, int32_t count) {
    return call<whisper_vad_segments *>(nullptr, [&] {
        return whisper_vad_segments_from_samples(context, *static_cast<const whisper_vad_params *>(params), samples,
                                                 count);
    });
}

int32_t ag_whisper_vad_free_segments(whisper_vad_segments * segments) {
    return run([&] { whisper_vad_free_segments(segments); });
}

} // extern "C"
