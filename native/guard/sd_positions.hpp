// Of SD3's table of positions the rows that a picture can need. Compiled into libstable-diffusion: native/stable-diffusion.sed
// brings it into the engine's model loader. The published table has 384 x 384 positions of 1,536 numbers, a picture of
// 1,024 pixels uses the 64 x 64 in the middle, and the engine holds all of it as F32: 906 MB. Kept are the middle rows
// for the tallest picture of the worker, which are one piece of the file, in its own 16-bit type where it has one: 151 MB.
// The table also gets its second side as a dimension, which a GGUF file drops, so that its size is known in every format.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "model_io/tensor_storage.h"

namespace sd_positions {

constexpr int64_t MOST_ROWS = 128; // of 16 pixels: 2,048 (ImageRequest)

inline TensorStorage middle_of(TensorStorage table) {
    static const std::string NAME = "diffusion_model.pos_embed";
    const bool wanted = table.name.size() >= NAME.size() && table.name.compare(table.name.size() - NAME.size(), NAME.size(), NAME) == 0;
    const int64_t side = std::llround(std::sqrt(static_cast<double>(table.ne[1])));
    if (!wanted || table.n_dims < 2 || table.ne[2] != 1 || side < 2 || side * side != table.ne[1]) {
        return table;
    }
    int64_t rows = side;
    if (side > MOST_ROWS && table.index_in_zip < 0) {
        rows = MOST_ROWS + (side - MOST_ROWS) % 2; // the middle of these is the middle of all
        table.offset += table.nbytes_to_read() / side * ((side - rows) / 2);
    }
    table.n_dims = 3;
    table.ne[1] = side;
    table.ne[2] = rows;
    return table;
}

inline ggml_type kept_as(ggml_type type) {
    return type == GGML_TYPE_F16 || type == GGML_TYPE_BF16 ? type : GGML_TYPE_F32;
}

} // namespace sd_positions
