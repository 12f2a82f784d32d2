/* Attention's products with keys and values in bytes (Q8_0: 32 bytes behind a scale in half precision), for attention.h. A query
 * is rounded to bytes, as ggml's own product with Q8_0 does it; weights of up to 64 rows of values to 16 bits of their largest. What
 * is added up are whole numbers. Many queries of a head meet its keys turned, few as they lie. Needs AVX512-VNNI; elsewhere AG_MEETS_BYTES is 0. */
#ifndef AISERVER_ATTENTION_BYTES_H
#define AISERVER_ATTENTION_BYTES_H

#define GGML_COMMON_DECL_C
#include "ggml-common.h"

#if defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)
#define AG_MEETS_BYTES 1
#else
#define AG_MEETS_BYTES 0
#endif

#include "sum_lanes.h"
#include "turn_rows.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { AG_KEYS = 64, AG_VECTOR = 16, AG_VECTORS = AG_KEYS / AG_VECTOR, AG_GROUP = 512, AG_LONGEST = 256, AG_THREE = 3, AG_FOUR = 4, AG_EIGHT = 8,
    AG_ROW_PAIRS = AG_KEYS / 2, AG_MOST_BLOCKS = AG_LONGEST / QK8_0 };

/* 64 numbers of a query in bytes, each 32 with a scale. */
struct ag_query_bytes {
    int8_t values[AG_KEYS];
    int32_t begins[AG_VECTOR]; /* minus 128 times the sum of four: keys are multiplied 128 higher than they are */
    float scales[AG_VECTOR];   /* eight times each, times the scale of scores */
    int32_t block_begins[2];   /* begins, of each 32 */
};

struct ag_bytes_room {
    struct ag_query_bytes queries[AG_GROUP][AG_LONGEST / AG_KEYS];
    size_t key_at[AG_KEYS + AG_FOUR]; /* of the rows that are met, from the tile's first; behind the last one it is repeated */
    size_t value_at[AG_KEYS + AG_FOUR];
    uint8_t turned[AG_LONGEST / 4][AG_KEYS][4]; /* keys, 128 higher than they are, for many queries: [four numbers][key] */
    float turned_scales[AG_MOST_BLOCKS][AG_KEYS];
    float scales[2][AG_ROW_PAIRS * AG_MOST_BLOCKS]; /* of values: [odd][pair of rows][block] */
    int32_t pairs[AG_FOUR][AG_ROW_PAIRS * AG_MOST_BLOCKS]; /* [query][pair of rows][block], two weights of 16 bits */
};

/* The scales of `count` blocks that follow each other, two or one, in the lowest numbers. */
static inline __attribute__((always_inline)) __m128 ag_block_scales(const char * block, const int count) {
    uint16_t first, second;
    memcpy(&first, block, sizeof first);
    memcpy(&second, block + (count - 1) * sizeof(block_q8_0), sizeof second);
    return _mm_cvtph_ps(_mm_cvtsi32_si128((int) (first | (uint32_t) second << 16)));
}

#if AG_MEETS_BYTES

/* Memory that will be wanted soon, a line at each of many small steps: a processor that waits for a place where to put a line does
 * nothing else. */
struct ag_ahead {
    const char * from;
    int step; /* 0: no further */
};

static inline __attribute__((always_inline)) void ag_fetch_on(struct ag_ahead * ahead) {
    _mm_prefetch(ahead->from, _MM_HINT_T1);
    ahead->from += ahead->step;
}

