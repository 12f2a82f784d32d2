/* Columns become super-blocks of 256 bytes (Q8_K) for k_matmul.h and turned_weights.hpp. Compiled into ggml's CPU backend: native/llama.sed puts it
 * in place of ggml's, which goes number by number and took a twelfth of a prompt's time. The bytes and scales are the same
 * but for which of two opposite extremes has the sign. Elsewhere than on AVX512 ggml's own is called. */
#ifndef AISERVER_Q8_K_H
#define AISERVER_Q8_K_H

#include "ggml.h"

#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define GGML_COMMON_DECL_C
#include "ggml-common.h"

#include <immintrin.h>
#include <string.h>

static void ag_quantize_q8_K(const float * from, void * to, int64_t count) {
    enum { AG_NUMBERS = 16, AG_VECTORS_OF_BLOCK = QK_K / AG_NUMBERS };
    block_q8_K * block = (block_q8_K *) to;
    for (int64_t left = count; left >= QK_K; left -= QK_K, block++, from += QK_K) {
        __m512 numbers[AG_VECTORS_OF_BLOCK], high = _mm512_setzero_ps(), low = high;
        for (int i = 0; i < AG_VECTORS_OF_BLOCK; i++) {
            numbers[i] = _mm512_loadu_ps(from + i * AG_NUMBERS);
            high = _mm512_max_ps(high, numbers[i]);
            low = _mm512_min_ps(low, numbers[i]);
        }
        const float most = _mm512_reduce_max_ps(high), least = _mm512_reduce_min_ps(low);
        const float extreme = most >= -least ? most : least;
        if (extreme == 0) {
            memset(block, 0, sizeof *block);
            continue;
        }
        const float inverse = -127.0f / extreme;
        block->d = 1 / inverse;
        for (int i = 0; i < AG_VECTORS_OF_BLOCK; i++) {
            const __m512i values = _mm512_cvtps_epi32(_mm512_mul_ps(numbers[i], _mm512_set1_ps(inverse)));
            _mm_storeu_si128((__m128i *) (block->qs + i * AG_NUMBERS), _mm512_cvtsepi32_epi8(values));
            block->bsums[i] = (int16_t) _mm512_reduce_add_epi32(values);
        }
    }
}

#else

void quantize_row_q8_K(const float * GGML_RESTRICT x, void * GGML_RESTRICT y, int64_t k);

static inline void ag_quantize_q8_K(const float * from, void * to, int64_t count) {
    quantize_row_q8_K(from, to, count);
}

#endif
#endif
