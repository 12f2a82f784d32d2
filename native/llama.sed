# Corrects the pinned llama.cpp in two places while its source is brought.
# The CUDA backend (ggml/src/ggml-cuda/ggml-cuda.cu): a failure while a CUDA graph is
# being captured is thrown out of ggml by the guard and leaves the count of captures under way at one; freeing the
# context, which is what follows, would wait for the capture's end for ever. Now it waits for five seconds.
s/ggml_cuda_lock_cv\.wait\(lock, (\[\]\{ return ggml_cuda_lock_counter\.load\(std::memory_order_relaxed\) == 0; \})\);/ggml_cuda_lock_cv.wait_for(lock, std::chrono::seconds(5), \1);/

# The CPU backend (ggml/src/ggml-cpu/ggml-cpu.c) waits for its threads at a barrier that suits idle and busy cores alike:
# see guard/graph_barrier.h.
s/^#include <omp\.h>$/&\n#include "graph_barrier.h"/
/^void ggml_barrier\(/,/^\}/ s/^    #pragma omp barrier$/    ag_barrier(\&tp->n_barrier, \&tp->n_barrier_passed, n_threads);/
