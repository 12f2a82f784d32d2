// Linked into libstable-diffusion, whose calls of ggml_backend_graph_compute come here by the linker's --wrap: this
// version of the engine has no way to stop a run. Answering "aborted" makes generate_image return NULL with the context
// usable. On the CPU a run stops inside a graph, too; other backends have no callback for that and finish the graph in
// hand: one pass of the diffusion model (half a step), or the decoding.
#include "sd_stop.h"

#include "ggml-backend.h"

#include <atomic>

namespace {

std::atomic<bool (*)(void *)> stop_callback{nullptr};
std::atomic<void *> stop_user{nullptr};

bool should_stop(void *) {
    auto stop = stop_callback.load();
    return stop && stop(stop_user.load());
}

using set_abort_t = void (*)(ggml_backend_t, ggml_abort_callback, void *);

set_abort_t abort_setter(ggml_backend_t backend) {
    ggml_backend_dev_t device = ggml_backend_get_device(backend);
    if (!device || ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_CPU) {
        return nullptr;
    }
    return reinterpret_cast<set_abort_t>(
        ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(device), "ggml_backend_set_abort_callback"));
}

} // namespace

extern "C" {

ggml_status __real_ggml_backend_graph_compute(ggml_backend_t backend, ggml_cgraph * graph);

void ag_sd_stop_hook(bool (*stop)(void *), void * user) {
    stop_user.store(user);
    stop_callback.store(stop);
}

ggml_status __wrap_ggml_backend_graph_compute(ggml_backend_t backend, ggml_cgraph * graph) {
    if (!stop_callback.load()) {
        return __real_ggml_backend_graph_compute(backend, graph);
    }
    if (should_stop(nullptr)) {
        return GGML_STATUS_ABORTED;
    }
    set_abort_t set_abort = abort_setter(backend);
    if (!set_abort) {
        return __real_ggml_backend_graph_compute(backend, graph);
    }
    set_abort(backend, should_stop, nullptr);
    ggml_status status;
    try {
        status = __real_ggml_backend_graph_compute(backend, graph);
    } catch (...) {
        set_abort(backend, nullptr, nullptr);
        throw;
    }
    set_abort(backend, nullptr, nullptr);
    return status;
}

} // extern "C"
