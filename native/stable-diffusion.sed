# Corrects the pinned stable-diffusion.cpp while its source is brought: src/conditioning/conditioner.hpp, src/core/util.cpp,
# src/model_loader.cpp, src/model/diffusion/mmdit.hpp. With CLIP-L as the only text encoder it makes the empty half of the
# pooled text with a dimension too many, and throws.
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
# Of SD3's positions the rows that a picture can need are loaded: see guard/sd_positions.hpp.
s/^#include "model_loader\.h"$/&\n#include "sd_positions.hpp"/
s/^#define __SD_MODEL_DIFFUSION_MMDIT_HPP__$/&\n\n#include "sd_positions.hpp"/
s/^    tensor_storage_map\[tensor_storage\.name\] = tensor_storage;$/    tensor_storage_map[tensor_storage.name] = sd_positions::middle_of(tensor_storage);/
s/^    int64_t num_patches              = 36864;.*$/&\n    int64_t pos_embed_rows           = 0;  \/\/ in the middle, that are there; 0: all/
s/^                config\.num_patches = tensor_storage\.ne\[1\];$/                config.pos_embed_rows = tensor_storage.ne[2] > 1 ? tensor_storage.ne[2] : 0;\
                config.num_patches = config.pos_embed_rows > 0 ? tensor_storage.ne[1] * tensor_storage.ne[1] : tensor_storage.ne[1];/
/^struct MMDiT : public GGMLBlock/,/^\};/ {
s/enum ggml_type wtype = GGML_TYPE_F32;/enum ggml_type wtype = sd_positions::kept_as(get_type(prefix + "pos_embed", tensor_storage_map, GGML_TYPE_F32));/
s/(params\["pos_embed"\] .*config\.hidden_size), config\.num_patches, 1\);/\1,\
                                                 config.pos_embed_rows > 0 ? config.pos_embed_max_size : config.num_patches,\
                                                 config.pos_embed_rows > 0 ? config.pos_embed_rows : 1);/
s/^( *)auto pos_embed = params\["pos_embed"\];/&\
\1const int64_t rows = config.pos_embed_rows > 0 ? config.pos_embed_rows : config.pos_embed_max_size;/
s/GGML_ASSERT\(h <= config\.pos_embed_max_size \&\&/GGML_ASSERT(h <= rows \&\&/
s/int64_t top  = \(config\.pos_embed_max_size - h\)/int64_t top  = (rows - h)/
s/(ggml_reshape_3d\(ctx, pos_embed, config\.hidden_size, config\.pos_embed_max_size), config\.pos_embed_max_size\);/\1, rows);/
s/ggml_cont\((ctx, ggml_permute\(ctx, spatial_pos_embed, 0, 2, 1, 3\))\);( *\/\/ \[h, w, hidden_size\])/ggml_cast(\1, GGML_TYPE_F32);\2/
}
