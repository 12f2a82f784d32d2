/* One column times weights of four or six bits in super-blocks of 256 (Q4_K, Q6_K): a token of an answer that is written.
 * Part of k_matmul.h, whose unpacking pays for several columns only: for one, each row is read once, as it lies in the file,
 * two parts of 32 in a register. */
#ifndef AISERVER_K_ROWS_H
#define AISERVER_K_ROWS_H

#include "ggml.h"
#include "ggml-common.h"
#include "k_scales.h"
#include "thread_room.h"
#include "turn_rows.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

enum { AG_PAIRS = QK_K / 64 };

struct ag_k_column { /* a super-block of the column */
    _Alignas(AG_LINE) int8_t values[AG_PAIRS][64]; /* Q4_K: parts 0 and 2, 1 and 3, 4 and 6, 5 and 7 of 32 numbers each, as its nibbles lie */
    int16_t sums[QK_K / 16];                       /* of each 16 numbers; Q4_K: of each 32 */
    float scale;
};

static void ag_k_spread_column(const block_q8_K * column, int64_t blocks, bool four, struct ag_k_column * to) {
    memset(to, 0, (size_t) blocks * sizeof *to);
    for (int64_t b = 0; b < blocks; b++) {
        for (int part = 0; part < QK_K / 32; part++) {
            const int pair = four ? part / 4 * 2 + part % 2 : part / 2, half = four ? part / 2 % 2 : part % 2;
            memcpy(to[b].values[pair] + 32 * half, column[b].qs + 32 * part, 32);
        }
        for (int part = 0; part < QK_K / 16; part++) {
            int16_t * sum = to[b].sums + (four ? part / 2 : part);
            *sum = (int16_t) (*sum + column[b].bsums[part]);
        }
        to[b].scale = column[b].d;
    }
}

/* The eight scales of six bits of a super-block that begins like this, and the eight numbers to subtract, behind them. */
static inline __attribute__((always_inline)) __m256i ag_k_scales(__m128i head) {
    const __m128i lower = _mm_shuffle_epi8(head, _mm_setr_epi8(4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
    const __m128i upper = _mm_shuffle_epi8(head, _mm_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11));
    const __m128i four = _mm_and_si128(_mm_srlv_epi32(lower, _mm_setr_epi32(0, 0, 0, 4)), _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
    return _mm256_cvtepu8_epi16(_mm_or_si128(four, _mm_and_si128(_mm_srli_epi32(upper, 2), _mm_set1_epi8(0x30))));
}

static inline __attribute__((always_inline)) float ag_q4_k_row(const char * row, const struct ag_k_column * column, int64_t blocks) {
    const __m512i low = _mm512_set1_epi8(15);
    __m512 sum = _mm512_setzero_ps();
    __m128 less = _mm_setzero_ps();
    for (int64_t b = 0; b < blocks; b++, row += sizeof(block_q4_K), column++) {
        const __m128i head = _mm_loadu_si128((const __m128i *) row);
        const __m256i scales = ag_k_scales(head);
        const __m512i spread = _mm512_castsi256_si512(scales);
        const __m512i first = _mm512_loadu_si512(row + offsetof(block_q4_K, qs)), second = _mm512_loadu_si512(row + offsetof(block_q4_K, qs) + 64);
        __m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
        even = ag_k_scaled(even, _mm512_and_si512(first, low), column->values[0], spread, ag_k_two(0, 2));
        odd = ag_k_scaled(odd, _mm512_and_si512(_mm512_srli_epi16(first, 4), low), column->values[1], spread, ag_k_two(1, 3));
        even = ag_k_scaled(even, _mm512_and_si512(second, low), column->values[2], spread, ag_k_two(4, 6));
        odd = ag_k_scaled(odd, _mm512_and_si512(_mm512_srli_epi16(second, 4), low), column->values[3], spread, ag_k_two(5, 7));
        const __m128 scale = _mm_mul_ps(_mm_cvtph_ps(head), _mm_set1_ps(column->scale)); /* and of what is subtracted, behind it */
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(even, odd)), _mm512_broadcastss_ps(scale), sum);
        const __m128i subtracted = _mm_madd_epi16(_mm256_extracti128_si256(scales, 1), _mm_loadu_si128((const __m128i *) column->sums));
        less = _mm_fmadd_ps(_mm_cvtepi32_ps(subtracted), _mm_permute_ps(scale, 0x55), less);
    }
    return _mm512_reduce_add_ps(_mm512_sub_ps(sum, _mm512_zextps128_ps512(less)));
}

static inline __attribute__((always_inline)) float ag_q6_k_row(const char * row, const struct ag_k_column * column, int64_t blocks) {
    const __m512i low = _mm512_set1_epi8(15), upper = _mm512_set1_epi8(0x30);
    __m512 sum = _mm512_setzero_ps();
    for (int64_t b = 0; b < blocks; b++, row += sizeof(block_q6_K), column++) {
        const __m256i scales = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *) (row + offsetof(block_q6_K, scales))));
        const __m512i spread = _mm512_castsi256_si512(scales);
        /* its numbers are taken 32 higher */
        const __m256i higher = _mm256_slli_epi32(_mm256_madd_epi16(scales, _mm256_loadu_si256((const __m256i *) column->sums)), 5);
        __m512i even = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_zextsi256_si512(higher)), odd = _mm512_setzero_si512();
        for (int side = 0; side < 2; side++) {
            const __m512i in = _mm512_loadu_si512(row + offsetof(block_q6_K, ql) + 64 * side);
            const __m512i high = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) (row + offsetof(block_q6_K, qh) + 32 * side)));
            /* the two upper bits of these numbers, moved to where they count 16 and 32 */
            const __m512i bits = _mm512_and_si512(_mm512_sllv_epi64(high, _mm512_setr_epi64(4, 4, 4, 4, 2, 2, 2, 2)), upper);
            const __m512i bits_odd = _mm512_and_si512(_mm512_srlv_epi64(high, _mm512_setr_epi64(0, 0, 0, 0, 2, 2, 2, 2)), upper);
            even = ag_k_scaled(even, _mm512_or_si512(_mm512_and_si512(in, low), bits), column->values[2 * side], spread, ag_k_four(8 * side));
            odd = ag_k_scaled(odd, _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(in, 4), low), bits_odd), column->values[2 * side + 1],
                    spread, ag_k_four(8 * side + 4));
        }
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(even, odd)),
                _mm512_set1_ps(ag_half_at(row + offsetof(block_q6_K, d)) * column->scale), sum);
    }
    return _mm512_reduce_add_ps(sum);
}

/* Rows from first to last of weights times one column. False: the weights are of another type, nothing was done. */
static bool ag_k_rows_times(const struct ggml_tensor * weights, const block_q8_K * column, int64_t first, int64_t last, float * out) {
    if (weights->type != GGML_TYPE_Q4_K && weights->type != GGML_TYPE_Q6_K) {
        return false;
    }
    const int64_t blocks = weights->ne[0] / QK_K;
    struct ag_k_column * spread = (struct ag_k_column *) ag_room((size_t) blocks * sizeof *spread);
    ag_k_spread_column(column, blocks, weights->type == GGML_TYPE_Q4_K, spread);
    for (int64_t row = first; row < last; row++) {
        const char * from = (const char *) weights->data + row * (int64_t) weights->nb[1];
        out[row] = weights->type == GGML_TYPE_Q4_K ? ag_q4_k_row(from, spread, blocks) : ag_q6_k_row(from, spread, blocks);
    }
    return true;
}

#endif
