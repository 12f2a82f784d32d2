/* Weights of eight bits (Q8_0) times many columns: the encoder of a speech model, a prompt, a step of a picture. Compiled
 * into ggml's CPU backend: native/llama.sed calls it once the columns are quantised, in place of a kernel that does half as
 * much on processors with AVX512-VNNI. Elsewhere, and for any other shape, nothing is done.
 *
 * Weights and columns are blocks of 32 numbers from -127 to 127 with a scale. The instruction multiplies unsigned with
 * signed bytes, so weights are taken 128 higher, and 128 times the sum of a column's block is what a sum begins below.
 * Threads share the rows; each packs 64 columns at a time for itself, so that a register holds 16 columns' next four
 * numbers, and lets all of its rows pass by them, four by four. */
#ifndef AISERVER_Q8_MATMUL_H
#define AISERVER_Q8_MATMUL_H

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) && defined(__F16C__)
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

enum { AG_BLOCK = 32, AG_QUADS = AG_BLOCK / 4, AG_LANES = 16, AG_TILES = 4, AG_COLUMNS = AG_TILES * AG_LANES, AG_FEW = 16 };

struct ag_block { /* Q8_0, as ggml keeps it */
    uint16_t scale;
    int8_t values[AG_BLOCK];
};

struct ag_packed { /* a block of 16 columns */
    int8_t values[AG_QUADS][AG_LANES][4];
    int32_t begins[AG_LANES];
    float scales[AG_LANES];
};

_Static_assert(sizeof(struct ag_block) == 34, "a block of Q8_0");
_Static_assert(sizeof(struct ag_packed) % 64 == 0, "a packed block fills cache lines");

/* Packed columns of this thread: [tile][block]; grows, and lives as long as the thread. */
static struct ag_packed * ag_packing_room(int64_t blocks) {
    static _Thread_local struct ag_packed * room;
    static _Thread_local int64_t held;
    if (held < blocks) {
        free(room);
        held = 0;
        room = (struct ag_packed *) aligned_alloc(64, (size_t) blocks * AG_TILES * sizeof(struct ag_packed));
        GGML_ASSERT(room != NULL && "no memory to pack columns");
        held = blocks;
    }
    return room;
}

static void ag_pack(const char * columns, size_t stride, int64_t count, int64_t blocks, struct ag_packed * packed) {
    for (int64_t tile = 0; tile * AG_LANES < count; tile++) {
        for (int64_t b = 0; b < blocks; b++) {
            struct ag_packed * to = packed + tile * blocks + b;
            for (int lane = 0; lane < AG_LANES; lane++) {
                const int64_t column = tile * AG_LANES + lane;
                if (column >= count) {
                    for (int quad = 0; quad < AG_QUADS; quad++) {
                        memset(to->values[quad][lane], 0, 4);
                    }
                    to->begins[lane] = 0;
                    to->scales[lane] = 0;
                    continue;
                }
                const struct ag_block * from = (const struct ag_block *) (columns + (size_t) column * stride) + b;
                for (int quad = 0; quad < AG_QUADS; quad++) {
                    memcpy(to->values[quad][lane], from->values + 4 * quad, 4);
                }
                const __m256i values = _mm256_loadu_si256((const __m256i *) from->values);
                const __m256i sums = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1), values);
                const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
                const __m128i pair = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
                to->begins[lane] = -128 * (_mm_cvtsi128_si32(pair) + _mm_extract_epi32(pair, 1));
                to->scales[lane] = _cvtsh_ss(from->scale);
            }
        }
    }
}

/* Four rows times two tiles of columns. */
static void ag_multiply(const struct ag_block * const rows[4], const struct ag_packed * one, const struct ag_packed * two,
        int64_t blocks, float out[4][2][AG_LANES]) {
    __m512 sums[4][2];
    for (int r = 0; r < 4; r++) {
        sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    }
    for (int64_t b = 0; b < blocks; b++, one++, two++) {
        int32_t weights[4][AG_QUADS] __attribute__((aligned(32)));
        __m512i part[4][2];
        for (int r = 0; r < 4; r++) {
            const __m256i values = _mm256_loadu_si256((const __m256i *) rows[r][b].values);
            _mm256_store_si256((__m256i *) weights[r], _mm256_xor_si256(values, _mm256_set1_epi8((char) 0x80)));
            part[r][0] = _mm512_load_si512(one->begins);
            part[r][1] = _mm512_load_si512(two->begins);
        }
        for (int quad = 0; quad < AG_QUADS; quad++) {
            const __m512i in_one = _mm512_load_si512(one->values[quad]), in_two = _mm512_load_si512(two->values[quad]);
            for (int r = 0; r < 4; r++) {
                const __m512i weight = _mm512_set1_epi32(weights[r][quad]);
                part[r][0] = _mm512_dpbusd_epi32(part[r][0], weight, in_one);
                part[r][1] = _mm512_dpbusd_epi32(part[r][1], weight, in_two);
            }
        }
        const __m512 scale_one = _mm512_load_ps(one->scales), scale_two = _mm512_load_ps(two->scales);
        for (int r = 0; r < 4; r++) {
            const __m512 scale = _mm512_set1_ps(_cvtsh_ss(rows[r][b].scale));
            sums[r][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(part[r][0]), _mm512_mul_ps(scale, scale_one), sums[r][0]);
            sums[r][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(part[r][1]), _mm512_mul_ps(scale, scale_two), sums[r][1]);
        }
    }
    for (int r = 0; r < 4; r++) {
        _mm512_store_ps(out[r][0], sums[r][0]);
        _mm512_store_ps(out[r][1], sums[r][1]);
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
    const int64_t count = src1->ne[1], blocks = src0->ne[0] / AG_BLOCK, fours = (src0->ne[1] + 3) / 4;
    const int64_t first = 4 * (fours * thread / threads), last = 4 * (fours * (thread + 1) / threads);
    struct ag_packed * packed = ag_packing_room(blocks);
    for (int64_t column = 0; column < count; column += AG_COLUMNS) {
        const int64_t here = count - column < AG_COLUMNS ? count - column : AG_COLUMNS;
        ag_pack(columns + (size_t) column * stride, stride, here, blocks, packed);
        for (int64_t row = first; row < last; row += 4) {
            const struct ag_block * rows[4];
            const int64_t real = src0->ne[1] - row < 4 ? src0->ne[1] - row : 4;
            for (int64_t r = 0; r < 4; r++) {
                rows[r] = (const struct ag_block *) ((const char *) src0->data + (row + (r < real ? r : 0)) * (int64_t) src0->nb[1]);
            }
            for (int64_t tile = 0; tile * AG_LANES < here; tile += 2) {
                float out[4][2][AG_LANES] __attribute__((aligned(64)));
                const int64_t lanes = here - tile * AG_LANES < 2 * AG_LANES ? here - tile * AG_LANES : 2 * AG_LANES;
                const struct ag_packed * one = packed + tile * blocks;
                ag_multiply(rows, one, lanes > AG_LANES ? one + blocks : one, blocks, out);
                for (int64_t lane = 0; lane < lanes; lane++) {
                    float * to = (float *) ((char *) dst->data + (column + tile * AG_LANES + lane) * (int64_t) dst->nb[1]) + row;
                    for (int64_t r = 0; r < real; r++) {
                        to[r] = out[r][lane / AG_LANES][lane % AG_LANES];
                    }
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
