/* Weights of eight bits (Q8_0) times many columns: the encoder of a speech model, a prompt, a step of a picture. Compiled
 * into ggml's CPU backend: native/llama.sed calls it once the columns are quantised, in place of a kernel that does a
 * quarter as much on processors with AVX512-VNNI. Elsewhere, and for any other shape, nothing is done.
 *
 * Weights and columns are blocks of 32 numbers from -127 to 127 with a scale. The instruction multiplies unsigned with
 * signed bytes, so weights are taken 128 higher, and minus 128 times the sum of a column's block is where its sum begins.
 * Threads share the rows. Each packs 32 rows at a time, so that a register holds 16 rows' next four numbers, and lets the
 * columns pass by them, six by six: twelve sums of integers and twelve of the scaled ones fill the registers, and a column's
 * four numbers are spread to all lanes by the multiplication itself. */
#ifndef AISERVER_Q8_MATMUL_H
#define AISERVER_Q8_MATMUL_H

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) && defined(__F16C__)
#include "thread_room.h"

#include <immintrin.h>
#include <string.h>

enum { AG_BLOCK = 32, AG_QUADS = AG_BLOCK / 4, AG_LANES = 16, AG_ROWS = 2 * AG_LANES, AG_SIX = 6, AG_FEW = 16 };
/* Columns that pass by one packing of the weights: enough that packing costs little, and what is known of them stays
 * in the second cache. */
enum { AG_PASS = 64 * AG_SIX };

struct ag_block { /* Q8_0, as ggml keeps it */
    uint16_t scale;
    int8_t values[AG_BLOCK];
};

struct ag_rows { /* a block of 32 rows, 128 higher */
    uint8_t values[AG_QUADS][2][AG_LANES][4];
    float scales[2][AG_LANES];
};

struct ag_column { /* what a block of a column needs besides its numbers */
    int32_t begin;
    float scale;
};

_Static_assert(sizeof(struct ag_block) == 34, "a block of Q8_0");
_Static_assert(sizeof(struct ag_rows) % 64 == 0, "packed rows fill cache lines");

/* The 16 rows' eight quads: 16 registers of a row's block become 8 of 16 rows' quad. */
static inline __attribute__((always_inline)) void ag_turn(const struct ag_block * const rows[AG_LANES], int64_t b, struct ag_rows * to,
        int half) {
    __m512i in[AG_QUADS], mid[AG_QUADS];
    /* two rows to a register: row i below, row i + 8 above; then lanes of four by four are turned within each half */
    for (int i = 0; i < AG_QUADS; i++) {
        in[i] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *) rows[i][b].values)),
                _mm256_loadu_si256((const __m256i *) rows[i + 8][b].values), 1);
    }
    for (int i = 0; i < AG_QUADS; i += 2) {
        mid[i] = _mm512_unpacklo_epi32(in[i], in[i + 1]);
        mid[i + 1] = _mm512_unpackhi_epi32(in[i], in[i + 1]);
    }
    for (int i = 0; i < AG_QUADS; i += 4) {
        in[i] = _mm512_unpacklo_epi64(mid[i], mid[i + 2]);
        in[i + 1] = _mm512_unpackhi_epi64(mid[i], mid[i + 2]);
        in[i + 2] = _mm512_unpacklo_epi64(mid[i + 1], mid[i + 3]);
        in[i + 3] = _mm512_unpackhi_epi64(mid[i + 1], mid[i + 3]);
    }
    /* in[q] holds rows 0-3's quads q and q + 4 (below), rows 8-11's (above); in[q + 4] the same of rows 4-7 and 12-15 */
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    for (int q = 0; q < 4; q++) {
        const __m512i up = _mm512_set1_epi8((char) 0x80);
        _mm512_store_si512(to->values[q][half], _mm512_xor_si512(_mm512_permutex2var_epi64(in[q], low, in[q + 4]), up));
        _mm512_store_si512(to->values[q + 4][half], _mm512_xor_si512(_mm512_permutex2var_epi64(in[q], high, in[q + 4]), up));
    }
    for (int i = 0; i < AG_LANES; i++) {
        to->scales[half][i] = _cvtsh_ss(rows[i][b].scale);
    }
}

/* Rows `row` and the following 31; behind the last one it is repeated. */
static void ag_pack_rows(const struct ggml_tensor * weights, int64_t row, int64_t blocks, struct ag_rows * to) {
    for (int half = 0; half < 2; half++) {
        const struct ag_block * rows[AG_LANES];
        for (int i = 0; i < AG_LANES; i++) {
            int64_t at = row + half * AG_LANES + i;
            at = at < weights->ne[1] ? at : weights->ne[1] - 1;
            rows[i] = (const struct ag_block *) ((const char *) weights->data + at * (int64_t) weights->nb[1]);
        }
        for (int64_t b = 0; b < blocks; b++) {
            ag_turn(rows, b, to + b, half);
        }
    }
}

static void ag_know_column(const struct ag_block * column, int64_t blocks, struct ag_column * to) {
    for (int64_t b = 0; b < blocks; b++) {
        const __m256i values = _mm256_loadu_si256((const __m256i *) column[b].values);
        const __m256i sums = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8((char) 0x80), values);
        const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        const __m128i pair = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
        to[b].begin = -(_mm_cvtsi128_si32(pair) + _mm_extract_epi32(pair, 1));
        to[b].scale = _cvtsh_ss(column[b].scale);
    }
}

/* 32 packed rows times `count` columns, at most six. */
static inline __attribute__((always_inline)) void ag_times(const struct ag_rows * rows, const struct ag_block * const columns[AG_SIX],
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
                memcpy(&four, columns[c][b].values + 4 * quad, sizeof four);
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
    if (src0->type != GGML_TYPE_Q8_0 || src1->type != GGML_TYPE_F32 || src0->ne[2] != 1 || src0->ne[3] != 1 || src1->ne[2] != 1
            || src1->ne[3] != 1 || src1->ne[1] < AG_FEW || dst->nb[0] != sizeof(float)) {
        return false;
    }
    const int64_t count = src1->ne[1], blocks = src0->ne[0] / AG_BLOCK, panels = (src0->ne[1] + AG_ROWS - 1) / AG_ROWS;
    const int64_t first = panels * thread / threads, last = panels * (thread + 1) / threads;
    struct ag_rows * packed = (struct ag_rows *) ag_room((size_t) blocks * (sizeof(struct ag_rows) + AG_PASS * sizeof(struct ag_column)));
    struct ag_column * known = (struct ag_column *) (packed + blocks);
    for (int64_t pass = 0; pass < count; pass += AG_PASS) {
        const int64_t here = count - pass < AG_PASS ? count - pass : AG_PASS;
        for (int64_t c = 0; c < here; c++) {
            ag_know_column((const struct ag_block *) (columns + (size_t) (pass + c) * stride), blocks, known + c * blocks);
        }
        for (int64_t panel = first; panel < last; panel++) {
            const int64_t row = panel * AG_ROWS, rest = src0->ne[1] - row;
            const __mmask32 real = rest < AG_ROWS ? (1u << rest) - 1 : ~0u;
            ag_pack_rows(src0, row, blocks, packed);
            for (int64_t six = 0; six < here; six += AG_SIX) {
                const struct ag_block * from[AG_SIX];
                const struct ag_column * of[AG_SIX];
                float * to[AG_SIX];
                const int64_t these = here - six < AG_SIX ? here - six : AG_SIX;
                for (int64_t c = 0; c < these; c++) {
                    const int64_t column = pass + six + c;
                    from[c] = (const struct ag_block *) (columns + (size_t) column * stride);
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