static void ag_query_in_bytes(const float * from, int length, float scale, struct ag_query_bytes * to) {
    for (int at = 0; at < length; at += AG_KEYS, to++) {
        for (int block = 0; block < 2; block++) {
            const __m512 low = _mm512_loadu_ps(from + at + block * QK8_0), high = _mm512_loadu_ps(from + at + block * QK8_0 + AG_VECTOR);
            const float largest = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high)));
            const __m512 up = _mm512_set1_ps(largest == 0 ? 0 : 127 / largest);
            __m128i * values = (__m128i *) (to->values + block * QK8_0);
            _mm_storeu_si128(values, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(low, up))));
            _mm_storeu_si128(values + 1, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(high, up))));
            _mm256_storeu_ps(to->scales + block * AG_EIGHT, _mm256_set1_ps(scale * largest / 127));
        }
        const __m512i begins = _mm512_sub_epi32(_mm512_setzero_si512(),
                _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8((char) 128), _mm512_loadu_si512(to->values)));
        _mm512_storeu_si512(to->begins, begins);
        to->block_begins[0] = _mm512_mask_reduce_add_epi32(0x00ff, begins);
        to->block_begins[1] = _mm512_mask_reduce_add_epi32(0xff00, begins);
    }
}

/* Two numbers as eight and eight. */
static inline __m512 ag_spread(__m128 two) {
    return _mm512_permutexvar_ps(_mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0), _mm512_castps128_ps512(two));
}

/* 64 bytes of a key, 128 higher than they are. */
static inline __m512i ag_key_bytes(const char * blocks) {
    const __m256i low = _mm256_loadu_si256((const __m256i *) (blocks + offsetof(block_q8_0, qs)));
    const __m256i high = _mm256_loadu_si256((const __m256i *) (blocks + sizeof(block_q8_0) + offsetof(block_q8_0, qs)));
    return _mm512_xor_si512(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1), _mm512_set1_epi8((char) 128));
}

/* Scores of four of a head's keys, `at` so many bytes behind `keys`, for one, two or four queries. */
static inline __attribute__((always_inline)) void ag_score_bytes(const char * keys, const size_t at[AG_FOUR], const struct ag_query_bytes * const * queries,
        int length, float * scores, struct ag_ahead * ahead, const int count) {
    __m512 sums[AG_FOUR][AG_FOUR];
    for (int q = 0; q < count; q++) {
        for (int r = 0; r < AG_FOUR; r++) {
            sums[q][r] = _mm512_setzero_ps();
        }
    }
    ag_fetch_on(ahead);
    for (int part = 0; part < length / AG_KEYS; part++, keys += 2 * sizeof(block_q8_0)) {
        for (int r = 0; r < AG_FOUR; r++) {
            ag_fetch_on(ahead);
            const __m512i key = ag_key_bytes(keys + at[r]);
            const __m512 scales = ag_spread(ag_block_scales(keys + at[r], 2));
            for (int q = 0; q < count; q++) {
                const struct ag_query_bytes * query = queries[q] + part;
                const __m512i product = _mm512_dpbusd_epi32(_mm512_loadu_si512(query->begins), key, _mm512_loadu_si512(query->values));
                sums[q][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(product), _mm512_mul_ps(scales, _mm512_loadu_ps(query->scales)), sums[q][r]);
            }
        }
    }
    for (int q = 0; q < count; q++) {
        _mm_storeu_ps(scores + q * AG_KEYS, ag_sums(sums[q][0], sums[q][1], sums[q][2], sums[q][3]));
    }
}

/* All keys of a head in a tile, turned for many queries; behind the last one it is repeated. */
static void ag_turn_byte_keys(struct ag_bytes_room * room, const char * keys, size_t stride, int count, int length) {
    for (int key = 0; key < AG_KEYS; key += AG_LANES) {
        const char * rows[AG_LANES];
        ag_sixteen(keys, stride, key, count, rows);
        for (int block = 0; block < length / QK8_0; block++) {
            const ptrdiff_t at = block * (ptrdiff_t) sizeof(block_q8_0);
            __m512i out[AG_QUADS];
            ag_turn(rows, at + (ptrdiff_t) offsetof(block_q8_0, qs), out);
            for (int quad = 0; quad < AG_QUADS; quad++) {
                _mm512_storeu_si512(room->turned[block * AG_QUADS + quad][key], _mm512_xor_si512(out[quad], _mm512_set1_epi8((char) 128)));
            }
            _mm512_storeu_ps(room->turned_scales[block] + key, ag_halves_of(rows, at + (ptrdiff_t) offsetof(block_q8_0, d)));
        }
    }
}

