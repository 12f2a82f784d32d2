# Corrects the pinned whisper.cpp (src/whisper.cpp) while its source is brought: the probability that nobody speaks is
# read from the first row of the logits, which the decoder leaves as the last run left it, since only the last row is asked
# for. Whisper gives it where the transcript starts: that row is asked for and read.
s/^( *)whisper_batch_prep_legacy\(state->batch, prompt\.data\(\), prompt\.size\(\), 0, 0\);$/&\n\1const size_t start_row = prompt.size() - prompt_init.size();\n\1state->batch.logits[start_row] = 1;/
s/^( *)whisper_compute_logprobs\(state->logits, n_logits, logprobs\);$/\1const std::vector<float> start_logits(state->logits.begin() + start_row*n_logits, state->logits.begin() + (start_row + 1)*n_logits);\n\1whisper_compute_logprobs(start_logits, n_logits, logprobs);/
s/^( *)whisper_compute_probs\(state->logits, n_logits, logprobs, probs\);$/\1whisper_compute_probs(start_logits, n_logits, logprobs, probs);/
# The first decoder draws on from where the run before stopped; like the others it starts anew with each run, so that the
# same sound gives the same text at every temperature.
s/for \(int j = 1; j < n_decoders; j\+\+\) \{/for (int j = 0; j < n_decoders; j++) {/
# Fused attention counts what fills its keys up to a multiple of 256 as keys. A processor needs no such filling, and is shown
# the keys that there are.
s/^( *n_state_head, )n_ctx_pad, n_head,$/\1wctx.params.use_gpu ? n_ctx_pad : n_ctx, n_head,/
s/^( *n_state_head, )n_audio_ctx_pad, n_head,$/\1wctx.params.use_gpu ? n_audio_ctx_pad : n_audio_ctx, n_head,/
# A window that is still encoded is not encoded again: see guard/whisper_window.hpp.
s/^#include "whisper\.h"$/&\n#include "whisper_window.hpp"/
s/^struct whisper_state \{$/&\n    bool encoded = false; \/\/ the window that inp_mel holds/
/^static bool whisper_encode_internal\($/,/^\}/ {
s/^    const int64_t t_start_us = ggml_time_us\(\);$/&\n\
    if (wstate.encoded \&\& same_window(wstate.inp_mel, wstate.mel, mel_offset,\
            wstate.exp_n_audio_ctx > 0 ? wstate.exp_n_audio_ctx : wctx.model.hparams.n_audio_ctx)) {\
        return !(abort_callback \&\& abort_callback(abort_callback_data));\
    }\
    wstate.encoded = false;/
s/^    wstate\.n_encode\+\+;$/&\n    wstate.encoded = true;/
}
# Where the cache of the decoders cannot grow, the state that the caller owns is freed, and used and freed again later; and
# a failure in between would free the old cache twice.
/recreate the KV cache if the number of decoders/,/return -7;/ s/^( *)whisper_free_state\(state\);$/\1state->kv_self_n_dec = 0;/
/^static void whisper_kv_cache_free\(/,/^\}/ s/^( *)ggml_backend_buffer_free\(cache\.buffer\);$/&\n\1cache.buffer = nullptr;/
