/* One column times weights of four, five or eight bits in blocks of 32 (Q4_0, Q5_0, Q8_0): a token of a transcript that is
 * written. Part of q8_matmul.h, whose packing pays for several columns only: for one, each row is read once, as it lies in
 * the file, two blocks in a register, and the memory sets the pace. */
#ifndef AISERVER_Q8_ROWS_H
#define AISERVER_Q8_ROWS_H

#include "ggml.h"
#include "ggml-common.h"
#include "thread_room.h"
#include "turn_rows.h"

#include <immintrin.h>
#include <string.h>

enum { AG_BLOCK = 32 };

struct ag_two { /* two blocks of the column; in [..][0] and the lanes below 8 the first */
    int8_t values[2][AG_BLOCK];
    int32_t begins[AG_LANES]; /* what weights that are taken as unsigned count too much; in a lane of each block */
    float scales[AG_LANES];
};

static inline int32_t ag_offset(enum ggml_type type) {
    return type == GGML_TYPE_Q5_0 ? 16 : type == GGML_TYPE_Q4_0 ? 8 : 128;
}

/* Behind the last of an odd number of blocks there is one of zeros. */
static void ag_spread_column(const block_q8_0 * column, int64_t blocks, enum ggml_type type, struct ag_two * to) {
    memset(to, 0, (size_t) ((blocks + 1) / 2) * sizeof *to);
    for (int64_t b = 0; b < blocks; b++) {
        struct ag_two * two = to + b / 2;
        const int half = (int) (b % 2);
        int32_t sum = 0;
        for (int i = 0; i < AG_BLOCK; i++) {
            sum += column[b].qs[i];
        }
        memcpy(two->values[half], column[b].qs, AG_BLOCK);
        two->begins[half * AG_LANES / 2] = -ag_offset(type) * sum;
        _mm256_store_ps(two->scales + half * AG_LANES / 2, _mm256_set1_ps(_cvtsh_ss(column[b].d)));
    }
}

/* Two blocks' numbers, higher by ag_offset. */
static inline __attribute__((always_inline)) __m512i ag_two_blocks(const char * one, const char * two, const enum ggml_type type) {
    if (type == GGML_TYPE_Q8_0) {
        const size_t at = offsetof(block_q8_0, qs);
        const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *) (one + at))),
                _mm256_loadu_si256((const __m256i *) (two + at)), 1);
        return _mm512_xor_si512(both, _mm512_set1_epi8((char) 128));
    }
    const size_t at = type == GGML_TYPE_Q5_0 ? offsetof(block_q5_0, qs) : offsetof(block_q4_0, qs);
    const __m256i pair = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *) (one + at))),
            _mm_loadu_si128((const __m128i *) (two + at)), 1);
    const __m512i twice = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 1, 0, 1, 2, 3, 2, 3), _mm512_castsi256_si512(pair));
    const __m512i low = _mm512_and_si512(_mm512_srlv_epi64(twice, _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4)), _mm512_set1_epi8(15));
    if (type == GGML_TYPE_Q4_0) {
        return low;
    }
    uint32_t fifth[2];
    memcpy(fifth, one + offsetof(block_q5_0, qh), sizeof *fifth);
    memcpy(fifth + 1, two + offsetof(block_q5_0, qh), sizeof *fifth);
    return _mm512_mask_add_epi8(low, (__mmask64) fifth[1] << 32 | fifth[0], low, _mm512_set1_epi8(16));
}

static inline __attribute__((always_inline)) float ag_row_times(const char * row, const struct ag_two * column, int64_t blocks,
        const enum ggml_type type, const size_t size) {
    __m512 sum = _mm512_setzero_ps();
    for (int64_t b = 0; b < blocks; b += 2, column++, row += 2 * size) {
        const char * next = b + 1 < blocks ? row + size : row; /* behind the last: any numbers, times zero */
        const __m512i products = _mm512_dpbusd_epi32(_mm512_load_si512(column->begins), ag_two_blocks(row, next, type),
                _mm512_loadu_si512(column->values));
        uint16_t one, two; /* every type has its scale first */
        memcpy(&one, row, sizeof one);
        memcpy(&two, next, sizeof two);
        const __m256i scales = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_set1_epi16((short) one)), _mm_set1_epi16((short) two), 1);
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), _mm512_mul_ps(_mm512_cvtph_ps(scales), _mm512_load_ps(column->scales)), sum);
    }
    return _mm512_reduce_add_ps(sum);
}

static inline __attribute__((always_inline)) void ag_rows_times(const struct ggml_tensor * weights, const struct ag_two * column,
        int64_t first, int64_t last, float * out, const enum ggml_type type, const size_t size) {
    for (int64_t row = first; row < last; row++) {
        out[row] = ag_row_times((const char *) weights->data + row * (int64_t) weights->nb[1], column, weights->ne[0] / AG_BLOCK, type, size);
    }
}

/* Rows from first to last of weights times one column. */
static void ag_q8_rows(const struct ggml_tensor * weights, const block_q8_0 * column, int64_t first, int64_t last, float * out) {
    const int64_t blocks = weights->ne[0] / AG_BLOCK;
    struct ag_two * spread = (struct ag_two *) ag_room((size_t) ((blocks + 1) / 2) * sizeof(struct ag_two));
    ag_spread_column(column, blocks, weights->type, spread);
    switch (weights->type) {
        case GGML_TYPE_Q4_0: ag_rows_times(weights, spread, first, last, out, GGML_TYPE_Q4_0, sizeof(block_q4_0)); break;
        case GGML_TYPE_Q5_0: ag_rows_times(weights, spread, first, last, out, GGML_TYPE_Q5_0, sizeof(block_q5_0)); break;
        default: ag_rows_times(weights, spread, first, last, out, GGML_TYPE_Q8_0, sizeof(block_q8_0)); break;
    }
}

#endif