/* Scores of turned keys for up to three queries. Fetches so many lines ahead at most. */
static inline __attribute__((always_inline)) void ag_score_turned(const struct ag_bytes_room * room, const struct ag_query_bytes * const * queries,
        int length, float * scores, struct ag_ahead * ahead, int * lines, const int count) {
    __m512 sums[AG_THREE][AG_VECTORS];
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            sums[q][v] = _mm512_setzero_ps();
        }
    }
    for (int block = 0; block < length / QK8_0; block++) {
        __m512i now[AG_THREE][AG_VECTORS];
        for (int q = 0; q < count; q++) {
            const __m512i begin = _mm512_set1_epi32(queries[q][block / 2].block_begins[block % 2]);
            for (int v = 0; v < AG_VECTORS; v++) {
                now[q][v] = begin;
            }
        }
        for (int quad = 0; quad < AG_QUADS; quad++) {
            if (*lines > 0) {
                ag_fetch_on(ahead);
                (*lines)--;
            }
            __m512i keys[AG_VECTORS];
            for (int v = 0; v < AG_VECTORS; v++) {
                keys[v] = _mm512_loadu_si512(room->turned[block * AG_QUADS + quad][v * AG_VECTOR]);
            }
            for (int q = 0; q < count; q++) {
                int32_t four;
                memcpy(&four, queries[q][block / 2].values + block % 2 * QK8_0 + 4 * quad, sizeof four);
                for (int v = 0; v < AG_VECTORS; v++) {
                    now[q][v] = _mm512_dpbusd_epi32(now[q][v], keys[v], _mm512_set1_epi32(four));
                }
            }
        }
        for (int v = 0; v < AG_VECTORS; v++) {
            const __m512 scales = _mm512_loadu_ps(room->turned_scales[block] + v * AG_VECTOR);
            for (int q = 0; q < count; q++) {
                const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(queries[q][block / 2].scales[block % 2 * AG_EIGHT]));
                sums[q][v] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(now[q][v]), scale, sums[q][v]);
            }
        }
    }
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            _mm512_storeu_ps(scores + q * AG_KEYS + v * AG_VECTOR, sums[q][v]);
        }
    }
}

/* Takes the scales of `count` rows of a head's values. Returns the largest. */
static float ag_value_scales(struct ag_bytes_room * room, const char * values, int count, int blocks) {
    for (int row = 0; row < count; row++) {
        const char * at = values + room->value_at[row];
        float * to = room->scales[row % 2] + row / 2 * blocks;
        for (int block = 0; block < blocks; block += 2, at += 2 * sizeof(block_q8_0)) {
            _mm_storel_pi((__m64 *) (to + block), ag_block_scales(at, 2));
        }
    }
    if (count % 2 == 1) {
        memset(room->scales[1] + count / 2 * blocks, 0, (size_t) blocks * sizeof(float));
    }
    const int all = (count + 1) / 2 * blocks;
    __m512 largest = _mm512_setzero_ps();
    for (int i = 0; i < all; i += AG_VECTOR) {
        const __mmask16 there = all - i >= AG_VECTOR ? 0xffff : (__mmask16) ((1u << (all - i)) - 1);
        largest = _mm512_max_ps(largest, _mm512_max_ps(_mm512_maskz_loadu_ps(there, room->scales[0] + i),
                _mm512_maskz_loadu_ps(there, room->scales[1] + i)));
    }
    return _mm512_reduce_max_ps(largest);
}

/* A query's 64 weights, those behind the last row zero, times the scales of `count` rows, in 16 bits; `blocks`, a row's, divide a
 * register. Returns what they are to be multiplied with. */
