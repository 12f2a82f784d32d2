// llama.cpp under the guard.
#include "net.hpp"

#include "ggml-backend.h"
#include "llama.h"

#include <map>
#include <mutex>
#include <string>

using namespace guard;

namespace {

// A function of the CPU backend's own (guard/turned_weights.hpp); null where it has none.
template <typename F> F of_backend(const char * name) {
    return reinterpret_cast<F>(ggml_backend_reg_get_proc_address(ggml_backend_reg_by_name("CPU"), name));
}

size_t turned_bytes() {
    static const auto bytes = of_backend<size_t (*)()>("ag_turned_bytes");
    return bytes == nullptr ? 0 : bytes();
}

std::mutex files_lock;
std::map<const llama_model *, std::string> files; // of models whose weights were laid out anew: little of them is read again

} // namespace

void guard::drop_unread_files() noexcept {
    run([] {
        const std::lock_guard<std::mutex> hold(files_lock);
        for (const auto & file : files) {
            drop_mapped(file.second.c_str());
        }
    });
}

extern "C" {

llama_model * ag_llama_model_load(const char * path, const void * params) {
    return call<llama_model *>(nullptr, [&] {
        const size_t before = turned_bytes();
        llama_model * const model = llama_model_load_from_file(path, *static_cast<const llama_model_params *>(params));
        if (model != nullptr && turned_bytes() - before > llama_model_size(model) / 2) {
            const std::lock_guard<std::mutex> hold(files_lock);
            files[model] = path;
            drop_mapped(path);
        }
        return model;
    });
}

void ag_llama_want(int32_t likeliest, const int32_t * tokens, int32_t count) {
    static const auto want = of_backend<void (*)(int32_t, const int32_t *, int32_t)>("ag_want");
    run([&] {
        if (want != nullptr) {
            want(likeliest, tokens, count);
        }
    });
}

int32_t ag_llama_model_free(llama_model * model) {
    return run([&] {
        {
            const std::lock_guard<std::mutex> hold(files_lock);
            files.erase(model);
        }
        llama_model_free(model);
    });
}

llama_context * ag_llama_init(llama_model * model, const void * params) {
    return call<llama_context *>(nullptr, [&] {
        return llama_init_from_model(model, *static_cast<const llama_context_params *>(params));
    });
}

int32_t ag_llama_free(llama_context * context) {
    return run([&] { llama_free(context); });
}

int32_t ag_llama_decode(llama_context * context, const void * batch) {
    return call<int32_t>(AG_CAUGHT, [&] { return llama_decode(context, *static_cast<const llama_batch *>(batch)); });
}

float * ag_llama_logits(llama_context * context, int32_t index) {
    return call<float *>(nullptr, [&] { return llama_get_logits_ith(context, index); });
}

int32_t ag_llama_tokenize(const llama_vocab * vocab, const char * text, int32_t bytes, int32_t * tokens,
                          int32_t capacity, bool add_special, bool parse_special) {
    return call<int32_t>(AG_CAUGHT, [&] {
        return llama_tokenize(vocab, text, bytes, tokens, capacity, add_special, parse_special);
    });
}

int32_t ag_llama_token_to_piece(const llama_vocab * vocab, int32_t token, char * buffer, int32_t capacity,
                                bool special) {
    return call<int32_t>(AG_CAUGHT, [&] { return llama_token_to_piece(vocab, token, buffer, capacity, 0, special); });
}

int32_t ag_llama_apply_template(const char * chat_template, const void * messages, size_t count, bool add_assistant,
                                char * buffer, int32_t capacity) {
    return call<int32_t>(AG_CAUGHT, [&] {
        return llama_chat_apply_template(chat_template, static_cast<const llama_chat_message *>(messages), count,
                                         add_assistant, buffer, capacity);
    });
}

int32_t ag_llama_memory_clear(llama_context * context) {
    return run([&] { llama_memory_clear(llama_get_memory(context), true); });
}

int32_t ag_llama_sequence_remove(llama_context * context, int32_t sequence, int32_t from, int32_t to) {
    return call<int32_t>(AG_CAUGHT, [&] {
        return llama_memory_seq_rm(llama_get_memory(context), sequence, from, to) ? 1 : 0;
    });
}

int32_t ag_llama_sequence_copy(llama_context * context, int32_t source, int32_t target, int32_t from, int32_t to) {
    return run([&] { llama_memory_seq_cp(llama_get_memory(context), source, target, from, to); });
}

size_t ag_llama_sequence_save(llama_context * context, const char * path, int32_t sequence, const int32_t * tokens,
                              size_t count) {
    return call<size_t>(0, [&] { return llama_state_seq_save_file(context, path, sequence, tokens, count); });
}

size_t ag_llama_sequence_load(llama_context * context, const char * path, int32_t sequence, int32_t * tokens,
                              size_t capacity, size_t * count) {
    return call<size_t>(0, [&] { return llama_state_seq_load_file(context, path, sequence, tokens, capacity, count); });
}

llama_sampler * ag_llama_grammar(const llama_vocab * vocab, const char * grammar, const char * root) {
    return call<llama_sampler *>(nullptr, [&] { return llama_sampler_init_grammar(vocab, grammar, root); });
}

int32_t ag_llama_sampler_apply(llama_sampler * sampler, void * candidates) {
    return run([&] { llama_sampler_apply(sampler, static_cast<llama_token_data_array *>(candidates)); });
}

int32_t ag_llama_sampler_accept(llama_sampler * sampler, int32_t token) {
    return run([&] { llama_sampler_accept(sampler, token); });
}

int32_t ag_llama_sampler_sample(llama_sampler * sampler, llama_context * context, int32_t index) {
    return call<int32_t>(AG_CAUGHT, [&] { return llama_sampler_sample(sampler, context, index); });
}

int32_t ag_llama_sampler_reset(llama_sampler * sampler) {
    return run([&] { llama_sampler_reset(sampler); });
}

int32_t ag_llama_sampler_free(llama_sampler * sampler) {
    return run([&] { llama_sampler_free(sampler); });
}

} // extern "C"
