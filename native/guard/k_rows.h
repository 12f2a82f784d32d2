/* One column times weights of four or six bits in super-blocks of 256 (Q4_K, Q6_K): a token of an answer that is written.
 * Part of k_matmul.h, whose unpacking pays for several columns only: for one, each row is read once, as it lies in the file,
 * two parts of 32 in a register. */
#ifndef AISERVER_K_ROWS_H
#define AISERVER_K_ROWS_H

#include "ggml.h"
#include "ggml-common.h"
#include "thread_room.h"
#include "turn_rows.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

enum { AG_PAIRS = QK_K / 64 };

struct ag_k_column { /* a super-block of the column */
    _Alignas(AG_LINE) int8_t values[AG_PAIRS][64];
    int32_t begins[AG_PAIRS][AG_LANES]; /* Q6_K, whose numbers are taken 32 higher: minus 32 times each 16 numbers */
    int16_t sums[QK_K / 32];            /* Q4_K, which subtracts: of each 32 numbers */
    float scale;
};

static void ag_k_spread_column(const block_q8_K * column, int64_t blocks, struct ag_k_column * to) {
    memset(to, 0, (size_t) blocks * sizeof *to);
    for (int64_t b = 0; b < blocks; b++) {
        memcpy(to[b].values, column[b].qs, QK_K);
        for (int part = 0; part < QK_K / 16; part++) {
            to[b].begins[part / 4][part % 4 * 4] = -32 * column[b].bsums[part];
            to[b].sums[part / 2] = (int16_t) (to[b].sums[part / 2] + column[b].bsums[part]);
        }
        to[b].scale = column[b].d;
    }
}

static inline float ag_half_at(const char * from) {
    uint16_t half;
    memcpy(&half, from, sizeof half);
    return _cvtsh_ss(half);
}

/* Eight scales of six bits, and eight numbers to subtract, behind them. */
static inline __attribute__((always_inline)) __m128i ag_k_scales(const uint8_t * packed) {
    uint32_t in[3];
    memcpy(in, packed, sizeof in);
    return _mm_setr_epi32((int) (in[0] & 0x3f3f3f3f), (int) ((in[2] & 0x0f0f0f0f) | (in[0] >> 6 & 0x03030303) << 4),
            (int) (in[1] & 0x3f3f3f3f), (int) ((in[2] >> 4 & 0x0f0f0f0f) | (in[1] >> 6 & 0x03030303) << 4));
}

static inline __attribute__((always_inline)) float ag_q4_k_row(const char * row, const struct ag_k_column * column, int64_t blocks) {
    const __m512i shifts = _mm512_setr_epi64(0, 0, 0, 0, 4, 4, 4, 4), low = _mm512_set1_epi8(15);
    const __m128i begin = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), two = _mm_set1_epi8(2);
    __m512 sum = _mm512_setzero_ps();
    __m128 less = _mm_setzero_ps();
    for (int64_t b = 0; b < blocks; b++, row += sizeof(block_q4_K), column++) {
        const __m128i scales = ag_k_scales((const uint8_t *) row + offsetof(block_q4_K, scales));
        __m128i place = begin;
        __m512i all = _mm512_setzero_si512();
        for (int pair = 0; pair < AG_PAIRS; pair++) {
            const __m512i twice = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) (row + offsetof(block_q4_K, qs) + 32 * pair)));
            const __m512i values = _mm512_and_si512(_mm512_srlv_epi64(twice, shifts), low);
            const __m512i products = _mm512_dpbusd_epi32(_mm512_setzero_si512(), values, _mm512_loadu_si512(column->values[pair]));
            all = _mm512_add_epi32(all, _mm512_mullo_epi32(products, _mm512_cvtepu8_epi32(_mm_shuffle_epi8(scales, place))));
            place = _mm_add_epi8(place, two);
        }
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(all), _mm512_set1_ps(ag_half_at(row) * column->scale), sum);
        const __m128i subtracted = _mm_madd_epi16(_mm_cvtepu8_epi16(_mm_unpackhi_epi64(scales, scales)),
                _mm_loadu_si128((const __m128i *) column->sums));
        less = _mm_fmadd_ps(_mm_cvtepi32_ps(subtracted), _mm_set1_ps(ag_half_at(row + offsetof(block_q4_K, dmin)) * column->scale), less);
    }
    return _mm512_reduce_add_ps(_mm512_sub_ps(sum, _mm512_zextps128_ps512(less)));
}

static inline __attribute__((always_inline)) float ag_q6_k_row(const char * row, const struct ag_k_column * column, int64_t blocks) {
    const __m512i low = _mm512_set1_epi8(15), upper = _mm512_set1_epi8(0x30);
    const __m128i begin = _mm_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3), four = _mm_set1_epi8(4);
    __m512 sum = _mm512_setzero_ps();
    for (int64_t b = 0; b < blocks; b++, row += sizeof(block_q6_K), column++) {
        const __m128i scales = _mm_loadu_si128((const __m128i *) (row + offsetof(block_q6_K, scales)));
        __m128i place = begin;
        __m512i all = _mm512_setzero_si512();
        for (int side = 0; side < 2; side++) {
            const __m512i in = _mm512_loadu_si512(row + offsetof(block_q6_K, ql) + 64 * side);
            const __m512i high = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *) (row + offsetof(block_q6_K, qh) + 32 * side)));
            for (int pair = 0; pair < 2; pair++) { /* the two upper bits of these numbers, moved to where they count 16 and 32 */
                const __m512i bits = pair == 0 ? _mm512_rolv_epi64(high, _mm512_setr_epi64(4, 4, 4, 4, 2, 2, 2, 2))
                        : _mm512_rorv_epi64(high, _mm512_setr_epi64(0, 0, 0, 0, 2, 2, 2, 2));
                const __m512i values = _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi64(in, (unsigned) (4 * pair)), low),
                        _mm512_and_si512(bits, upper));
                const __m512i products = _mm512_dpbusd_epi32(_mm512_load_si512(column->begins[2 * side + pair]), values,
                        _mm512_loadu_si512(column->values[2 * side + pair]));
                all = _mm512_add_epi32(all, _mm512_mullo_epi32(products, _mm512_cvtepi8_epi32(_mm_shuffle_epi8(scales, place))));
                place = _mm_add_epi8(place, four);
            }
        }
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(all), _mm512_set1_ps(ag_half_at(row + offsetof(block_q6_K, d)) * column->scale), sum);
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
    ag_k_spread_column(column, blocks, spread);
    for (int64_t row = first; row < last; row++) {
        const char * from = (const char *) weights->data + row * (int64_t) weights->nb[1];
        out[row] = weights->type == GGML_TYPE_Q4_K ? ag_q4_k_row(from, spread, blocks) : ag_q6_k_row(from, spread, blocks);
    }
    return true;
}

#endif
