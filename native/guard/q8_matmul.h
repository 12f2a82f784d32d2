/* Weights of four, five or eight bits in blocks of 32 (Q4_0, Q5_0, Q8_0) times columns: a speech model, a step of a picture.
 * Compiled into ggml's CPU backend: native/llama.sed calls it once the columns are quantised (Q8_0), in place of a kernel
 * that does a quarter as much on processors with AVX512-VNNI. Elsewhere, and for any other shape, nothing is done.
 *
 * The instruction multiplies unsigned with signed bytes, so weights are taken 128 higher, and minus 128 times the sum of a
 * column's block is where its sum begins. Threads share the rows. Each packs 32 rows at a time, so that a register holds 16
 * rows' next four numbers, and lets the columns pass by them, six by six: twelve sums of integers and twelve of the scaled
 * ones fill the registers, and a column's four numbers are spread to all lanes by the multiplication itself. One column
 * alone is not worth the packing: see q8_rows.h. */
#ifndef AISERVER_Q8_MATMUL_H
#define AISERVER_Q8_MATMUL_H

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) && defined(__F16C__)
#define GGML_COMMON_DECL_C
#include "ggml-common.h"
#include "q8_rows.h"
#include "thread_room.h"
#include "turn_rows.h"

#include <immintrin.h>
#include <string.h>

enum { AG_ROWS = 2 * AG_LANES, AG_SIX = 6 };
/* Columns that pass by one packing of the weights: enough that packing costs little, and what is known of them stays
 * in the second cache. */
enum { AG_PASS = 64 * AG_SIX };

struct ag_rows { /* a block of 32 rows, 128 higher */
    uint8_t values[AG_QUADS][2][AG_LANES][4];
    float scales[2][AG_LANES];
};

struct ag_column { /* what a block of a column needs besides its numbers */
    int32_t begin;
    float scale;
};

_Static_assert(sizeof(block_q8_0) == 34 && sizeof(block_q4_0) == 18 && sizeof(block_q5_0) == 22, "blocks as ggml keeps them");
_Static_assert(sizeof(struct ag_rows) % 64 == 0, "packed rows fill cache lines");

/* A block of 16 rows, 128 higher; every type has its scale first. */
static inline __attribute__((always_inline)) void ag_pack_block(const char * const rows[AG_LANES], ptrdiff_t at, enum ggml_type type,
        struct ag_rows * to, int half) {
    __m512i in[AG_QUADS];
    if (type == GGML_TYPE_Q8_0) {
        ag_turn(rows, at + (ptrdiff_t) offsetof(block_q8_0, qs), in);
        for (int quad = 0; quad < AG_QUADS; quad++) {
            in[quad] = _mm512_xor_si512(in[quad], _mm512_set1_epi8((char) 128));
        }
    } else {
        const bool five = type == GGML_TYPE_Q5_0;
        __m512i pairs[AG_QUADS / 2], fifth = _mm512_setzero_si512();
        ag_turn_heads(rows, at + (ptrdiff_t) (five ? offsetof(block_q5_0, qs) : offsetof(block_q4_0, qs)), pairs);
        if (five) {
            int32_t bits[AG_LANES];
            for (int i = 0; i < AG_LANES; i++) {
                memcpy(bits + i, rows[i] + at + offsetof(block_q5_0, qh), sizeof *bits);
            }
            fifth = _mm512_loadu_si512(bits);
        }
        for (int quad = 0; quad < AG_QUADS; quad++) {
            in[quad] = ag_bits(pairs[quad % 4], 4 * (quad / 4), 15);
            if (five) { /* four bits, each to its byte */
                const __m512i four = _mm512_and_si512(_mm512_srli_epi32(fifth, (unsigned) (4 * quad)), _mm512_set1_epi32(15));
                const __m512i spread = _mm512_and_si512(_mm512_mullo_epi32(four, _mm512_set1_epi32(0x00204081)), _mm512_set1_epi8(1));
                in[quad] = _mm512_or_si512(in[quad], _mm512_slli_epi32(spread, 4));
            }
            in[quad] = _mm512_add_epi8(in[quad], _mm512_set1_epi8((char) (five ? 128 - 16 : 128 - 8)));
        }
    }
    uint16_t scales[AG_LANES];
    for (int i = 0; i < AG_LANES; i++) {
        memcpy(scales + i, rows[i] + at, sizeof *scales);
    }
    for (int quad = 0; quad < AG_QUADS; quad++) {
        _mm512_store_si512(to->values[quad][half], in[quad]);
    }
    _mm512_store_ps(to->scales[half], _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) scales)));
}

