# Corrects the pinned llama.cpp (ggml/src/ggml-cuda/ggml-cuda.cu) before a CUDA build. A failure while a CUDA graph is
# being captured is thrown out of ggml by the guard and leaves the count of captures under way at one; freeing the
# context, which is what follows, would wait for the capture's end for ever. Now it waits for five seconds.
s/ggml_cuda_lock_cv\.wait\(lock, (\[\]\{ return ggml_cuda_lock_counter\.load\(std::memory_order_relaxed\) == 0; \})\);/ggml_cuda_lock_cv.wait_for(lock, std::chrono::seconds(5), \1);/
