// stable-diffusion.cpp under the guard, with the stop that its interface lacks.
#include "net.hpp"
#include "sd_stop.h"

#include "stable-diffusion.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace guard;

// Of the engine, src/tokenizers/vocab/vocab.h, which includes no other header.
std::string load_clip_merges();

namespace {

// The engine's callbacks are global to the process, so is the run: the engine class lets one in at a time.
struct run_state {
    ag_sd_stop stop = nullptr;
    ag_sd_progress progress = nullptr;
    void * user = nullptr;
    int steps = 0;
    bool sampling = false;
    bool stopped = false;
};
run_state current;

bool on_stop(void *) {
    if (!current.stopped && current.stop && current.stop(current.user)) {
        current.stopped = true;
    }
    return current.stopped;
}

void on_progress(int step, int steps, float seconds, void *) {
    // The same callback reports weight loading (step of so many tensors) and picture tiles. Sampling begins with step 0
    // of as many steps as were asked for; from there on the text encoder is done and a run may be stopped.
    if (!current.sampling && step == 0 && steps == current.steps) {
        current.sampling = true;
        ag_sd_stop_hook(on_stop, nullptr);
    }
    if (current.sampling && steps == current.steps && current.progress) {
        current.progress(step, steps, seconds, current.user);
    }
}

} // namespace

extern "C" {

struct ag_sd_context * ag_sd_new(const void * params) {
    sd_set_progress_callback(on_progress, nullptr); // without one the engine prints a bar to stdout
    auto * context = call<sd_ctx_t *>(nullptr, [&] { return new_sd_ctx(static_cast<const sd_ctx_params_t *>(params)); });
    take_logs(); // the engine has taken ggml's log slot
    return reinterpret_cast<ag_sd_context *>(context);
}

int32_t ag_sd_free(struct ag_sd_context * context) {
    if (!context) {
        return 0; // the engine would follow the null pointer
    }
    return run([&] { free_sd_ctx(reinterpret_cast<sd_ctx_t *>(context)); });
}

void * ag_sd_generate(struct ag_sd_context * context, const void * params, ag_sd_stop stop, ag_sd_progress progress,
                      void * user) {
    const auto * p = static_cast<const sd_img_gen_params_t *>(params);
    current = run_state{stop, progress, user, p->sample_params.sample_steps, false, false};
    sd_set_progress_callback(on_progress, nullptr);
    void * image = call<void *>(nullptr, [&] { return generate_image(reinterpret_cast<sd_ctx_t *>(context), p); });
    ag_sd_stop_hook(nullptr, nullptr);
    const bool stopped = current.stopped;
    current = run_state{};
    current.stopped = stopped;
    take_logs();
    return image;
}

bool ag_sd_stopped(void) { return current.stopped; }

size_t ag_sd_clip_merges(char * buffer, size_t capacity) {
    return call<size_t>(0, [&] {
        const std::string merges = load_clip_merges();
        if (capacity > 0) {
            std::memcpy(buffer, merges.data(), std::min(capacity, merges.size()));
        }
        return merges.size();
    });
}

int32_t ag_sd_free_image(void * image) {
    return run([&] { free_sd_images(static_cast<sd_image_t *>(image), 1); });
}

} // extern "C"
