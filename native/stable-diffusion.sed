# Corrects the pinned stable-diffusion.cpp (src/conditioning/conditioner.hpp, src/core/util.cpp) while its source is brought. With CLIP-L as
# the only text encoder it makes the empty half of the pooled text with a dimension too many, and throws.
s/(pooled_[lg] = sd::Tensor<float>::zeros\(\{(768|1280)), 1\}\);/\1});/
# A prompt that one encoder cuts into more tokens than another makes it read behind the end of the other's tokens: each
# gets the 77 that CLIP has, and no more.
/^struct SD3CLIPEmbedder /,/^\};/ s/(t5_tokenizer\.pad_tokens\(t5_tokens, &t5_weights, nullptr, min_length, max_length), true\);/\1, false);/
/^struct SD3CLIPEmbedder /,/^\};/ s/(clip_[lg]_tokenizer\.pad_tokens\(.*), allow_overflow_expand\);/\1, false);/
# The word BREAK, also at the end of another one, parts prompts for encoders that take several; here it is a word.
s/^( *)res\.push_back\(\{"BREAK", -1\.0f\}\);$/\1res.push_back({text, 1.0f});/
# What the encoders of SD3 make of a prompt is kept: see guard/sd_text_cache.hpp.
s/^#define __SD_CONDITIONING_CONDITIONER_HPP__.*/&\n\n#include "sd_text_cache.hpp"/
/^struct SD3CLIPEmbedder /,/^\};/ {
s/(const ConditionerParams& conditioner_params\)) override \{/\1 {/
s/^    SDCondition get_learned_condition\(int n_threads,$/    TextCache<SDCondition> encoded_texts;\
\
    SDCondition get_learned_condition(int n_threads, const ConditionerParams\& params) override {\
        return encoded_texts.of(params.text, params.clip_skip, params.zero_out_masked, [\&] { return encode(n_threads, params); });\
    }\
\
    SDCondition encode(int n_threads,/
}
