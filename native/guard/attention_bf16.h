/* What attention.h needs for keys and values in bfloat16, which a processor multiplies two at a time: queries and weights are rounded
 * to bfloat16, too, as engines do that compute in it; sums are of single precision. Needs AVX512-BF16; elsewhere AG_MEETS_BF16 is 0. */
#ifndef AISERVER_ATTENTION_BF16_H
#define AISERVER_ATTENTION_BF16_H

#if defined(__AVX512BF16__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define AG_MEETS_BF16 1
#include "attention_bytes.h" /* for what a tile is */
#include "turn_rows.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* A query in bfloat16, times the scale of scores. */
static void ag_query_in_bf16(const float * from, int length, float scale, uint16_t * to) {
    for (int at = 0; at < length; at += 2 * AG_VECTOR) {
        const __m512 low = _mm512_mul_ps(_mm512_loadu_ps(from + at), _mm512_set1_ps(scale));
        const __m512 high = _mm512_mul_ps(_mm512_loadu_ps(from + at + AG_VECTOR), _mm512_set1_ps(scale));
        _mm512_storeu_si512(to + at, (__m512i) _mm512_cvtne2ps_pbh(high, low));
    }
}

/* 64 keys, two numbers of each beside each other; behind the last one it is repeated. */
static void ag_turn_bf16_keys(const char * from, size_t stride, int count, int length, float * to) {
    for (int key = 0; key < AG_KEYS; key += AG_VECTOR) {
        const char * rows[AG_LANES];
        ag_sixteen(from, stride, key, count, rows);
        for (int at = 0; at < length / 2; at += AG_QUADS) {
            __m512i out[AG_QUADS];
            ag_turn(rows, at * 4, out);
            for (int i = 0; i < AG_QUADS; i++) {
                _mm512_store_si512(to + (at + i) * AG_KEYS + key, out[i]);
            }
        }
    }
}

/* 32 numbers of two rows, as pairs. */
static inline __attribute__((always_inline)) void ag_bf16_pairs(const char * one, const char * two, __m512 pairs[2]) {
    const __m512i lanes = _mm512_set_epi32(0x2f000f, 0x2e000e, 0x2d000d, 0x2c000c, 0x2b000b, 0x2a000a, 0x290009, 0x280008, 0x270007, 0x260006,
            0x250005, 0x240004, 0x230003, 0x220002, 0x210001, 0x200000);
    const __m512i a = _mm512_loadu_si512(one), b = _mm512_loadu_si512(two);
    pairs[0] = _mm512_castsi512_ps(_mm512_permutex2var_epi16(a, lanes, b));
    pairs[1] = _mm512_castsi512_ps(_mm512_permutex2var_epi16(a, _mm512_add_epi16(lanes, _mm512_set1_epi16(AG_VECTOR)), b));
}

/* Rows of values, two beside each other; an odd one beside itself, whose weight is zero then. */
static void ag_pair_bf16_values(const char * from, size_t stride, int count, int width, float * to) {
    for (int row = 0; row < count; row += 2, to += width) {
        const char * one = from + row * stride, * two = row + 1 < count ? one + stride : one;
        for (int at = 0; at < width; at += 2 * AG_VECTOR) {
            __m512 pairs[2];
            ag_bf16_pairs(one + at * (int) sizeof(uint16_t), two + at * (int) sizeof(uint16_t), pairs);
            _mm512_store_ps(to + at, pairs[0]);
            _mm512_store_ps(to + at + AG_VECTOR, pairs[1]);
        }
    }
}

#else
#define AG_MEETS_BF16 0
#endif
#endif
