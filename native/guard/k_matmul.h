/* Weights of four to six bits in super-blocks of 256 (Q4_K, Q5_K, Q6_K) times several columns: a prompt, the orders that
 * are answered at once, a form's text between two values. Compiled into ggml's CPU backend: native/llama.sed calls it once
 * the columns are quantised (Q8_K). For weights as they lie in a file: a picture model's, and a language model's that are not
 * laid out anew (turned_weights.hpp). Faster than ggml's kernels for one column at a time. Needs AVX512-VNNI; elsewhere, and
 * for any other shape, nothing is done.
 *
 * Threads share the rows. Each unpacks a super-block of 32 rows to bytes, so that a register holds 16 rows' next four
 * numbers, and lets the columns pass by it, six by six; what has been added up for each column waits in memory for the next
 * super-block. Scales (and what Q4_K and Q5_K subtract) are a register for 16 rows. One column alone of Q4_K or Q6_K is not
 * worth the unpacking: see k_rows.h. */
#ifndef AISERVER_K_MATMUL_H
#define AISERVER_K_MATMUL_H

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) && defined(__F16C__)
#define GGML_COMMON_DECL_C
#include "ggml-common.h"
#include "k_scales.h"
#include "k_rows.h"
#include "thread_room.h"
#include "turn_rows.h"

#include <immintrin.h>
#include <string.h>

enum { AG_K_ROWS = 2 * AG_LANES, AG_K_SIX = 6, AG_K_PASS = 32 * AG_K_SIX, AG_SUBS = QK_K / 32, AG_PARTS = QK_K / 16 };

struct ag_k_rows { /* a super-block of 32 rows; [..][0] the first 16 of them */
    uint8_t values[AG_SUBS][AG_QUADS][2][AG_LANES][4];
    float scales[AG_PARTS][2][AG_LANES]; /* Q6_K: of each 16 numbers; others: of each 32 in the first eight */
    float less[AG_SUBS][2][AG_LANES];    /* what Q4_K and Q5_K subtract for each 32 */
};

_Static_assert(sizeof(struct ag_k_rows) % 64 == 0, "unpacked rows fill cache lines");
_Static_assert(sizeof(block_q4_K) == 144 && sizeof(block_q5_K) == 176 && sizeof(block_q6_K) == 210 && sizeof(block_q8_K) == 292,
        "super-blocks as ggml keeps them");

static inline __attribute__((always_inline)) void ag_unpack_heads(const char * const rows[AG_LANES], int half, struct ag_k_rows * to) {
    __m512i in[4];
    ag_turn_heads(rows, 0, in);
    const struct ag_k_heads heads = ag_k_heads_of(in);
    for (int sub = 0; sub < AG_SUBS; sub++) {
        _mm512_store_ps(to->scales[sub][half], ag_k_scale(&heads, sub));
        _mm512_store_ps(to->less[sub][half], ag_k_less(&heads, sub));
    }
}

static inline __attribute__((always_inline)) void ag_unpack_q4_5(const char * const rows[AG_LANES], const bool five, int half, struct ag_k_rows * to) {
    ag_unpack_heads(rows, half, to);
    __m512i fifth[AG_QUADS];
    if (five) {
        ag_turn(rows, offsetof(block_q5_K, qh), fifth);
    }
    for (int pair = 0; pair < AG_SUBS / 2; pair++) {
        __m512i in[AG_QUADS];
        ag_turn(rows, (ptrdiff_t) (five ? offsetof(block_q5_K, qs) : offsetof(block_q4_K, qs)) + 32 * pair, in);
        for (int quad = 0; quad < AG_QUADS; quad++) {
            for (int high = 0; high < 2; high++) {
                __m512i value = ag_bits(in[quad], 4 * high, 15);
                if (five) {
                    value = _mm512_or_si512(value, _mm512_slli_epi32(ag_bits(fifth[quad], 2 * pair + high, 1), 4));
                }
                _mm512_store_si512(to->values[2 * pair + high][quad][half], value);
            }
        }
    }
}

