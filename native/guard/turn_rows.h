/* Sixteen rows, turned: registers that have four bytes of every row each. For products that keep rows in a register's lanes. */
#ifndef AISERVER_TURN_ROWS_H
#define AISERVER_TURN_ROWS_H

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { AG_LANES = 16, AG_QUADS = 8 };

/* Where sixteen rows are, from row `first` of `count` on; behind the last one it is repeated. */
static inline __attribute__((always_inline)) void ag_sixteen(const char * from, size_t stride, int first, int count, const char * rows[AG_LANES]) {
    for (int i = 0; i < AG_LANES; i++) {
        rows[i] = from + (first + i < count ? first + i : count - 1) * stride;
    }
}

/* A number in half precision of each of sixteen rows. */
static inline __attribute__((always_inline)) __m512 ag_halves_of(const char * const rows[AG_LANES], ptrdiff_t at) {
    uint16_t halves[AG_LANES];
    for (int i = 0; i < AG_LANES; i++) {
        memcpy(halves + i, rows[i] + at, sizeof *halves);
    }
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) halves));
}

/* Sixteen rows of 32 bytes. */
static inline __attribute__((always_inline)) void ag_turn(const char * const rows[AG_LANES], ptrdiff_t at, __m512i out[AG_QUADS]) {
    __m512i in[AG_QUADS], mid[AG_QUADS];
    for (int i = 0; i < AG_QUADS; i++) { /* row i below, row i + 8 above */
        in[i] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *) (rows[i] + at))),
                _mm256_loadu_si256((const __m256i *) (rows[i + 8] + at)), 1);
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
    /* in[q] holds quads q and q + 4 of rows 0 to 3 and of rows 8 to 11; in[q + 4] the same of the other rows */
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    for (int q = 0; q < 4; q++) {
        out[q] = _mm512_permutex2var_epi64(in[q], low, in[q + 4]);
        out[q + 4] = _mm512_permutex2var_epi64(in[q], high, in[q + 4]);
    }
}

/* Sixteen rows of 16 bytes. */
static inline __attribute__((always_inline)) void ag_turn_heads(const char * const rows[AG_LANES], ptrdiff_t at, __m512i out[4]) {
    __m512i in[4];
    for (int i = 0; i < 4; i++) {
        in[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *) (rows[i] + at)));
        in[i] = _mm512_inserti32x4(in[i], _mm_loadu_si128((const __m128i *) (rows[i + 4] + at)), 1);
        in[i] = _mm512_inserti32x4(in[i], _mm_loadu_si128((const __m128i *) (rows[i + 8] + at)), 2);
        in[i] = _mm512_inserti32x4(in[i], _mm_loadu_si128((const __m128i *) (rows[i + 12] + at)), 3);
    }
    const __m512i a = _mm512_unpacklo_epi32(in[0], in[1]), b = _mm512_unpackhi_epi32(in[0], in[1]);
    const __m512i c = _mm512_unpacklo_epi32(in[2], in[3]), d = _mm512_unpackhi_epi32(in[2], in[3]);
    out[0] = _mm512_unpacklo_epi64(a, c);
    out[1] = _mm512_unpackhi_epi64(a, c);
    out[2] = _mm512_unpacklo_epi64(b, d);
    out[3] = _mm512_unpackhi_epi64(b, d);
}

/* Of every byte some bits, as a number. */
static inline __m512i ag_bits(__m512i from, int shift, int bits) {
    return _mm512_and_si512(_mm512_srli_epi32(from, (unsigned) shift), _mm512_set1_epi8((char) bits));
}

#endif
#endif
