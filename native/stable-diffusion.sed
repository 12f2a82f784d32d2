# Corrects the pinned stable-diffusion.cpp (src/conditioning/conditioner.hpp) while its source is brought: with CLIP-L as
# the only text encoder it makes the empty half of the pooled text with a dimension too many, and throws.
s/(pooled_[lg] = sd::Tensor<float>::zeros\(\{(768|1280)), 1\}\);/\1});/
