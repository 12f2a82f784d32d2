/* How weights in super-blocks of 256 say the scales of their numbers, how products get theirs, and how Q6_K is turned. Part of
 * k_matmul.h, k_rows.h and turned_weights.hpp. */
#ifndef AISERVER_K_SCALES_H
#define AISERVER_K_SCALES_H

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) && defined(__F16C__)
#define GGML_COMMON_DECL_C
#include "ggml-common.h"
#include "turn_rows.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline float ag_half_at(const char * from) {
    uint16_t half;
    memcpy(&half, from, sizeof half);
    return _cvtsh_ss(half);
}

/* Sums of four products times their scale, added to others: such a sum fits 16 bits, so a register's upper 16 of each 32
 * meet nothing. `which` says which of the scales for each four numbers. */
static inline __attribute__((always_inline)) __m512i ag_k_scaled(__m512i sum, __m512i values, const int8_t * column, __m512i scales, __m512i which) {
    const __m512i products = _mm512_dpbusd_epi32(_mm512_setzero_si512(), values, _mm512_load_si512(column));
    return _mm512_dpwssd_epi32(sum, products, _mm512_maskz_permutexvar_epi16(0x55555555, which, scales));
}

static inline __attribute__((always_inline)) __m512i ag_k_two(int a, int b) {
    return _mm512_setr_epi32(a, a, a, a, a, a, a, a, b, b, b, b, b, b, b, b);
}

static inline __attribute__((always_inline)) __m512i ag_k_four(int a) {
    return _mm512_setr_epi32(a, a, a, a, a + 1, a + 1, a + 1, a + 1, a + 2, a + 2, a + 2, a + 2, a + 3, a + 3, a + 3, a + 3);
}

/* Half of a super-block of Q6_K of sixteen rows: the lower four bits of parts 0 and 2, 1 and 3; the upper two of all four. */
static inline __attribute__((always_inline)) void ag_turn_q6(const char * const rows[AG_LANES], int side, __m512i low[2][AG_QUADS], __m512i high[AG_QUADS]) {
    ag_turn(rows, (ptrdiff_t) offsetof(block_q6_K, ql) + 64 * side, low[0]);
    ag_turn(rows, (ptrdiff_t) offsetof(block_q6_K, ql) + 64 * side + 32, low[1]);
    ag_turn(rows, (ptrdiff_t) offsetof(block_q6_K, qh) + 32 * side, high);
}

/* Of sixteen rows, turned (turn_rows.h). Q4_K and Q5_K: a super-block begins with a scale of scales, one of what is subtracted, and eight of each in six bits. */
struct ag_k_heads {
    __m512 scale, less;
    __m512i scales[2], lesses[2]; /* bytes, of four parts of 32 numbers each */
};

static inline __attribute__((always_inline)) struct ag_k_heads ag_k_heads_of(const __m512i in[4]) {
    struct ag_k_heads heads;
    heads.scale = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(in[0]));
    heads.less = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(in[0], 16)));
    heads.scales[0] = ag_bits(in[1], 0, 63);
    heads.scales[1] = _mm512_or_si512(ag_bits(in[3], 0, 15), _mm512_slli_epi32(ag_bits(in[1], 6, 3), 4));
    heads.lesses[0] = ag_bits(in[2], 0, 63);
    heads.lesses[1] = _mm512_or_si512(ag_bits(in[3], 4, 15), _mm512_slli_epi32(ag_bits(in[2], 6, 3), 4));
    return heads;
}

static inline __m512 ag_byte_as_float(__m512i from, int byte) {
    return _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(from, (unsigned) (8 * byte)), _mm512_set1_epi32(255)));
}

static inline __m512 ag_signed_byte_as_float(__m512i from, int byte) {
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(from, (unsigned) (24 - 8 * byte)), 24));
}

static inline __m512 ag_k_scale(const struct ag_k_heads * heads, int part) {
    return _mm512_mul_ps(heads->scale, ag_byte_as_float(heads->scales[part / 4], part % 4));
}

static inline __m512 ag_k_less(const struct ag_k_heads * heads, int part) {
    return _mm512_mul_ps(heads->less, ag_byte_as_float(heads->lesses[part / 4], part % 4));
}

#endif
#endif