/* Numbers 32 higher than they are; see ag_know. */
static inline __attribute__((always_inline)) void ag_unpack_q6(const char * const rows[AG_LANES], int half, struct ag_k_rows * to) {
    const __m512 scale = ag_halves_of(rows, (ptrdiff_t) offsetof(block_q6_K, d));
    __m512i in[4];
    ag_turn_heads(rows, offsetof(block_q6_K, scales), in);
    for (int part = 0; part < AG_PARTS; part++) {
        _mm512_store_ps(to->scales[part][half], _mm512_mul_ps(scale, ag_signed_byte_as_float(in[part / 4], part % 4)));
    }
    for (int side = 0; side < 2; side++) {
        __m512i low[2][AG_QUADS], high[AG_QUADS];
        ag_turn_q6(rows, side, low, high);
        for (int quad = 0; quad < AG_QUADS; quad++) {
            for (int sub = 0; sub < 4; sub++) {
                _mm512_store_si512(to->values[4 * side + sub][quad][half], _mm512_or_si512(ag_bits(low[sub % 2][quad], 4 * (sub / 2), 15),
                        _mm512_slli_epi32(ag_bits(high[quad], 2 * sub, 3), 4)));
            }
        }
    }
}

static void ag_unpack_rows(const struct ggml_tensor * weights, int64_t row, int64_t block, struct ag_k_rows * to) {
    const size_t size = weights->type == GGML_TYPE_Q4_K ? sizeof(block_q4_K) : weights->type == GGML_TYPE_Q5_K ? sizeof(block_q5_K)
            : sizeof(block_q6_K);
    for (int half = 0; half < 2; half++) {
        const char * rows[AG_LANES];
        for (int i = 0; i < AG_LANES; i++) { /* behind the last row it is repeated */
            int64_t at = row + half * AG_LANES + i;
            at = at < weights->ne[1] ? at : weights->ne[1] - 1;
            rows[i] = (const char *) weights->data + at * (int64_t) weights->nb[1] + block * (int64_t) size;
            /* the same of the next 32 rows: so many rows side by side are more than the processor foresees by itself */
            for (size_t line = 0; line < size; line += AG_LINE) {
                _mm_prefetch(rows[i] + AG_K_ROWS * weights->nb[1] + line, _MM_HINT_T1);
            }
        }
        if (weights->type == GGML_TYPE_Q4_K) {
            ag_unpack_q4_5(rows, false, half, to);
        } else if (weights->type == GGML_TYPE_Q5_K) {
            ag_unpack_q4_5(rows, true, half, to);
        } else {
            ag_unpack_q6(rows, half, to);
        }
    }
}

/* A super-block of six columns, and what else is needed of it: for Q4_K and Q5_K the sums of each 32 numbers, for Q6_K minus
 * 32 times those of each 16. */
struct ag_k_six {
    int32_t values[QK_K / 4][AG_K_SIX]; /* four numbers each */
    union {
        float sums[AG_SUBS][AG_K_SIX];
        int32_t begins[AG_PARTS][AG_K_SIX];
    };
    float scales[AG_K_SIX];
};

static void ag_k_gather(const char * columns, size_t stride, int count, int64_t blocks, bool six, struct ag_k_six * to) {
    for (int c = 0; c < count; c++) {
        const block_q8_K * from = (const block_q8_K *) (columns + (size_t) c * stride);
        for (int64_t b = 0; b < blocks; b++) {
            for (int quad = 0; quad < QK_K / 4; quad++) {
                memcpy(&to[b].values[quad][c], from[b].qs + 4 * quad, sizeof(int32_t));
            }
            for (int part = 0; part < AG_PARTS; part++) {
                if (six) {
                    to[b].begins[part][c] = -32 * from[b].bsums[part];
                } else if (part % 2 == 0) {
                    to[b].sums[part / 2][c] = (float) (from[b].bsums[part] + from[b].bsums[part + 1]);
                }
            }
            to[b].scales[c] = from[b].d;
        }
    }
}

