/* The widest register of single-precision numbers that there is, and the sums of four such registers' lanes. For AVX2 and AVX512. */
#ifndef AISERVER_SUM_LANES_H
#define AISERVER_SUM_LANES_H

#include <immintrin.h>

#if defined(__AVX512F__)
typedef __m512 ag_wide;
static inline __m256 ag_half(__m512 a) {
    return _mm256_add_ps(_mm512_castps512_ps256(a), _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1)));
}
#else
typedef __m256 ag_wide;
static inline __m256 ag_half(__m256 a) {
    return a;
}
#endif

static inline __m128 ag_sums(ag_wide a, ag_wide b, ag_wide c, ag_wide d) {
    const __m256 ab = _mm256_hadd_ps(ag_half(a), ag_half(b)), cd = _mm256_hadd_ps(ag_half(c), ag_half(d));
    const __m256 all = _mm256_hadd_ps(ab, cd);
    return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}

#endif