/* Rows `row` and the following 31; behind the last one it is repeated. */
static inline __attribute__((always_inline)) void ag_pack_rows_of(const struct ggml_tensor * weights, enum ggml_type type, size_t size,
        int64_t row, int64_t blocks, struct ag_rows * to) {
    for (int half = 0; half < 2; half++) {
        const char * rows[AG_LANES];
        for (int i = 0; i < AG_LANES; i++) {
            int64_t at = row + half * AG_LANES + i;
            at = at < weights->ne[1] ? at : weights->ne[1] - 1;
            rows[i] = (const char *) weights->data + at * (int64_t) weights->nb[1];
        }
        for (int64_t b = 0; b < blocks; b++) {
            /* the same of the next 32 rows: so many rows side by side are more than the processor foresees by itself */
            for (int i = 0; i < AG_LANES; i++) {
                _mm_prefetch(rows[i] + AG_ROWS * weights->nb[1] + (size_t) b * size, _MM_HINT_T1);
            }
            ag_pack_block(rows, (ptrdiff_t) ((size_t) b * size), type, to + b, half);
        }
    }
}

static void ag_pack_rows(const struct ggml_tensor * weights, int64_t row, int64_t blocks, struct ag_rows * to) {
    switch (weights->type) {
        case GGML_TYPE_Q4_0: ag_pack_rows_of(weights, GGML_TYPE_Q4_0, sizeof(block_q4_0), row, blocks, to); break;
        case GGML_TYPE_Q5_0: ag_pack_rows_of(weights, GGML_TYPE_Q5_0, sizeof(block_q5_0), row, blocks, to); break;
        default: ag_pack_rows_of(weights, GGML_TYPE_Q8_0, sizeof(block_q8_0), row, blocks, to); break;
    }
}

static void ag_know_column(const block_q8_0 * column, int64_t blocks, struct ag_column * to) {
    for (int64_t b = 0; b < blocks; b++) {
        const __m256i values = _mm256_loadu_si256((const __m256i *) column[b].qs);
        const __m256i sums = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8((char) 0x80), values);
        const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        const __m128i pair = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
        to[b].begin = -(_mm_cvtsi128_si32(pair) + _mm_extract_epi32(pair, 1));
        to[b].scale = _cvtsh_ss(column[b].d);
    }
}

/* 32 packed rows times `count` columns, at most six. */
static inline __attribute__((always_inline)) void ag_times(const struct ag_rows * rows, const block_q8_0 * const columns[AG_SIX],
        const struct ag_column * const known[AG_SIX], const int count, int64_t blocks, __mmask32 real, float * const out[AG_SIX]) {
    __m512 sums[AG_SIX][2];
    for (int c = 0; c < count; c++) {
        sums[c][0] = sums[c][1] = _mm512_setzero_ps();
    }
    for (int64_t b = 0; b < blocks; b++, rows++) {
        __m512i part[AG_SIX][2];
        for (int c = 0; c < count; c++) {
            part[c][0] = part[c][1] = _mm512_set1_epi32(known[c][b].begin);
        }
        for (int quad = 0; quad < AG_QUADS; quad++) {
            const __m512i one = _mm512_load_si512(rows->values[quad][0]), two = _mm512_load_si512(rows->values[quad][1]);
            for (int c = 0; c < count; c++) {
                int32_t four;
                memcpy(&four, columns[c][b].qs + 4 * quad, sizeof four);
                const __m512i spread = _mm512_set1_epi32(four);
                part[c][0] = _mm512_dpbusd_epi32(part[c][0], one, spread);
                part[c][1] = _mm512_dpbusd_epi32(part[c][1], two, spread);
            }
        }
        const __m512 one = _mm512_load_ps(rows->scales[0]), two = _mm512_load_ps(rows->scales[1]);
        for (int c = 0; c < count; c++) {
            const __m512 scale = _mm512_set1_ps(known[c][b].scale);
            sums[c][0] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(part[c][0]), one), scale, sums[c][0]);
            sums[c][1] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(part[c][1]), two), scale, sums[c][1]);
        }
    }
    for (int c = 0; c < count; c++) {
        _mm512_mask_storeu_ps(out[c], (__mmask16) real, sums[c][0]);
        _mm512_mask_storeu_ps(out[c] + AG_LANES, (__mmask16) (real >> AG_LANES), sums[c][1]);
    }
}