/* 32 rows' super-block times `count` columns, at most six, added to `sums`. */
static inline __attribute__((always_inline)) void ag_k_times(const struct ag_k_rows * rows, const struct ag_k_six * columns,
        const bool six, const int count, float (* sums)[AG_K_ROWS]) {
    __m512 all[AG_K_SIX][2];
    for (int c = 0; c < count; c++) {
        all[c][0] = all[c][1] = _mm512_setzero_ps();
    }
    const int quads = six ? AG_QUADS / 2 : AG_QUADS;
    const uint8_t * values = &rows->values[0][0][0][0][0];
    const int32_t * fours = &columns->values[0][0];
    for (int part = 0; part < (six ? AG_PARTS : AG_SUBS); part++) {
        __m512i now[AG_K_SIX][2];
        for (int c = 0; c < count; c++) {
            now[c][0] = now[c][1] = six ? _mm512_set1_epi32(columns->begins[part][c]) : _mm512_setzero_si512();
        }
        for (int quad = 0; quad < quads; quad++, values += 2 * sizeof(__m512i), fours += AG_K_SIX) {
            const __m512i one = _mm512_load_si512(values), two = _mm512_load_si512(values + sizeof(__m512i));
            for (int c = 0; c < count; c++) {
                const __m512i spread = _mm512_set1_epi32(fours[c]);
                now[c][0] = _mm512_dpbusd_epi32(now[c][0], one, spread);
                now[c][1] = _mm512_dpbusd_epi32(now[c][1], two, spread);
            }
        }
        const __m512 one = _mm512_load_ps(rows->scales[part][0]), two = _mm512_load_ps(rows->scales[part][1]);
        for (int c = 0; c < count; c++) {
            all[c][0] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(now[c][0]), one, all[c][0]);
            all[c][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(now[c][1]), two, all[c][1]);
        }
        if (!six) {
            const __m512 less = _mm512_load_ps(rows->less[part][0]), less_two = _mm512_load_ps(rows->less[part][1]);
            for (int c = 0; c < count; c++) {
                const __m512 sum = _mm512_set1_ps(columns->sums[part][c]);
                all[c][0] = _mm512_fnmadd_ps(less, sum, all[c][0]);
                all[c][1] = _mm512_fnmadd_ps(less_two, sum, all[c][1]);
            }
        }
    }
    for (int c = 0; c < count; c++) {
        const __m512 scale = _mm512_set1_ps(columns->scales[c]);
        _mm512_store_ps(sums[c], _mm512_fmadd_ps(scale, all[c][0], _mm512_load_ps(sums[c])));
        _mm512_store_ps(sums[c] + AG_LANES, _mm512_fmadd_ps(scale, all[c][1], _mm512_load_ps(sums[c] + AG_LANES)));
    }
}

static inline __attribute__((always_inline)) void ag_k_pass(const struct ag_k_rows * rows, const struct ag_k_six * columns, int64_t blocks,
        const bool six, int64_t count, float (* sums)[AG_K_ROWS]) {
    for (int64_t at = 0; at < count; at += AG_K_SIX, columns += blocks) {
        switch (count - at) {
            case 5: ag_k_times(rows, columns, six, 5, sums + at); break;
            case 4: ag_k_times(rows, columns, six, 4, sums + at); break;
            case 3: ag_k_times(rows, columns, six, 3, sums + at); break;
            case 2: ag_k_times(rows, columns, six, 2, sums + at); break;
            case 1: ag_k_times(rows, columns, six, 1, sums + at); break;
            default: ag_k_times(rows, columns, six, AG_K_SIX, sums + at); break;
        }
    }
}

