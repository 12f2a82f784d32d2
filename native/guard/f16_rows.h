/* One column, or a few, times many half-precision rows, as attention asks for at every token that is written: a query against
 * all keys, then all weights against the values; of several answers at once a query each. Compiled into ggml's CPU backend: native/llama.sed calls it in place of one
 * dot product for each pair, most of whose time goes into adding up a register's lanes, and which converts keys and values
 * once for each head that shares them, and columns to half precision besides. Here four rows meet up to four columns at a time, and
 * the four rows after them are fetched meanwhile, to the second cache: rows of one head lie 2 KB apart and more, which no
 * processor foresees.
 * Summed in single precision. Only where the processor has AVX2; elsewhere, and for any other shape, nothing is done. */
#ifndef AISERVER_F16_ROWS_H
#define AISERVER_F16_ROWS_H

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX2__) && defined(__F16C__) && defined(__FMA__)
#include "sum_lanes.h"

#include <immintrin.h>

/* Of an answer each: more columns than eight answers have, and a prompt, are better served by a product of blocks. */
enum { AG_FEW = 8 };

#if defined(__AVX512F__)
enum { AG_WIDE = 16 };
#define AG_NONE() _mm512_setzero_ps()
#define AG_HALVES(from) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) (from)))
#define AG_FLOATS(from) _mm512_loadu_ps(from)
#define AG_ADD_PRODUCT(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#else
enum { AG_WIDE = 8 };
#define AG_NONE() _mm256_setzero_ps()
#define AG_HALVES(from) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (from)))
#define AG_FLOATS(from) _mm256_loadu_ps(from)
#define AG_ADD_PRODUCT(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#endif

/* Four rows and one, two or four columns, n numbers each; four sums for each column. */
static inline __attribute__((always_inline)) void ag_four_rows(int64_t n, const char * rows, size_t stride,
        const float * const columns[4], float * const sums[4], const int count) {
    const ggml_fp16_t * row[4];
    ag_wide sum[4][4]; /* [column][row] */
    for (int r = 0; r < 4; r++) {
        row[r] = (const ggml_fp16_t *) (rows + (size_t) r * stride);
        for (int c = 0; c < count; c++) {
            sum[c][r] = AG_NONE();
        }
    }
    int64_t i = 0;
    for (; i + AG_WIDE <= n; i += AG_WIDE) {
        for (int r = 0; r < 4 && i % 32 == 0; r++) { /* a cache line of each row; past the last row this does no harm */
            _mm_prefetch((const char *) (row[r] + i) + 4 * stride, _MM_HINT_T1);
        }
        ag_wide in[4];
        for (int c = 0; c < count; c++) {
            in[c] = AG_FLOATS(columns[c] + i);
        }
        for (int r = 0; r < 4; r++) {
            const ag_wide in_row = AG_HALVES(row[r] + i);
            for (int c = 0; c < count; c++) {
                sum[c][r] = AG_ADD_PRODUCT(in_row, in[c], sum[c][r]);
            }
        }
    }
    for (int c = 0; c < count; c++) {
        _mm_storeu_ps(sums[c], ag_sums(sum[c][0], sum[c][1], sum[c][2], sum[c][3]));
        for (int64_t j = i; j < n; j++) {
            for (int r = 0; r < 4; r++) {
                sums[c][r] += _cvtsh_ss(row[r][j]) * columns[c][j];
            }
        }
    }
}

static inline float ag_one_row(int64_t n, const ggml_fp16_t * row, const float * x) {
    ag_wide sum = AG_NONE();
    int64_t i = 0;
    for (; i + AG_WIDE <= n; i += AG_WIDE) {
        sum = AG_ADD_PRODUCT(AG_HALVES(row + i), AG_FLOATS(x + i), sum);
    }
    float all = _mm_cvtss_f32(ag_sums(sum, sum, sum, sum));
    for (; i < n; i++) {
        all += _cvtsh_ss(row[i]) * x[i];
    }
    return all;
}

/* Up to four rows of a group of heads, for all columns of these. */
static inline void ag_rows_of_group(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        int64_t row, int64_t group) {
    const int64_t n = src0->ne[0], shared = dst->ne[2] / src0->ne[2], all = shared * dst->ne[1];
    const char * rows = (const char *) src0->data + group * (int64_t) src0->nb[2] + row * (int64_t) src0->nb[1];
    for (int64_t done = 0, count; done < all; done += count) {
        count = all - done >= 4 ? 4 : all - done >= 2 ? 2 : 1;
        const float * columns[4];
        float * sums[4];
        for (int64_t c = 0; c < count; c++) {
            const int64_t head = group * shared + (done + c) % shared, place = (done + c) / shared;
            columns[c] = (const float *) ((const char *) src1->data + head * (int64_t) src1->nb[2] + place * (int64_t) src1->nb[1]);
            sums[c] = (float *) ((char *) dst->data + head * (int64_t) dst->nb[2] + place * (int64_t) dst->nb[1]) + row;
        }
        if (src0->ne[1] - row < 4) {
            for (int64_t r = 0; r < src0->ne[1] - row; r++) {
                for (int64_t c = 0; c < count; c++) {
                    sums[c][r] = ag_one_row(n, (const ggml_fp16_t *) (rows + r * (int64_t) src0->nb[1]), columns[c]);
                }
            }
        } else if (count == 4) {
            ag_four_rows(n, rows, src0->nb[1], columns, sums, 4);
        } else if (count == 2) {
            ag_four_rows(n, rows, src0->nb[1], columns, sums, 2);
        } else {
            ag_four_rows(n, rows, src0->nb[1], columns, sums, 1);
        }
    }
}

/* A thread's part of dst = src0 * src1 where src1 has one column a head, or a few. False: the shape is another, nothing was done. */
static inline bool ag_f16_rows(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        int thread, int threads) {
    if (src0->type != GGML_TYPE_F16 || src1->type != GGML_TYPE_F32 || dst->ne[1] > (dst->ne[2] > 1 ? AG_FEW : 1) || dst->ne[3] != 1
            || src0->ne[3] != 1 || src0->nb[0] != sizeof(ggml_fp16_t) || src1->nb[0] != sizeof(float) || dst->nb[0] != sizeof(float)) {
        return false;
    }
    const int64_t groups = src0->ne[2], fours = (src0->ne[1] + 3) / 4, pieces = groups * fours;
    /* Keys: a row's heads lie side by side, so four rows are gone through head by head. Values: a head's rows do. */
    const bool side_by_side = src0->nb[2] < src0->nb[1];
    const int64_t first = side_by_side ? fours * thread / threads * groups : pieces * thread / threads;
    const int64_t last = side_by_side ? fours * (thread + 1) / threads * groups : pieces * (thread + 1) / threads;
    for (int64_t piece = first; piece < last; piece++) {
        ag_rows_of_group(src0, src1, dst, 4 * (side_by_side ? piece / groups : piece % fours), side_by_side ? piece % groups : piece / fours);
    }
    return true;
}

#else

static inline bool ag_f16_rows(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        int thread, int threads) {
    (void) src0, (void) src1, (void) dst, (void) thread, (void) threads;
    return false;
}

#endif
#endif