/* This thread's part of dst = src0 * src1, where src1's columns are already quantised, `stride` bytes each, at `columns`.
 * False, and the same for every thread: the shape is another, nothing was done. */
static bool ag_q8_matmul(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        const char * columns, size_t stride, int thread, int threads) {
    if ((src0->type != GGML_TYPE_Q8_0 && src0->type != GGML_TYPE_Q5_0 && src0->type != GGML_TYPE_Q4_0) || src1->type != GGML_TYPE_F32 || src0->ne[2] != 1 || src0->ne[3] != 1 || src1->ne[2] != 1
            || src1->ne[3] != 1 || dst->nb[0] != sizeof(float)) {
        return false;
    }
    const int64_t count = src1->ne[1], blocks = src0->ne[0] / AG_BLOCK, panels = (src0->ne[1] + AG_ROWS - 1) / AG_ROWS;
    const int64_t first = panels * thread / threads, last = panels * (thread + 1) / threads;
    if (count == 1) {
        const int64_t end = last * AG_ROWS < src0->ne[1] ? last * AG_ROWS : src0->ne[1];
        ag_q8_rows(src0, (const block_q8_0 *) columns, first * AG_ROWS, end, (float *) dst->data);
        return true;
    }
    struct ag_rows * packed = (struct ag_rows *) ag_room((size_t) blocks * (sizeof(struct ag_rows) + AG_PASS * sizeof(struct ag_column)));
    struct ag_column * known = (struct ag_column *) (packed + blocks);
    for (int64_t pass = 0; pass < count; pass += AG_PASS) {
        const int64_t here = count - pass < AG_PASS ? count - pass : AG_PASS;
        for (int64_t c = 0; c < here; c++) {
            ag_know_column((const block_q8_0 *) (columns + (size_t) (pass + c) * stride), blocks, known + c * blocks);
        }
        for (int64_t panel = first; panel < last; panel++) {
            const int64_t row = panel * AG_ROWS, rest = src0->ne[1] - row;
            const __mmask32 real = rest < AG_ROWS ? (1u << rest) - 1 : ~0u;
            ag_pack_rows(src0, row, blocks, packed);
            for (int64_t six = 0; six < here; six += AG_SIX) {
                const block_q8_0 * from[AG_SIX];
                const struct ag_column * of[AG_SIX];
                float * to[AG_SIX];
                const int64_t these = here - six < AG_SIX ? here - six : AG_SIX;
                for (int64_t c = 0; c < these; c++) {
                    const int64_t column = pass + six + c;
                    from[c] = (const block_q8_0 *) (columns + (size_t) column * stride);
                    of[c] = known + (six + c) * blocks;
                    to[c] = (float *) ((char *) dst->data + column * (int64_t) dst->nb[1]) + row;
                }
                switch (these) {
                    case 6: ag_times(packed, from, of, 6, blocks, real, to); break;
                    case 5: ag_times(packed, from, of, 5, blocks, real, to); break;
                    case 4: ag_times(packed, from, of, 4, blocks, real, to); break;
                    case 3: ag_times(packed, from, of, 3, blocks, real, to); break;
                    case 2: ag_times(packed, from, of, 2, blocks, real, to); break;
                    default: ag_times(packed, from, of, 1, blocks, real, to); break;
                }
            }
        }
    }
    return true;
}

#else

static inline bool ag_q8_matmul(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        const char * columns, size_t stride, int thread, int threads) {
    (void) src0, (void) src1, (void) dst, (void) columns, (void) stride, (void) thread, (void) threads;
    return false;
}

#endif
#endif