/* Whether dst = src0 * src1 is of the shape that is computed here. */
static bool ag_k_takes(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst) {
    return (src0->type == GGML_TYPE_Q4_K || src0->type == GGML_TYPE_Q5_K || src0->type == GGML_TYPE_Q6_K) && src1->type == GGML_TYPE_F32
            && src0->ne[2] == 1 && src0->ne[3] == 1 && src1->ne[2] == 1 && src1->ne[3] == 1 && dst->nb[0] == sizeof(float);
}

/* This thread's part of dst = src0 * src1, where src1's columns are already quantised, `stride` bytes each, at `columns`.
 * False, and the same for every thread: the shape is another, nothing was done. */
static bool ag_k_matmul(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        const char * columns, size_t stride, int thread, int threads) {
    if (!ag_k_takes(src0, src1, dst)) {
        return false;
    }
    const bool six = src0->type == GGML_TYPE_Q6_K;
    const int64_t count = src1->ne[1], blocks = src0->ne[0] / QK_K, panels = (src0->ne[1] + AG_K_ROWS - 1) / AG_K_ROWS;
    const int64_t first = panels * thread / threads, last = panels * (thread + 1) / threads, most = count < AG_K_PASS ? count : AG_K_PASS;
    if (count == 1) {
        const int64_t end = last * AG_K_ROWS < src0->ne[1] ? last * AG_K_ROWS : src0->ne[1];
        if (ag_k_rows_times(src0, (const block_q8_K *) columns, first * AG_K_ROWS, end, (float *) dst->data)) {
            return true;
        }
    }
    const int64_t sixes = (most + AG_K_SIX - 1) / AG_K_SIX;
    struct ag_k_rows * rows = (struct ag_k_rows *) ag_room(sizeof(struct ag_k_rows)
            + (size_t) sixes * (AG_K_SIX * AG_K_ROWS * sizeof(float) + (size_t) blocks * sizeof(struct ag_k_six)));
    float (* sums)[AG_K_ROWS] = (float (*)[AG_K_ROWS]) (rows + 1);
    struct ag_k_six * gathered = (struct ag_k_six *) (sums + sixes * AG_K_SIX);
    for (int64_t pass = 0; pass < count; pass += AG_K_PASS) {
        const int64_t here = count - pass < AG_K_PASS ? count - pass : AG_K_PASS;
        for (int64_t at = 0; at < here; at += AG_K_SIX) {
            ag_k_gather(columns + (size_t) (pass + at) * stride, stride, (int) (here - at < AG_K_SIX ? here - at : AG_K_SIX), blocks, six,
                    gathered + at / AG_K_SIX * blocks);
        }
        for (int64_t panel = first; panel < last; panel++) {
            const int64_t row = panel * AG_K_ROWS, rest = src0->ne[1] - row;
            memset(sums, 0, (size_t) here * sizeof *sums);
            for (int64_t block = 0; block < blocks; block++) {
                ag_unpack_rows(src0, row, block, rows);
                if (six) {
                    ag_k_pass(rows, gathered + block, blocks, true, here, sums);
                } else {
                    ag_k_pass(rows, gathered + block, blocks, false, here, sums);
                }
            }
            for (int64_t c = 0; c < here; c++) {
                memcpy((char *) dst->data + (pass + c) * (int64_t) dst->nb[1] + row * (int64_t) sizeof(float), sums[c],
                        sizeof(float) * (size_t) (rest < AG_K_ROWS ? rest : AG_K_ROWS));
            }
        }
    }
    return true;
}

#else

static inline bool ag_k_takes(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst) {
    (void) src0, (void) src1, (void) dst;
    return false;
}

static inline bool ag_k_matmul(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        const char * columns, size_t stride, int thread, int threads) {
    (void) src0, (void) src1, (void) dst, (void) columns, (void) stride, (void) thread, (void) threads;
    return false;
}

#endif
#endif