static inline float ag_weights_in_pairs(const struct ag_bytes_room * room, const float * weights, int count, int blocks, float largest_scale, int32_t * to) {
    const int step = AG_VECTOR / blocks; /* pairs in a register */
    __m512 top = _mm512_load_ps(weights);
    for (int v = 1; v < AG_VECTORS; v++) {
        top = _mm512_max_ps(top, _mm512_load_ps(weights + v * AG_VECTOR));
    }
    const float largest = _mm512_reduce_max_ps(top) * largest_scale;
    const __m512 up = _mm512_set1_ps(largest > 0 ? 32767 / largest : 0);
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i even = _mm512_slli_epi32(_mm512_srli_epi32(lanes, (unsigned) __builtin_ctz((unsigned) blocks)), 1);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    for (int pair = 0; 2 * pair < count; pair += step) {
        const __mmask16 there = 2 * pair + AG_VECTOR <= AG_KEYS ? 0xffff : 0xff; /* at most the first 2 * step are looked at */
        const __m512 some = _mm512_mul_ps(_mm512_maskz_loadu_ps(there, weights + 2 * pair), up);
        const __m512i one = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_permutexvar_ps(even, some), _mm512_loadu_ps(room->scales[0] + pair * blocks)));
        const __m512i two = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_permutexvar_ps(odd, some), _mm512_loadu_ps(room->scales[1] + pair * blocks)));
        _mm512_storeu_si512(to + pair * blocks, _mm512_mask_blend_epi16(0xaaaaaaaa, one, _mm512_slli_epi32(two, 16)));
    }
    return largest / 32767;
}

/* `count` rows of a head's values, 64 numbers of each from number `part` on, added to what one, two or four queries have of them at
 * `sums`: two rows' bytes with two weights at a time, which 64 rows cannot bring beyond 32 bits, and `down` makes numbers of it. */
static inline __attribute__((always_inline)) void ag_add_bytes(const struct ag_bytes_room * room, const char * values, int count, int blocks, int part,
        float * const sums[AG_FOUR], const float down[AG_FOUR], struct ag_ahead * ahead, const int queries) {
    __m512i all[AG_FOUR][AG_VECTORS];
    for (int q = 0; q < queries; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            all[q][v] = _mm512_setzero_si512();
        }
    }
    const char * first = values + part / QK8_0 * (int) sizeof(block_q8_0) + offsetof(block_q8_0, qs);
    const int32_t * pairs = room->pairs[0] + part / QK8_0;
    for (int row = 0; row < count; row += 2, pairs += blocks) {
        if (row % AG_VECTOR == 0) { /* a step is 68 bytes of each row, so a line at each is not quite enough */
            ag_fetch_on(ahead);
        }
        const char * one = first + room->value_at[row], * two = first + room->value_at[row + 1];
        for (int block = 0; block < 2; block++) {
            ag_fetch_on(ahead);
            const __m256i a = _mm256_loadu_si256((const __m256i *) (one + block * (int) sizeof(block_q8_0)));
            const __m256i b = _mm256_loadu_si256((const __m256i *) (two + block * (int) sizeof(block_q8_0)));
            const __m512i low = _mm512_cvtepi8_epi16(_mm256_unpacklo_epi8(a, b)), high = _mm512_cvtepi8_epi16(_mm256_unpackhi_epi8(a, b));
            for (int q = 0; q < queries; q++) {
                const __m512i weight = _mm512_set1_epi32(pairs[q * AG_ROW_PAIRS * AG_MOST_BLOCKS + block]);
                all[q][2 * block] = _mm512_dpwssd_epi32(all[q][2 * block], low, weight);
                all[q][2 * block + 1] = _mm512_dpwssd_epi32(all[q][2 * block + 1], high, weight);
            }
        }
    }
    for (int q = 0; q < queries; q++) {
        const __m512 scale = _mm512_set1_ps(down[q]);
        for (int block = 0; block < 2; block++) {
            const __m512i low = all[q][2 * block], high = all[q][2 * block + 1]; /* eight, and eight from the sixteenth on */
            float * to = sums[q] + part + block * QK8_0;
            _mm512_store_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_shuffle_i32x4(low, high, 0x44)), scale, _mm512_load_ps(to)));
            to += AG_VECTOR;
            _mm512_store_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_shuffle_i32x4(low, high, 0xee)), scale, _mm512_load_ps(to)));
        }
    }
}

#endif
#endif
