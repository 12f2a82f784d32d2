/* One column times many half-precision rows, as attention asks for at every token that is written: a query against all
 * keys, then all weights against the values. Compiled into ggml's CPU backend: native/llama.sed calls it in place of one
 * dot product for each pair, most of whose time goes into adding up a register's lanes, and which converts keys and values
 * once for each head that shares them. Here four rows meet two heads at a time. Of the same operands, summed in single
 * precision in another order. Only where the processor has AVX2; elsewhere, and for any other shape, nothing is done. */
#ifndef AISERVER_F16_ROWS_H
#define AISERVER_F16_ROWS_H

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX2__) && defined(__F16C__) && defined(__FMA__)
#include <immintrin.h>

#define AG_LOAD(from) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) (from)))

/* The sums of four registers' lanes. */
static inline __m128 ag_sums(__m256 a, __m256 b, __m256 c, __m256 d) {
    const __m256 ab = _mm256_hadd_ps(a, b), cd = _mm256_hadd_ps(c, d), all = _mm256_hadd_ps(ab, cd);
    return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}

/* Four rows, one or two columns, n numbers each; four sums for each column. */
static inline __attribute__((always_inline)) void ag_four_rows(int64_t n, const char * rows, size_t stride,
        const ggml_fp16_t * x, const ggml_fp16_t * y, float * for_x, float * for_y) {
    const ggml_fp16_t * row[4];
    __m256 sum_x[4], sum_y[4];
    for (int r = 0; r < 4; r++) {
        row[r] = (const ggml_fp16_t *) (rows + (size_t) r * stride);
        sum_x[r] = sum_y[r] = _mm256_setzero_ps();
    }
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256 in_x = AG_LOAD(x + i), in_y = y ? AG_LOAD(y + i) : in_x;
        for (int r = 0; r < 4; r++) {
            const __m256 in_row = AG_LOAD(row[r] + i);
            sum_x[r] = _mm256_fmadd_ps(in_row, in_x, sum_x[r]);
            if (y) {
                sum_y[r] = _mm256_fmadd_ps(in_row, in_y, sum_y[r]);
            }
        }
    }
    _mm_storeu_ps(for_x, ag_sums(sum_x[0], sum_x[1], sum_x[2], sum_x[3]));
    if (y) {
        _mm_storeu_ps(for_y, ag_sums(sum_y[0], sum_y[1], sum_y[2], sum_y[3]));
    }
    for (; i < n; i++) {
        for (int r = 0; r < 4; r++) {
            for_x[r] += _cvtsh_ss(row[r][i]) * _cvtsh_ss(x[i]);
            if (y) {
                for_y[r] += _cvtsh_ss(row[r][i]) * _cvtsh_ss(y[i]);
            }
        }
    }
}

static inline float ag_one_row(int64_t n, const ggml_fp16_t * row, const ggml_fp16_t * x) {
    __m256 sum = _mm256_setzero_ps();
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        sum = _mm256_fmadd_ps(AG_LOAD(row + i), AG_LOAD(x + i), sum);
    }
    float all = _mm_cvtss_f32(ag_sums(sum, sum, sum, sum));
    for (; i < n; i++) {
        all += _cvtsh_ss(row[i]) * _cvtsh_ss(x[i]);
    }
    return all;
}

/* Rows from row to row_end of dst = src0 * src1 for the heads from head to head_end, where src1 is one column a head,
 * already converted to half precision, `column` bytes each, at `columns`. False: the shape is another, nothing was done. */
static inline bool ag_f16_rows(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        const char * columns, size_t column, int64_t row, int64_t row_end, int64_t head, int64_t head_end) {
    if (src0->type != GGML_TYPE_F16 || src1->type != GGML_TYPE_F32 || dst->ne[1] != 1 || dst->ne[3] != 1 || src0->ne[3] != 1
            || src0->nb[0] != sizeof(ggml_fp16_t) || dst->nb[0] != sizeof(float)) {
        return false;
    }
    const int64_t n = src0->ne[0], shared = src1->ne[2] / src0->ne[2];
    for (; row < row_end; row += 4) {
        const bool four = row + 4 <= row_end;
        for (int64_t h = head; h < head_end; h++) {
            const char * rows = (const char *) src0->data + h / shared * (int64_t) src0->nb[2] + row * (int64_t) src0->nb[1];
            const ggml_fp16_t * x = (const ggml_fp16_t *) (columns + (size_t) h * column);
            float * out = (float *) ((char *) dst->data + h * (int64_t) dst->nb[2]) + row;
            if (!four) {
                for (int64_t r = 0; r < row_end - row; r++) {
                    out[r] = ag_one_row(n, (const ggml_fp16_t *) (rows + r * (int64_t) src0->nb[1]), x);
                }
            } else if (h + 1 < head_end && (h + 1) / shared == h / shared) {
                ag_four_rows(n, rows, src0->nb[1], x, (const ggml_fp16_t *) ((const char *) x + column), out,
                        (float *) ((char *) out + dst->nb[2]));
                h++;
            } else {
                ag_four_rows(n, rows, src0->nb[1], x, NULL, out, NULL);
            }
        }
    }
    return true;
}

#else

static inline bool ag_f16_rows(const struct ggml_tensor * src0, const struct ggml_tensor * src1, const struct ggml_tensor * dst,
        const char * columns, size_t column, int64_t row, int64_t row_end, int64_t head, int64_t head_end) {
    (void) src0, (void) src1, (void) dst, (void) columns, (void) column, (void) row, (void) row_end, (void) head, (void) head_end;
    return false;
}

#endif
#endif
