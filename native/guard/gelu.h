/* GELU of single precision, 16 numbers at a time. Compiled into ggml's CPU backend: native/llama.sed calls it in place of a
 * table with an entry for each number of half precision, which is slower and rounds. Elsewhere than on AVX512 ggml's own
 * is called. */
#ifndef AISERVER_GELU_H
#define AISERVER_GELU_H

#include "vec.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>

static inline void ag_gelu(int n, float * y, const float * x) {
    for (int i = 0; i < n; i += 16) {
        const __mmask16 there = n - i >= 16 ? 0xffff : (__mmask16) ((1u << (n - i)) - 1);
        const __m512 in = _mm512_maskz_loadu_ps(there, x + i);
        /* x / (1 + exp(-2u)) is x / 2 (1 + tanh(u)) */
        const __m512 cubed = _mm512_fmadd_ps(_mm512_set1_ps(GELU_COEF_A), _mm512_mul_ps(in, in), _mm512_set1_ps(1));
        const __m512 power = _mm512_mul_ps(_mm512_mul_ps(in, cubed), _mm512_set1_ps(-2 * SQRT_2_OVER_PI));
        const __m512 out = _mm512_div_ps(in, _mm512_add_ps(_mm512_set1_ps(1), ggml_v_expf(power)));
        /* behind ten it is the number itself or nothing, also where it is infinite */
        const __mmask16 low = _mm512_cmp_ps_mask(in, _mm512_set1_ps(-10), _CMP_LE_OQ);
        const __mmask16 high = _mm512_cmp_ps_mask(in, _mm512_set1_ps(10), _CMP_GE_OQ);
        _mm512_mask_storeu_ps(y + i, there, _mm512_maskz_mov_ps((__mmask16) ~low, _mm512_mask_mov_ps(out, high, in)));
    }
}

#else

static inline void ag_gelu(int n, float * y, const float * x) {
    ggml_vec_gelu_f32(n, y, x);
}

#endif
#endif
