# Corrects the pinned llama.cpp in eleven places while its source is brought.
# The CUDA backend (ggml/src/ggml-cuda/ggml-cuda.cu): a failure while a CUDA graph is
# being captured is thrown out of ggml by the guard and leaves the count of captures under way at one; freeing the
# context, which is what follows, would wait for the capture's end for ever. Now it waits for five seconds.
s/ggml_cuda_lock_cv\.wait\(lock, (\[\]\{ return ggml_cuda_lock_counter\.load\(std::memory_order_relaxed\) == 0; \})\);/ggml_cuda_lock_cv.wait_for(lock, std::chrono::seconds(5), \1);/

# The CPU backend (ggml/src/ggml-cpu/ggml-cpu.c) waits for its threads at a barrier that suits idle and busy cores alike:
# see guard/graph_barrier.h.
s/^#include <omp\.h>$/&\n#include "graph_barrier.h"/
/^void ggml_barrier\(/,/^\}/ s/^    #pragma omp barrier$/    ag_barrier(\&tp->n_barrier, \&tp->n_barrier_passed, n_threads);/

# It multiplies one column with many rows in half precision, which is what attention does while text is written, row by row
# and head by head: see guard/f16_rows.h. And weights of eight bits with many columns, as a speech model's encoder does, and
# of fewer bits with several, as a language model does: see guard/q8_matmul.h and k_matmul.h. All threads have quantised their
# parts of the columns when they leave the barrier.
s/^#include "ggml-cpu-impl\.h"$/&\n#include "f16_rows.h"\n#include "q8_matmul.h"\n#include "k_matmul.h"\n#include "q8_k.h"/
/^void ggml_compute_forward_mul_mat\($/,/^\}/ {
s/^    if \(ggml_compute_forward_mul_mat_tiled\(params, dst\)\) \{$/    if (!params->use_ref \&\& ag_f16_rows(src0, src1, dst, params->ith, params->nth)) {\
        return;\
    }\
    if ((params->use_ref || !ag_k_takes(src0, src1, dst)) \&\& ggml_compute_forward_mul_mat_tiled(params, dst)) {/
s/^    ggml_barrier\(params->threadpool\);$/&\n\
    if (!params->use_ref \&\& (ag_q8_matmul(src0, src1, dst, params->wdata, ggml_row_size(vec_dot_type, ne10), ith, nth)\
            || ag_k_matmul(src0, src1, dst, params->wdata, ggml_row_size(vec_dot_type, ne10), ith, nth))) {\
        return;\
    }/
}

# What they multiply with is quantised by guard/q8_k.h.
s/^( *\.from_float *= )quantize_row_q8_K,$/\1ag_quantize_q8_K,/

# Flash attention (ggml/src/ggml-cpu/ops.cpp): see guard/attention.h.
s/^#include "vec\.h"$/&\n#include "attention.h"\n#include "gelu.h"/
/^static void ggml_compute_forward_flash_attn_ext_f16\($/,/^\}/ {
s/^    const bool use_ref = params->use_ref;$/&\
    if (!use_ref \&\& ag_attention_of_few(params, dst)) {\
        return;\
    }/
s/^            if \(use_tiled\) \{$/            if (!use_ref \&\& ag_attention(dst, ir0, ir1)) {\
            } else if (use_tiled) {/
}

# Weights of a language model may be laid out anew for products (ggml/src/ggml-cpu/ggml-cpu.cpp): see guard/turned_weights.hpp.
# What that does not take stays as it lies: eight columns of Q4_0 in ggml's own layout take twice the time of q8_matmul.h.
s/^#include "amx\/amx\.h"$/&\n#include "turned_weights.hpp"/
/^std::vector<ggml_backend_buffer_type_t> & ggml_backend_cpu_get_extra_buffer_types\(\) \{$/,/^\}/ s/^        std::vector<ggml_backend_buffer_type_t> bufts;$/&\
        if (ggml_backend_buffer_type_t turned = ag_turned_weights()) {\
            return std::vector<ggml_backend_buffer_type_t>{ turned };\
        }/
s/^static void \* ggml_backend_cpu_get_proc_address\(.*$/&\
    if (void * function = ag_turned_function(name)) {\
        return function;\
    }/

# And GELU, which they have between their products: see guard/gelu.h.
/^static void ggml_compute_forward_gelu_f32\($/,/^\}/ s/ggml_vec_gelu_f32\(nc,$/ag_gelu(nc,/

# A buffer that is cleared takes no memory by that (ggml/src/ggml-backend.cpp): see guard/zero_pages.h. A buffer about somebody
# else's memory, which may be a file's, has nothing that frees it.
s/^#include "ggml-alloc\.h"$/&\n#include "zero_pages.h"/
/^static void ggml_backend_cpu_buffer_clear\(/,/^\}/ s/^    memset\(buffer->context, value, buffer->size\);$/    if (buffer->iface.free_buffer != NULL) {\
        ag_clear(buffer->context, value, buffer->size);\
    } else {\
        memset(buffer->context, value, buffer->size);\
    }/

# Keys and values in bytes (src/llama-kv-cache.cpp) are kept as they are: turning them first so that no number stands out, and
# queries and results with them, is meant for fewer bits, and takes longer than a token gains by reading bytes.
s/^            ggml_is_quantized\(type_([kv])\) \&\&$/            ggml_is_quantized(type_\1) \&\& type_\1 != GGML_TYPE_Q8_0 \&\&/

# A file of weights is mapped in large pages (src/llama-mmap.cpp): see guard/mapped_weights.h.
s/^#include "llama-mmap\.h"$/&\n#include "mapped_weights.h"/
s/^        addr = mmap\(NULL, file->size\(\), PROT_READ, flags, fd, 0\);$/        addr = ag_map_weights(file->size(), flags, fd);/
