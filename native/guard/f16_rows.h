/* One column times many half-precision rows, as attention asks for at every token that is written: a query against all
 * keys, then all weights against the values. Compiled into ggml's CPU backend: native/llama.sed calls it in place of one
 * dot product for each pair, most of whose time goes into adding up a register's lanes, and which converts keys and values
 * once for each head that shares them, and columns to half precision besides. Here four rows meet two heads at a time, and
 * the four rows after them are fetched meanwhile: rows of one head lie 2 KB apart and more, which no processor foresees.
 * Summed in single precision. Only where the processor has AVX2; elsewhere, and for any other shape, nothing is done. */
#ifndef AISERVER_F16_ROWS_H
#define AISERVER_F16_ROWS_H

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX2__) && defined(__F16C__) && defined(__FMA__)
#include <immintrin.h>

#if defined(__AVX512F__)
enum { AG_WIDE = 16 };
typedef __m512 ag_wide;
#define AG_NONE() _mm512_setzero_ps()
#define AG_HALVES(from) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) (from)))
#define AG_FLOATS(from) _mm512_loadu_ps(from)
#define AG_ADD_PRODUCT(a, b, sum) _mm512_fmadd_ps(a, b, sum)
static inline __m256 ag_half(__m512 a) {
    return _mm256_add_ps(_mm512_castps512_ps256(a), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1)));
}
#else
enum { AG_WIDE = 8 };
typedef __m256 ag_wide;
#define AG_NONE() _mm256_setzero_ps()
#define AG_HALVES(from) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (from)))
#define AG_FLOATS(from) _mm256_loadu_ps(from)
#define AG_ADD_PRODUCT(a, b, sum) _mm256_fmadd_ps(a, b, sum)
static inline __m256 ag_half(__m256 a) {
    return a;
}
#endif

/* The sums of four registers' lanes. */
static inline __m128 ag_sums(ag_wide a, ag_wide b, ag_wide c, ag_wide d) {
    const __m256 ab = _mm256_hadd_ps(ag_half(a), ag_half(b)), cd = _mm256_hadd_ps(ag_half(c), ag_half(d));
    const __m256 all = _mm256_hadd_ps(ab, cd);
    return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}

/* Four rows, one or two columns, n numbers each; four sums for each column. */
static inline __attribute__((always_inline)) void ag_four_rows(int64_t n, const char * rows, size_t stride,
        const float * x, const float * y, float * for_x, float * for_y) {
    const ggml_fp16_t * row[4];
    ag_wide sum_x[4], sum_y[4];
    for (int r = 0; r < 4; r++) {
        row[r] = (const ggml_fp16_t *) (rows + (size_t) r * stride);
        sum_x[r] = sum_y[r] = AG_NONE();
    }
    int64_t i = 0;
    for (; i + 32 <= n; i += 32) { /* a cache line of each row; past the last row the fetching does no harm */
        for (int r = 0; r < 4; r++) {
            _mm_prefetch((const char *) (row[r] + i) + 4 * stride, _MM_HINT_T0);
        }
        for (int64_t j = i; j < i + 32; j += AG_WIDE) {
            const ag_wide in_x = AG_FLOATS(x + j), in_y = y ? AG_FLOATS(y + j) : in_x;
            for (int r = 0; r < 4; r++) {
                const ag_wide in_row = AG_HALVES(row[r] + j);
                sum_x[r] = AG_ADD_PRODUCT(in_row, in_x, sum_x[r]);
                if (y) {
                    sum_y[r] = AG_ADD_PRODUCT(in_row, in_y, sum_y[r]);
                }
            }
        }
    }
    _mm_storeu_ps(for_x, ag_sums(sum_x[0], sum_x[1], sum_x[2], sum_x[3]));
    if (y) {
        _mm_storeu_ps(for_y, ag_sums(sum_y[0], sum_y[1], sum_y[2], sum_y[3]));
    }
    for (; i < n; i++) {
        for (int r = 0; r < 4; r++) {
            for_x[r] += _cvtsh_ss(row[r][i]) * x[i];
            if (y) {
                for_y[r] += _cvtsh_ss(row[r][i]) * y[i];
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

/* Up to four rows for the heads from head to head_end, which share them by `shared`. */
static inline void ag_rows_of_heads(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        int64_t row, int64_t count, int64_t head, int64_t head_end, int64_t shared) {
    const int64_t n = src0->ne[0];
    for (int64_t h = head; h < head_end; h++) {
        const char * rows = (const char *) src0->data + h / shared * (int64_t) src0->nb[2] + row * (int64_t) src0->nb[1];
        const float * x = (const float *) ((const char *) src1->data + h * (int64_t) src1->nb[2]);
        float * out = (float *) ((char *) dst->data + h * (int64_t) dst->nb[2]) + row;
        if (count < 4) {
            for (int64_t r = 0; r < count; r++) {
                out[r] = ag_one_row(n, (const ggml_fp16_t *) (rows + r * (int64_t) src0->nb[1]), x);
            }
        } else if (h + 1 < head_end && (h + 1) / shared == h / shared) {
            ag_four_rows(n, rows, src0->nb[1], x, (const float *) ((const char *) x + src1->nb[2]), out,
                    (float *) ((char *) out + dst->nb[2]));
            h++;
        } else {
            ag_four_rows(n, rows, src0->nb[1], x, NULL, out, NULL);
        }
    }
}

/* A thread's part of dst = src0 * src1 where src1 is one column a head. False: the shape is another, nothing was done. */
static inline bool ag_f16_rows(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        int thread, int threads) {
    if (src0->type != GGML_TYPE_F16 || src1->type != GGML_TYPE_F32 || dst->ne[1] != 1 || dst->ne[3] != 1 || src0->ne[3] != 1
            || src0->nb[0] != sizeof(ggml_fp16_t) || src1->nb[0] != sizeof(float) || dst->nb[0] != sizeof(float)) {
        return false;
    }
    const int64_t rows = src0->ne[1], heads = dst->ne[2], groups = src0->ne[2], shared = heads / groups;
    const int64_t fours = (rows + 3) / 4;
    /* Keys: a row's heads lie side by side, so four rows are gone through head by head. Values: a head's rows do. */
    const bool side_by_side = src0->nb[2] < src0->nb[1];
    const int64_t pieces = side_by_side ? fours : groups * fours;
    for (int64_t piece = pieces * thread / threads; piece < pieces * (thread + 1) / threads; piece++) {
        const int64_t row = 4 * (piece % fours), count = rows - row < 4 ? rows - row : 4, group = piece / fours;
        ag_rows_of_heads(src0, src1, dst, row, count, group * shared, side_by_side ? heads : (group + 1) * shared, shared);
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
