/* Flash attention: a speech model's encoder, a prompt, a step of a picture, tokens being written. Compiled into ggml's CPU
 * backend: native/llama.sed calls it in place of ggml's own, which unpacks a tile of keys again for every 64 queries, reads
 * each score four times, and takes fewer queries than that key by key. Numbers stay single precision. Needs AVX512;
 * elsewhere, and for any other shape, nothing is done.
 *
 * A head's queries, up to 512 at a time, pass by a tile of 64 keys and values. Where many of them see it, it is unpacked and
 * turned once, and six queries' scores fill the registers; few of them, as while tokens are written, meet the keys as they
 * lie, all heads together, and the rows after those are fetched meanwhile. Answers that are written side by side lie in turns:
 * each meets its own rows, in bytes those of several tiles, and those before, which all share, together with the others.
 * Scores become weights relative to the largest so far, and sums of weighted values wait in memory.
 *
 * Keys and values in bytes (Q8_0) are half as much to read as those in half precision, and few queries meet them as such: see
 * attention_bytes.h. Those in bfloat16 take half of the instructions, since two products are added at once: see attention_bf16.h. */
#ifndef AISERVER_ATTENTION_H
#define AISERVER_ATTENTION_H

#include "ggml.h"
#include "ggml-cpu-impl.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__F16C__)
#include "attention_bf16.h"
#include "attention_bytes.h"
#include "sum_lanes.h"
#include "thread_room.h"
#include "vec.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

enum { AG_QUERIES = 6, AG_FEW_QUERIES = 4, AG_FEW_PLACES = 32, AG_OWN_ROWS = 32 };

/* What keys and values are: single, half and bfloat16 precision, and bytes (Q8_0). */
enum ag_kind { AG_SINGLE, AG_HALF, AG_BF16, AG_BYTES };

/* Of one thread; [key] or [query] comes first unless said otherwise. */
struct ag_attention_room {
    union {
        struct { /* of many queries */
            float keys[AG_LONGEST * AG_KEYS]; /* [number][key], times the scale of scores; bfloat16: two numbers' [pair][key] as they are */
            float values[AG_KEYS * AG_LONGEST]; /* bfloat16: two rows' [pair][number] */
        };
        float scores[AG_GROUP * AG_KEYS]; /* of few */
    };
    float sums[AG_GROUP * AG_LONGEST];
    union {
        struct ag_bytes_room bytes; /* of few queries that meet bytes */
        uint16_t bf16[AG_GROUP * AG_LONGEST]; /* queries in bfloat16, times the scale of scores */
    };
    float weights[AG_QUERIES * AG_KEYS];
    float largest[AG_GROUP];
    float total[AG_GROUP];
};

/* 16 numbers of a row from number `at` on, which 16 divides. */
static inline __attribute__((always_inline)) __m512 ag_numbers(const char * row, int at, const enum ag_kind kind) {
    if (kind == AG_BYTES) {
        const char * block = row + at / QK8_0 * (int) sizeof(block_q8_0);
        const __m128i bytes = _mm_loadu_si128((const __m128i *) (block + offsetof(block_q8_0, qs) + at % QK8_0));
        return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)), _mm512_broadcastss_ps(ag_block_scales(block, 1)));
    }
    return kind == AG_HALF ? _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) (row + at * (int) sizeof(ggml_fp16_t))))
            : _mm512_loadu_ps((const float *) row + at);
}

/* Bytes of a row of so many numbers. */
static inline size_t ag_row_size(int length, enum ag_kind kind) {
    return kind == AG_BYTES ? length / QK8_0 * sizeof(block_q8_0) : length * (kind == AG_SINGLE ? sizeof(float) : sizeof(uint16_t));
}

/* Memory that will be wanted soon. To the second cache, since waiting for a place in the first takes twice as long in all. */
static inline __attribute__((always_inline)) void ag_fetch_lines(const char * from, size_t size) {
    for (size_t line = 0; line < size; line += AG_LINE) {
        _mm_prefetch(from + line, _MM_HINT_T1);
    }
}

/* 16 keys' 16 numbers, turned. */
static inline void ag_turn_keys(const __m512 in[AG_VECTOR], float * to) {
    __m512 a[AG_VECTOR], b[AG_VECTOR];
    for (int i = 0; i < AG_VECTOR; i += 2) {
        a[i] = _mm512_unpacklo_ps(in[i], in[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(in[i], in[i + 1]);
    }
    for (int i = 0; i < AG_VECTOR; i += 4) {
        for (int j = 0; j < 2; j++) {
            const __m512d low = _mm512_castps_pd(a[i + j]), high = _mm512_castps_pd(a[i + j + 2]);
            b[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            b[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    }
    /* b[i + j], of keys i to i + 3, has number 4 * lane + j in its four lanes */
    for (int j = 0; j < 4; j++) {
        const __m512 even = _mm512_shuffle_f32x4(b[j], b[j + 4], 0x88), odd = _mm512_shuffle_f32x4(b[j], b[j + 4], 0xdd);
        const __m512 even_up = _mm512_shuffle_f32x4(b[j + 8], b[j + 12], 0x88), odd_up = _mm512_shuffle_f32x4(b[j + 8], b[j + 12], 0xdd);
        _mm512_store_ps(to + j * AG_KEYS, _mm512_shuffle_f32x4(even, even_up, 0x88));
        _mm512_store_ps(to + (4 + j) * AG_KEYS, _mm512_shuffle_f32x4(odd, odd_up, 0x88));
        _mm512_store_ps(to + (8 + j) * AG_KEYS, _mm512_shuffle_f32x4(even, even_up, 0xdd));
        _mm512_store_ps(to + (12 + j) * AG_KEYS, _mm512_shuffle_f32x4(odd, odd_up, 0xdd));
    }
}

static inline __attribute__((always_inline)) void ag_unpack_keys(const char * from, size_t stride, int count, int length, const enum ag_kind kind,
        float scale, float * to) {
    for (int key = 0; key < AG_KEYS; key += AG_VECTOR) {
        for (int at = 0; at < length; at += AG_VECTOR) {
            __m512 in[AG_VECTOR];
            for (int i = 0; i < AG_VECTOR; i++) {
                in[i] = key + i < count ? _mm512_mul_ps(ag_numbers(from + (key + i) * stride, at, kind), _mm512_set1_ps(scale)) : _mm512_setzero_ps();
            }
            ag_turn_keys(in, to + at * AG_KEYS + key);
        }
    }
}

static inline __attribute__((always_inline)) void ag_unpack_values(const char * from, size_t stride, int count, int length, const enum ag_kind kind,
        float * to) {
    for (int key = 0; key < AG_KEYS; key++) {
        for (int at = 0; at < length; at += AG_VECTOR) {
            _mm512_store_ps(to + key * length + at, key < count ? ag_numbers(from + key * stride, at, kind) : _mm512_setzero_ps());
        }
    }
}

/* What a tile has of keys, and queries of it. */
struct ag_tile {
    const char * keys;
    const char * values;
    size_t key_stride;
    size_t value_stride;
    int count;  /* of keys */
    int length; /* of a key */
    int width;  /* of a value */
    enum ag_kind kind; /* of both */
    int next;   /* rows from its first to that of the tile after it */
    float scale;
};

struct ag_queries {
    const char * numbers;
    size_t stride;
    const char * mask; /* of the tile's first key, in half precision; or null */
    size_t mask_stride;
};

static inline __mmask16 ag_there(const struct ag_tile * tile, int vector) {
    const int left = tile->count - vector * AG_VECTOR;
    return left >= AG_VECTOR ? 0xffff : left <= 0 ? 0 : (__mmask16) ((1u << left) - 1);
}

/* A query's mask of the tile, or null. */
static inline const char * ag_mask_of(const struct ag_queries * queries, int query) {
    return queries->mask == NULL ? NULL : queries->mask + (size_t) query * queries->mask_stride;
}

static inline __m512 ag_masked(const struct ag_tile * tile, const char * mask, int vector) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(ag_there(tile, vector), mask + vector * AG_VECTOR * sizeof(ggml_fp16_t)));
}

/* The keys of the tile that a query of this mask sees, a bit each. */
static inline uint64_t ag_sees(const struct ag_tile * tile, const char * mask) {
    uint64_t seen = 0;
    for (int v = 0; v < AG_VECTORS; v++) {
        seen |= (uint64_t) _mm512_mask_cmp_ps_mask(ag_there(tile, v), ag_masked(tile, mask, v), _mm512_set1_ps(-INFINITY), _CMP_NEQ_UQ)
                << (v * AG_VECTOR);
    }
    return seen;
}

/* A query's scores become weights, 64 of them, and what it has so far at `query` becomes relative to the same. In bfloat16, where
 * these are multiplied as pairs, in half the room. */
static inline __attribute__((always_inline)) void ag_weigh(struct ag_attention_room * room, const struct ag_tile * tile, const char * mask,
        int query, __m512 scores[AG_VECTORS], float * weights, const enum ag_kind kind) {
    const __m512 never = _mm512_set1_ps(-INFINITY);
    for (int v = 0; v < AG_VECTORS; v++) {
        if (mask != NULL) {
            scores[v] = _mm512_add_ps(scores[v], ag_masked(tile, mask, v));
        }
        scores[v] = _mm512_mask_blend_ps(ag_there(tile, v), never, scores[v]);
    }
    const __m512 top = _mm512_max_ps(_mm512_max_ps(scores[0], scores[1]), _mm512_max_ps(scores[2], scores[3]));
    const float before = room->largest[query];
    const float largest = fmaxf(before, _mm512_reduce_max_ps(top));
    __m512 all[AG_VECTORS], sum = _mm512_setzero_ps();
    for (int v = 0; v < AG_VECTORS; v++) {
        /* with nothing but masked keys so far every difference would be not a number */
        all[v] = largest == -INFINITY ? _mm512_setzero_ps() : ggml_v_expf(_mm512_sub_ps(scores[v], _mm512_set1_ps(largest)));
        sum = _mm512_add_ps(sum, all[v]);
    }
    for (int v = 0; v < AG_VECTORS; v += 2) {
#if AG_MEETS_BF16
        if (kind == AG_BF16) {
            _mm512_storeu_si512(weights + v / 2 * AG_VECTOR, (__m512i) _mm512_cvtne2ps_pbh(all[v + 1], all[v]));
            continue;
        }
#endif
        _mm512_storeu_ps(weights + v * AG_VECTOR, all[v]);
        _mm512_storeu_ps(weights + (v + 1) * AG_VECTOR, all[v + 1]);
    }
    if (largest > before) {
        const float shrink = expf(before - largest);
        float * sums = room->sums + query * tile->width;
        for (int part = 0; part < tile->width; part += AG_VECTOR) {
            _mm512_store_ps(sums + part, _mm512_mul_ps(_mm512_load_ps(sums + part), _mm512_set1_ps(shrink)));
        }
        room->total[query] *= shrink;
        room->largest[query] = largest;
    }
    room->total[query] += _mm512_reduce_add_ps(sum);
}

/* Four bytes of one side with those of each lane: a number of single precision, or two of bfloat16. */
static inline __attribute__((always_inline)) __m512 ag_add_product(__m512 sum, __m512 a, __m512 b, const enum ag_kind kind) {
#if AG_MEETS_BF16
    if (kind == AG_BF16) {
        return _mm512_dpbf16_ps(sum, (__m512bh) a, (__m512bh) b);
    }
#endif
    return _mm512_fmadd_ps(a, b, sum);
}

/* Up to six queries. */
struct ag_six {
    const float * numbers[AG_QUERIES]; /* or pairs of bfloat16 */
    const char * mask[AG_QUERIES];     /* of the tile's first key; all null, or none */
    int at[AG_QUERIES];                /* where the room has it */
};

/* Rows of keys and values that will be wanted soon, one at each of many small steps. */
struct ag_rows_ahead {
    const char * keys; /* or null */
    const char * values;
    int step; /* of rows */
    int next; /* row */
};

static inline __attribute__((always_inline)) void ag_fetch_row(struct ag_rows_ahead * ahead, const struct ag_tile * tile, const enum ag_kind kind) {
    if (ahead->keys == NULL || ahead->next >= 2 * AG_KEYS) {
        return;
    }
    const int row = ahead->next % AG_KEYS;
    const bool value = ahead->next >= AG_KEYS;
    const char * from = value ? ahead->values + row * tile->value_stride : ahead->keys + row * tile->key_stride;
    ag_fetch_lines(from, ag_row_size(value ? tile->width : tile->length, kind));
    ahead->next += ahead->step;
}

/* `count` queries, at most six, meet the unpacked tile. */
static inline __attribute__((always_inline)) void ag_attend(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_six * six, struct ag_rows_ahead * ahead, const int count, const enum ag_kind kind) {
    const int each = kind == AG_BF16 ? 2 : 1; /* numbers, and rows, that are multiplied at once */
    __m512 sums[AG_QUERIES][AG_VECTORS];
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            sums[q][v] = _mm512_setzero_ps();
        }
    }
    for (int i = 0; i < tile->length / each; i++) {
        const float * key = room->keys + i * AG_KEYS;
        const __m512 k0 = _mm512_load_ps(key), k1 = _mm512_load_ps(key + 16), k2 = _mm512_load_ps(key + 32), k3 = _mm512_load_ps(key + 48);
        ag_fetch_row(ahead, tile, kind);
        for (int q = 0; q < count; q++) {
            const __m512 number = _mm512_set1_ps(six->numbers[q][i]);
            sums[q][0] = ag_add_product(sums[q][0], number, k0, kind);
            sums[q][1] = ag_add_product(sums[q][1], number, k1, kind);
            sums[q][2] = ag_add_product(sums[q][2], number, k2, kind);
            sums[q][3] = ag_add_product(sums[q][3], number, k3, kind);
        }
    }
    for (int q = 0; q < count; q++) {
        ag_weigh(room, tile, six->mask[q], six->at[q], sums[q], room->weights + q * AG_KEYS, kind);
    }
    for (int part = 0; part < tile->width; part += AG_KEYS) {
        float * to[AG_QUERIES];
        for (int q = 0; q < count; q++) {
            to[q] = room->sums + six->at[q] * tile->width + part;
            for (int v = 0; v < AG_VECTORS; v++) {
                sums[q][v] = _mm512_load_ps(to[q] + v * AG_VECTOR);
            }
        }
        for (int i = 0; i < (tile->count + each - 1) / each; i++) {
            const float * value = room->values + i * tile->width + part;
            const __m512 v0 = _mm512_load_ps(value), v1 = _mm512_load_ps(value + 16), v2 = _mm512_load_ps(value + 32), v3 = _mm512_load_ps(value + 48);
            ag_fetch_row(ahead, tile, kind);
            for (int q = 0; q < count; q++) {
                const __m512 weight = _mm512_set1_ps(room->weights[q * AG_KEYS + i]);
                sums[q][0] = ag_add_product(sums[q][0], weight, v0, kind);
                sums[q][1] = ag_add_product(sums[q][1], weight, v1, kind);
                sums[q][2] = ag_add_product(sums[q][2], weight, v2, kind);
                sums[q][3] = ag_add_product(sums[q][3], weight, v3, kind);
            }
        }
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                _mm512_store_ps(to[q] + v * AG_VECTOR, sums[q][v]);
            }
        }
    }
}

/* As many queries meet it as there are, out of `count`. */
static inline __attribute__((always_inline)) void ag_attend_six(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_six * six, struct ag_rows_ahead * ahead, int count, const enum ag_kind kind) {
    switch (count) {
        case 5: ag_attend(room, tile, six, ahead, 5, kind); break;
        case 4: ag_attend(room, tile, six, ahead, 4, kind); break;
        case 3: ag_attend(room, tile, six, ahead, 3, kind); break;
        case 2: ag_attend(room, tile, six, ahead, 2, kind); break;
        case 1: ag_attend(room, tile, six, ahead, 1, kind); break;
        default: ag_attend(room, tile, six, ahead, AG_QUERIES, kind); break;
    }
}

/* Rows that one place meets by itself, and a mask of them alone: where answers are written side by side, each has but every
 * so manieth row of a tile. */
struct ag_own_rows {
    int count;
    int64_t from;      /* the key that they are counted from */
    const char * keys; /* of that key, of the first head */
    uint16_t rows[AG_KEYS + AG_EIGHT];
    ggml_fp16_t mask[AG_KEYS];
};

/* Few queries that meet a tile as it lies: `count` of each of `groups` heads of keys, which lie beside each other. */
struct ag_few {
    int groups;
    int count;
    size_t key_step;   /* from a head's keys to the next one's */
    size_t value_step;
    const uint16_t * rows;           /* those of the tile that they meet, as many as it counts */
    const struct ag_own_rows * next; /* rows in bytes that are met after these, or null: those of the next tile */
    const float * numbers[AG_GROUP]; /* [group][query]; or pairs of bfloat16 */
    const struct ag_query_bytes * bytes[AG_GROUP]; /* the same, where keys are bytes: 64 numbers, and those that follow */
    const char * mask[AG_GROUP];     /* of the first of these rows; all null, or none */
    int at[AG_GROUP];                /* where the room has it */
};

static const uint16_t ag_all_rows[AG_KEYS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63 };

/* A part of four rows that will be wanted soon: those of one head lie too far apart for the processor to foresee them. Behind
 * the last row this does no harm. */
static inline __attribute__((always_inline)) void ag_fetch(const char * from, const uint16_t rows[AG_FOUR], size_t stride, size_t size) {
    for (int i = 0; i < AG_FOUR; i++) {
        ag_fetch_lines(from + rows[i] * stride, size);
    }
}

static inline __attribute__((always_inline)) void ag_weigh_few(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_few * few, const enum ag_kind kind) {
    for (int i = 0; i < few->groups * few->count; i++) {
        float * weights = room->scores + i * AG_KEYS;
        __m512 scores[AG_VECTORS];
        for (int v = 0; v < AG_VECTORS; v++) {
            scores[v] = _mm512_load_ps(weights + v * AG_VECTOR);
        }
        ag_weigh(room, tile, few->mask[i], few->at[i], scores, weights, kind);
    }
}

/* Four keys, and one, two or four queries. */
static inline __attribute__((always_inline)) void ag_score(const struct ag_tile * tile, const char * const keys[AG_FOUR],
        const float * const * numbers, float * scores, const int count, const enum ag_kind kind) {
    __m512 sums[AG_FOUR][AG_FOUR];
    for (int q = 0; q < count; q++) {
        for (int r = 0; r < AG_FOUR; r++) {
            sums[q][r] = _mm512_setzero_ps();
        }
    }
    for (int at = 0; at < (kind == AG_BF16 ? tile->length / 2 : tile->length); at += AG_VECTOR) {
        __m512 in[AG_FOUR];
        for (int q = 0; q < count; q++) {
            in[q] = _mm512_loadu_ps(numbers[q] + at);
        }
        for (int r = 0; r < AG_FOUR; r++) {
            const __m512 key = kind == AG_BF16 ? _mm512_loadu_ps((const float *) keys[r] + at) : ag_numbers(keys[r], at, kind);
            for (int q = 0; q < count; q++) {
                sums[q][r] = ag_add_product(sums[q][r], in[q], key, kind);
            }
        }
    }
    const __m128 scale = _mm_set1_ps(kind == AG_BF16 ? 1 : tile->scale);
    for (int q = 0; q < count; q++) {
        _mm_storeu_ps(scores + q * AG_KEYS, _mm_mul_ps(ag_sums(sums[q][0], sums[q][1], sums[q][2], sums[q][3]), scale));
    }
}

/* `there` rows of values, 64 numbers of each from number `part` on, and one, two or four queries. */
static inline __attribute__((always_inline)) void ag_add_values(const struct ag_tile * tile, const char * values, int part, const uint16_t * rows,
        int there, float * all, const int * at, const float * weights, const int count, const enum ag_kind kind) {
    float * sums = all + part;
    __m512 sum[AG_FOUR][AG_VECTORS];
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            sum[q][v] = _mm512_load_ps(sums + at[q] * tile->width + v * AG_VECTOR);
        }
    }
    for (int r = 0, unit = 0; r < there; r += kind == AG_BF16 ? 2 : 1, unit++) {
        const char * row = values + rows[r] * tile->value_stride;
        __m512 v[AG_VECTORS];
#if AG_MEETS_BF16
        if (kind == AG_BF16) {
            const char * two = r + 1 < there ? values + rows[r + 1] * tile->value_stride : row; /* its weight is zero then */
            ag_bf16_pairs(row + part * (int) sizeof(uint16_t), two + part * (int) sizeof(uint16_t), v);
            ag_bf16_pairs(row + (part + 2 * AG_VECTOR) * (int) sizeof(uint16_t), two + (part + 2 * AG_VECTOR) * (int) sizeof(uint16_t), v + 2);
        } else
#endif
        for (int i = 0; i < AG_VECTORS; i++) {
            v[i] = ag_numbers(row, part + i * AG_VECTOR, kind);
        }
        for (int q = 0; q < count; q++) {
            const __m512 weight = _mm512_set1_ps(weights[q * AG_KEYS + unit]);
            for (int i = 0; i < AG_VECTORS; i++) {
                sum[q][i] = ag_add_product(sum[q][i], weight, v[i], kind);
            }
        }
    }
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            _mm512_store_ps(sums + at[q] * tile->width + v * AG_VECTOR, sum[q][v]);
        }
    }
}

#if AG_MEETS_BYTES
/* Rows that do not lie side by side, a group's share of them. */
static inline void ag_fetch_share(const char * from, const uint16_t * rows, size_t stride, int count, size_t size, int group, int groups) {
    for (int i = count * group / groups; i < count * (group + 1) / groups; i++) {
        ag_fetch_lines(from + rows[i] * stride, size);
    }
}

/* The first tile's keys, which no tile before it fetches. */
static void ag_fetch_first(const struct ag_tile * tile, size_t size) {
    for (int row = 0; row < tile->count; row++) {
        ag_fetch_lines(tile->keys + row * tile->key_stride, size);
    }
}

/* The tile's keys, head by head, while its values are fetched: whole rows of all heads. */
static void ag_score_few_bytes(struct ag_attention_room * room, const struct ag_tile * tile, const struct ag_few * few) {
    const size_t size = few->groups * ag_row_size(tile->width, AG_BYTES);
    const bool whole = few->rows == ag_all_rows && size == tile->value_stride;
    struct ag_ahead ahead = { tile->values, 0 };
    for (int group = 0; group < few->groups; group++) {
        const char * keys = tile->keys + (size_t) group * few->key_step;
        const int at = group * few->count;
        if (!whole) {
            ag_fetch_share(tile->values, few->rows, tile->value_stride, tile->count, size, group, few->groups);
        }
        if (few->count > AG_EIGHT && few->rows == ag_all_rows) { /* turning them pays */
            int lines = whole ? (int) (tile->count * size / few->groups / AG_LINE) + 1 : 0;
            ahead.step = AG_LINE;
            ag_turn_byte_keys(&room->bytes, keys, tile->key_stride, tile->count, tile->length);
            for (int q = 0; q < few->count; q += AG_THREE) {
                const struct ag_query_bytes * const * queries = few->bytes + at + q;
                float * scores = room->scores + (at + q) * AG_KEYS;
                switch (few->count - q) {
                    case 1: ag_score_turned(&room->bytes, queries, tile->length, scores, &ahead, &lines, 1); break;
                    case 2: ag_score_turned(&room->bytes, queries, tile->length, scores, &ahead, &lines, 2); break;
                    default: ag_score_turned(&room->bytes, queries, tile->length, scores, &ahead, &lines, AG_THREE); break;
                }
            }
            continue;
        }
        for (int key = 0; key < tile->count; key += AG_FOUR) {
            for (int q = 0, count; q < few->count; q += count) {
                count = few->count - q >= 4 ? 4 : few->count - q >= 2 ? 2 : 1;
                ahead.step = whole && q == 0 ? AG_LINE : 0;
                const struct ag_query_bytes * const * queries = few->bytes + at + q;
                float * scores = room->scores + (at + q) * AG_KEYS + key;
                switch (count) {
                    case 4: ag_score_bytes(keys, room->bytes.key_at + key, queries, tile->length, scores, &ahead, 4); break;
                    case 2: ag_score_bytes(keys, room->bytes.key_at + key, queries, tile->length, scores, &ahead, 2); break;
                    default: ag_score_bytes(keys, room->bytes.key_at + key, queries, tile->length, scores, &ahead, 1); break;
                }
            }
        }
    }
}

/* The tile's values, while the next tile's keys are fetched. */
static void ag_add_few_bytes(struct ag_attention_room * room, const struct ag_tile * tile, const struct ag_few * few) {
    const int blocks = tile->width / QK8_0;
    const size_t size = few->groups * ag_row_size(tile->length, AG_BYTES);
    const bool whole = tile->next > 0 && few->rows == ag_all_rows && size == tile->key_stride;
    struct ag_ahead ahead = { tile->keys + (size_t) tile->next * tile->key_stride, 0 };
    for (int group = 0; group < few->groups; group++) {
        const char * values = tile->values + (size_t) group * few->value_step;
        if (few->next != NULL) {
            ag_fetch_share(few->next->keys, few->next->rows, tile->key_stride, few->next->count, size, group, few->groups);
        } else if (!whole && tile->next > 0) {
            ag_fetch_share(ahead.from, few->rows, tile->key_stride, tile->count, size, group, few->groups);
        }
        const float largest = ag_value_scales(&room->bytes, values, tile->count, blocks);
        const int at = group * few->count;
        for (int q = 0, count; q < few->count; q += count) {
            count = few->count - q >= 4 ? 4 : few->count - q >= 2 ? 2 : 1;
            ahead.step = whole && q == 0 ? AG_LINE : 0;
            float down[AG_FOUR], * sums[AG_FOUR];
            for (int i = 0; i < count; i++) {
                down[i] = ag_weights_in_pairs(&room->bytes, room->scores + (at + q + i) * AG_KEYS, tile->count, blocks, largest, room->bytes.pairs[i]);
                sums[i] = room->sums + few->at[at + q + i] * tile->width;
            }
            for (int part = 0; part < tile->width; part += AG_KEYS) {
                switch (count) {
                    case 4: ag_add_bytes(&room->bytes, values, tile->count, blocks, part, sums, down, &ahead, 4); break;
                    case 2: ag_add_bytes(&room->bytes, values, tile->count, blocks, part, sums, down, &ahead, 2); break;
                    default: ag_add_bytes(&room->bytes, values, tile->count, blocks, part, sums, down, &ahead, 1); break;
                }
            }
        }
    }
}

static void ag_meet_bytes(struct ag_attention_room * room, const struct ag_tile * tile, const struct ag_few * few) {
    for (int i = 0; i < tile->count + AG_FOUR; i++) {
        const size_t row = few->rows[i < tile->count ? i : tile->count - 1];
        room->bytes.key_at[i] = row * tile->key_stride;
        room->bytes.value_at[i] = row * tile->value_stride;
    }
    ag_score_few_bytes(room, tile, few);
    ag_weigh_few(room, tile, few, AG_BYTES);
    ag_add_few_bytes(room, tile, few);
}
#endif

static inline __attribute__((always_inline)) void ag_meet_typed(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_few * few, const enum ag_kind kind) {
    const size_t key_size = ag_row_size(tile->length, kind), value_size = ag_row_size(tile->width, kind);
    const bool some = few->rows != ag_all_rows; /* other queries meet the other rows, and fetch those of the next tile */
    for (int key = 0; key < tile->count; key += AG_FOUR) {
        for (int group = 0; group < few->groups; group++) {
            const char * first = tile->keys + (size_t) group * few->key_step, * keys[AG_FOUR];
            for (int r = 0; r < AG_FOUR; r++) {
                /* behind the last key it is repeated; its score is not looked at */
                keys[r] = first + few->rows[key + r < tile->count ? key + r : tile->count - 1] * tile->key_stride;
            }
            if (some) {
                ag_fetch(first + (size_t) tile->next * tile->key_stride, few->rows + key, tile->key_stride, key_size);
            } else if (key + AG_EIGHT < tile->count) { /* eight ahead; then the first eight values */
                ag_fetch(first, few->rows + key + AG_EIGHT, tile->key_stride, key_size);
            } else {
                ag_fetch(tile->values + (size_t) group * few->value_step, few->rows + key % AG_EIGHT, tile->value_stride, value_size);
            }
            const int at = group * few->count;
            for (int q = 0, count; q < few->count; q += count) {
                count = few->count - q >= 4 ? 4 : few->count - q >= 2 ? 2 : 1;
                float * scores = room->scores + (at + q) * AG_KEYS + key;
                switch (count) {
                    case 4: ag_score(tile, keys, few->numbers + at + q, scores, 4, kind); break;
                    case 2: ag_score(tile, keys, few->numbers + at + q, scores, 2, kind); break;
                    default: ag_score(tile, keys, few->numbers + at + q, scores, 1, kind); break;
                }
            }
        }
    }
    ag_weigh_few(room, tile, few, kind);
    for (int row = 0; row < tile->count; row += AG_EIGHT) {
        const int rows = tile->count - row < AG_EIGHT ? tile->count - row : AG_EIGHT;
        for (int group = 0; group < few->groups; group++) {
            const char * values = tile->values + (size_t) group * few->value_step;
            for (int half_way = 0; half_way < AG_EIGHT; half_way += AG_FOUR) {
                if (some) {
                    ag_fetch(values + (size_t) tile->next * tile->value_stride, few->rows + row + half_way, tile->value_stride, value_size);
                } else if (row + AG_EIGHT < tile->count) {
                    ag_fetch(values, few->rows + row + AG_EIGHT + half_way, tile->value_stride, value_size);
                } else if (tile->next > 0) { /* the next tile's */
                    ag_fetch(tile->keys + (size_t) tile->next * tile->key_stride + (size_t) group * few->key_step, ag_all_rows + half_way, tile->key_stride,
                            key_size);
                }
            }
            const int at = group * few->count;
            for (int q = 0, count; q < few->count; q += count) {
                count = few->count - q >= 4 ? 4 : few->count - q >= 2 ? 2 : 1;
                const float * weights = room->scores + (at + q) * AG_KEYS + (kind == AG_BF16 ? row / 2 : row);
                for (int part = 0; part < tile->width; part += AG_KEYS) {
                    switch (count) {
                        case 4: ag_add_values(tile, values, part, few->rows + row, rows, room->sums, few->at + at + q, weights, 4, kind); break;
                        case 2: ag_add_values(tile, values, part, few->rows + row, rows, room->sums, few->at + at + q, weights, 2, kind); break;
                        default: ag_add_values(tile, values, part, few->rows + row, rows, room->sums, few->at + at + q, weights, 1, kind); break;
                    }
                }
            }
        }
    }
}

static inline __attribute__((always_inline)) void ag_unpack(struct ag_attention_room * room, const struct ag_tile * tile, const enum ag_kind kind) {
#if AG_MEETS_BF16
    if (kind == AG_BF16) {
        ag_turn_bf16_keys(tile->keys, tile->key_stride, tile->count, tile->length, room->keys);
        ag_pair_bf16_values(tile->values, tile->value_stride, tile->count, tile->width, room->values);
        return;
    }
#endif
    ag_unpack_keys(tile->keys, tile->key_stride, tile->count, tile->length, kind, tile->scale, room->keys);
    ag_unpack_values(tile->values, tile->value_stride, tile->count, tile->width, kind, room->values);
}

#if AG_MEETS_BF16
/* The queries of a head of keys meet it turned, six by six, while the next head's are fetched, and behind the last the next
 * tile's first. */
static void ag_meet_turned(struct ag_attention_room * room, const struct ag_tile * tile, const struct ag_few * few) {
    const int sixes = (few->count + AG_QUERIES - 1) / AG_QUERIES;
    for (int group = 0; group < few->groups; group++) {
        struct ag_tile head = *tile;
        head.keys += (size_t) group * few->key_step;
        head.values += (size_t) group * few->value_step;
        ag_unpack(room, &head, AG_BF16);
        for (int first = 0; first < few->count; first += AG_QUERIES) {
            struct ag_six six;
            const int these = few->count - first < AG_QUERIES ? few->count - first : AG_QUERIES;
            for (int q = 0; q < these; q++) {
                const int i = group * few->count + first + q;
                six.numbers[q] = few->numbers[i];
                six.mask[q] = few->mask[i];
                six.at[q] = few->at[i];
            }
            struct ag_rows_ahead ahead = { head.keys + few->key_step, head.values + few->value_step, sixes, first / AG_QUERIES };
            if (group == few->groups - 1) {
                ahead.keys = tile->next == 0 ? NULL : tile->keys + (size_t) tile->next * tile->key_stride;
                ahead.values = tile->values + (size_t) tile->next * tile->value_stride;
            }
            ag_attend_six(room, tile, &six, &ahead, these, AG_BF16);
        }
    }
}
#endif

/* All heads take turns at each few rows, in keys and then in values, for their rows lie side by side. */
static void ag_meet(struct ag_attention_room * room, const struct ag_tile * tile, const struct ag_few * few) {
    switch (tile->kind) {
#if AG_MEETS_BYTES
        case AG_BYTES: ag_meet_bytes(room, tile, few); break;
#endif
#if AG_MEETS_BF16
        case AG_BF16:
            if (few->count > AG_FEW_QUERIES && few->rows == ag_all_rows) {
                ag_meet_turned(room, tile, few);
            } else {
                ag_meet_typed(room, tile, few, AG_BF16);
            }
            break;
#endif
        case AG_HALF: ag_meet_typed(room, tile, few, AG_HALF); break;
        default: ag_meet_typed(room, tile, few, AG_SINGLE); break;
    }
}

/* Query `query` as keys of this kind want it; those of bfloat16 are there already. */
static inline const float * ag_query(const struct ag_attention_room * room, const struct ag_queries * queries, int query, int length, enum ag_kind kind) {
    return kind == AG_BF16 ? (const float *) (room->bf16 + query * length) : (const float *) (queries->numbers + (size_t) query * queries->stride);
}

static inline __attribute__((always_inline)) void ag_attend_sixes(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_queries * queries, int count, const enum ag_kind kind) {
    struct ag_rows_ahead ahead = { NULL, NULL, 0, 0 };
    for (int first = 0; first < count; first += AG_QUERIES) {
        const int these = count - first < AG_QUERIES ? count - first : AG_QUERIES;
        struct ag_six six;
        bool any = queries->mask == NULL;
        for (int q = 0; q < these; q++) {
            six.numbers[q] = ag_query(room, queries, first + q, tile->length, kind);
            six.mask[q] = ag_mask_of(queries, first + q);
            six.at[q] = first + q;
            any = any || ag_sees(tile, six.mask[q]);
        }
        if (any) {
            ag_attend_six(room, tile, &six, &ahead, these, kind);
        }
    }
}

/* All of `count` queries that see the tile meet it. */
static void ag_attend_all(struct ag_attention_room * room, const struct ag_tile * tile, const struct ag_queries * queries, int count) {
    int few[AG_FEW_QUERIES], seeing = 0;
    if (queries->mask == NULL && count > AG_FEW_QUERIES) {
        seeing = count;
    }
    for (int q = 0; q < count && seeing <= AG_FEW_QUERIES; q++) {
        if (queries->mask == NULL || ag_sees(tile, ag_mask_of(queries, q))) {
            if (seeing < AG_FEW_QUERIES) {
                few[seeing] = q;
            }
            seeing++;
        }
    }
    if (seeing <= AG_FEW_QUERIES) {
        struct ag_few these; /* not cleared: 10 KB for each tile */
        these.groups = 1;
        these.count = seeing;
        these.key_step = these.value_step = 0;
        these.rows = ag_all_rows;
        these.next = NULL;
        for (int i = 0; i < seeing; i++) {
            these.numbers[i] = ag_query(room, queries, few[i], tile->length, tile->kind);
            these.mask[i] = ag_mask_of(queries, few[i]);
            these.at[i] = few[i];
#if AG_MEETS_BYTES
            if (tile->kind == AG_BYTES) {
                ag_query_in_bytes(these.numbers[i], tile->length, tile->scale, room->bytes.queries[i]);
                these.bytes[i] = room->bytes.queries[i];
            }
#endif
        }
        if (seeing > 0) {
            ag_meet(room, tile, &these);
        }
        return;
    }
    if (tile->kind == AG_BF16) {
        ag_unpack(room, tile, AG_BF16);
        ag_attend_sixes(room, tile, queries, count, AG_BF16);
        return;
    }
    switch (tile->kind) {
        case AG_BYTES: ag_unpack(room, tile, AG_BYTES); break;
        case AG_HALF: ag_unpack(room, tile, AG_HALF); break;
        default: ag_unpack(room, tile, AG_SINGLE); break;
    }
    ag_attend_sixes(room, tile, queries, count, AG_SINGLE);
}

static bool ag_attention_takes(const struct ggml_tensor * dst) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2], * mask = dst->src[3];
    float options[3]; /* scale, largest bias, soft cap */
    memcpy(options, dst->op_params, sizeof options);
    /* a value's blocks are to fill a register, whole rows of them */
    const bool bytes = AG_MEETS_BYTES && k->type == GGML_TYPE_Q8_0 && k->ne[0] % AG_KEYS == 0 && (v->ne[0] & (v->ne[0] - 1)) == 0;
    const bool bf16 = AG_MEETS_BF16 && k->type == GGML_TYPE_BF16 && k->ne[0] % (2 * AG_VECTOR) == 0;
    return q->type == GGML_TYPE_F32 && (k->type == GGML_TYPE_F16 || k->type == GGML_TYPE_F32 || bytes || bf16) && k->type == v->type && dst->src[4] == NULL
            && options[1] == 0 && options[2] == 0 && k->ne[0] % AG_VECTOR == 0 && k->ne[0] <= AG_LONGEST && v->ne[0] % AG_KEYS == 0
            && v->ne[0] <= AG_LONGEST && (mask == NULL || mask->ne[2] == 1 || mask->ne[2] == q->ne[2]);
}

/* Begins sums of `count` queries. */
static struct ag_attention_room * ag_begin(int count, int width) {
    struct ag_attention_room * room = (struct ag_attention_room *) ag_room(sizeof(struct ag_attention_room));
    memset(room->sums, 0, (size_t) (count * width) * sizeof(float));
    for (int i = 0; i < count; i++) {
        room->largest[i] = -INFINITY;
        room->total[i] = 0;
    }
    return room;
}

/* Of sequence `i3`, a head and a place. */
static float * ag_output(struct ggml_tensor * dst, int64_t place, int64_t head, int64_t i3) {
    return (float *) ((char *) dst->data + (i3 * dst->ne[2] * dst->ne[1] + head + place * dst->ne[1]) * dst->nb[1]);
}

static struct ag_tile ag_tile_of(const struct ggml_tensor * dst) {
    const struct ggml_tensor * k = dst->src[1], * v = dst->src[2];
    const enum ag_kind kind = k->type == GGML_TYPE_Q8_0 ? AG_BYTES : k->type == GGML_TYPE_F16 ? AG_HALF : k->type == GGML_TYPE_BF16 ? AG_BF16 : AG_SINGLE;
    struct ag_tile tile = { NULL, NULL, k->nb[1], v->nb[1], 0, (int) k->ne[0], (int) v->ne[0], kind, AG_KEYS, 0 };
    memcpy(&tile.scale, dst->op_params, sizeof tile.scale);
    return tile;
}

/* Moves on to the 64 keys from `key` on, of the first of some heads. */
static void ag_take(struct ag_tile * tile, const struct ggml_tensor * dst, int64_t key, int64_t key_head, int64_t value_head, int64_t i3) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2];
    tile->count = (int) (k->ne[1] - key < AG_KEYS ? k->ne[1] - key : AG_KEYS);
    tile->keys = (const char *) k->data + key * k->nb[1] + key_head * k->nb[2] + i3 / (q->ne[3] / k->ne[3]) * k->nb[3];
    tile->values = (const char *) v->data + key * v->nb[1] + value_head * v->nb[2] + i3 / (q->ne[3] / v->ne[3]) * v->nb[3];
}

/* `count` queries of sequence `i3` and head `head`, from place `place` on; at most AG_GROUP. */
static void ag_attend_head(struct ggml_tensor * dst, int64_t i3, int64_t head, int64_t place, int count) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2], * mask = dst->src[3];
    struct ag_tile tile = ag_tile_of(dst);
    struct ag_attention_room * room = ag_begin(count, tile.width);
    struct ag_queries queries = { (const char *) q->data + place * q->nb[1] + head * q->nb[2] + i3 * q->nb[3], q->nb[1], NULL,
        mask == NULL ? 0 : mask->nb[1] };
#if AG_MEETS_BF16
    for (int i = 0; i < count && tile.kind == AG_BF16; i++) {
        ag_query_in_bf16((const float *) (queries.numbers + (size_t) i * queries.stride), tile.length, tile.scale, room->bf16 + i * tile.length);
    }
#endif
    for (int64_t key = 0; key < k->ne[1]; key += AG_KEYS) {
        if (mask != NULL) {
            queries.mask = (const char *) mask->data + key * sizeof(ggml_fp16_t) + place * mask->nb[1] + head % mask->ne[2] * mask->nb[2]
                    + i3 % mask->ne[3] * mask->nb[3];
        }
        ag_take(&tile, dst, key, head / (q->ne[2] / k->ne[2]), head / (q->ne[2] / v->ne[2]), i3);
        ag_attend_all(room, &tile, &queries, count);
    }
    for (int i = 0; i < count; i++) {
        const __m512 share = _mm512_set1_ps(room->total[i] == 0 ? 0 : 1 / room->total[i]);
        float * to = ag_output(dst, place + i, head, i3);
        for (int part = 0; part < tile.width; part += AG_VECTOR) {
            _mm512_storeu_ps(to + part, _mm512_mul_ps(_mm512_load_ps(room->sums + i * tile.width + part), share));
        }
    }
}

/* Queries `ir0` to `ir1` of a flash attention, counted over heads and sequences as ggml's own does: dst's rows. False, and
 * the same for every thread: the shape is another, nothing was done. */
static bool ag_attention(struct ggml_tensor * dst, int64_t ir0, int64_t ir1) {
    if (!ag_attention_takes(dst)) {
        return false;
    }
    const struct ggml_tensor * q = dst->src[0];
    for (int64_t row = ir0; row < ir1;) {
        const int64_t per_head = q->ne[1], place = row % per_head;
        int64_t count = per_head - place < ir1 - row ? per_head - place : ir1 - row;
        count = count < AG_GROUP ? count : AG_GROUP;
        ag_attend_head(dst, row / (per_head * q->ne[2]), row / per_head % q->ne[2], place, (int) count);
        row += count;
    }
    return true;
}

/* The queries of some places, in all heads, and their masks, of which `mask` is that of the first head and place, if there are any. */
static void ag_gather_few(const struct ggml_tensor * dst, int64_t i3, const int * places, int count, const char * mask, size_t mask_stride,
        const struct ag_attention_room * room, struct ag_few * few) {
    const struct ggml_tensor * q = dst->src[0], * masks = dst->src[3];
    const int heads = (int) q->ne[2];
    few->count = heads / few->groups * count;
    for (int i = 0; i < heads * count; i++) {
        const int head = i / count, place = places[i % count];
        few->mask[i] = mask == NULL ? NULL : mask + (size_t) place * mask_stride + head % masks->ne[2] * masks->nb[2];
        few->at[i] = head * (int) q->ne[1] + place;
        few->numbers[i] = dst->src[1]->type == GGML_TYPE_BF16 ? (const float *) (room->bf16 + few->at[i] * (int) q->ne[0])
                : (const float *) ((const char *) q->data + place * q->nb[1] + head * q->nb[2] + i3 * q->nb[3]);
        few->bytes[i] = room->bytes.queries[few->at[i]];
    }
}

static void ag_add_own_row(struct ag_own_rows * own, const struct ag_tile * tile, int64_t key, int row, const char * mask) {
    if (own->count == 0) {
        own->from = key;
        own->keys = tile->keys;
    }
    own->rows[own->count] = (uint16_t) (key + row - own->from);
    memcpy(own->mask + own->count, mask, sizeof *own->mask);
    own->count++;
}

/* Place `place` meets its own rows, which are gone then. `next`: see ag_tile. */
static void ag_meet_own_rows(const struct ggml_tensor * dst, int64_t i3, int place, struct ag_own_rows * own, int next, const struct ag_own_rows * after,
        struct ag_attention_room * room, struct ag_few * few) {
    struct ag_tile some = ag_tile_of(dst);
    ag_take(&some, dst, own->from, 0, 0, i3);
    few->next = after;
    some.count = own->count;
    some.next = next;
    for (int i = 0; i < AG_EIGHT; i++) { /* what is fetched may be behind the last */
        own->rows[own->count + i] = own->rows[own->count - 1];
    }
    few->rows = own->rows;
    ag_gather_few(dst, i3, &place, 1, (const char *) own->mask, 0, room, few);
    ag_meet(room, &some, few);
    few->next = NULL;
    own->count = 0;
}

/* All places meet their own rows; those of the next place are fetched meanwhile. */
static void ag_meet_all_own_rows(const struct ggml_tensor * dst, int64_t i3, struct ag_own_rows * own, int places, struct ag_attention_room * room,
        struct ag_few * few) {
    for (int place = 0, after; place < places; place = after) {
        for (after = place + 1; after < places && own[after].count == 0; after++) {
        }
        if (own[place].count > 0) {
            ag_meet_own_rows(dst, i3, place, own + place, 0, after < places ? own + after : NULL, room, few);
        }
    }
}

/* All queries of sequence `i3`, head by head, meet this thread's part of the tiles: each thread takes the next one, so that
 * rows are read whole. What they come to waits in the room. */
static struct ag_attention_room * ag_attend_few(const struct ggml_tensor * dst, int64_t i3, int thread, int threads) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2], * mask = dst->src[3];
    const int places = (int) q->ne[1], heads = (int) q->ne[2];
    struct ag_tile tile = ag_tile_of(dst);
    struct ag_attention_room * room = ag_begin(heads * places, tile.width);
    struct ag_few few;
    few.next = NULL;
    few.groups = (int) k->ne[2];
    few.key_step = k->nb[2];
    few.value_step = v->nb[2];
    for (int i = 0; i < heads * places; i++) {
        const float * from = (const float *) ((const char *) q->data + i % places * q->nb[1] + i / places * q->nb[2] + i3 * q->nb[3]);
        (void) from;
#if AG_MEETS_BYTES
        if (tile.kind == AG_BYTES) {
            ag_query_in_bytes(from, tile.length, tile.scale, room->bytes.queries[i]);
        }
#endif
#if AG_MEETS_BF16
        if (tile.kind == AG_BF16) {
            ag_query_in_bf16(from, tile.length, tile.scale, room->bf16 + i * tile.length);
        }
#endif
    }
    tile.next = AG_KEYS * threads;
    struct ag_own_rows own[AG_FEW_PLACES];
    for (int place = 0; place < places; place++) {
        own[place].count = 0;
    }
    for (int64_t key = (int64_t) AG_KEYS * thread; key < k->ne[1]; key += tile.next) {
        ag_take(&tile, dst, key, 0, 0, i3);
#if AG_MEETS_BYTES
        if (tile.kind == AG_BYTES && key == (int64_t) AG_KEYS * thread) {
            ag_fetch_first(&tile, few.groups * ag_row_size(tile.length, AG_BYTES));
        }
#endif
        const struct ag_queries queries = { NULL, 0, mask == NULL ? NULL : (const char *) mask->data + key * sizeof(ggml_fp16_t)
                + i3 % mask->ne[3] * mask->nb[3], mask == NULL ? 0 : mask->nb[1] };
        const bool each = mask != NULL && mask->ne[2] == 1; /* a place's heads see the same */
        int most[AG_FEW_PLACES], count = 0;
        for (int place = 0; place < places; place++) {
            const uint64_t seen = each ? ag_sees(&tile, ag_mask_of(&queries, place)) : UINT64_MAX;
            if (2 * __builtin_popcountll(seen) > tile.count) {
                most[count++] = place;
            } else if (seen != 0) {
                const int rows = __builtin_popcountll(seen);
                const bool later = tile.kind == AG_BYTES && rows <= AG_OWN_ROWS / 2; /* with others: each meeting takes its time */
                if (own[place].count > 0 && (!later || own[place].count + rows > AG_OWN_ROWS || key + AG_KEYS - own[place].from > UINT16_MAX)) {
                    ag_meet_all_own_rows(dst, i3, own, places, room, &few);
                }
                for (uint64_t left = seen; left != 0; left &= left - 1) {
                    const int row = __builtin_ctzll(left);
                    ag_add_own_row(own + place, &tile, key, row, ag_mask_of(&queries, place) + (size_t) row * sizeof(ggml_fp16_t));
                    if (later && place == 0) { /* met before others that could fetch them */
                        ag_fetch_lines(tile.keys + (size_t) row * tile.key_stride, few.groups * ag_row_size(tile.length, AG_BYTES));
                    }
                }
                if (!later) { /* those of the next tile are fetched meanwhile */
                    ag_meet_own_rows(dst, i3, place, own + place, tile.next, NULL, room, &few);
                }
            }
        }
        if (count > 0) {
            few.rows = ag_all_rows;
            ag_gather_few(dst, i3, most, count, queries.mask, queries.mask_stride, room, &few);
            ag_meet(room, &tile, &few);
        }
    }
    ag_meet_all_own_rows(dst, i3, own, places, room, &few);
    return room;
}

/* What all threads' parts of a query, `step` numbers apart, come to: their largest score, sum of weights, and weighted values. */
static void ag_join(const float * parts, int threads, size_t step, int width, float * to) {
    float largest = -INFINITY, total = 0;
    for (int t = 0; t < threads; t++) {
        largest = fmaxf(largest, parts[t * step]);
    }
    memset(to, 0, (size_t) width * sizeof(float));
    for (int t = 0; t < threads; t++) {
        const float * part = parts + t * step;
        const float share = part[0] == -INFINITY ? 0 : expf(part[0] - largest);
        total += share * part[1];
        for (int i = 0; i < width; i += AG_VECTOR) {
            _mm512_storeu_ps(to + i, _mm512_fmadd_ps(_mm512_set1_ps(share), _mm512_loadu_ps(part + 2 + i), _mm512_loadu_ps(to + i)));
        }
    }
    const __m512 share = _mm512_set1_ps(total == 0 ? 0 : 1 / total);
    for (int i = 0; i < width; i += AG_VECTOR) {
        _mm512_storeu_ps(to + i, _mm512_mul_ps(_mm512_loadu_ps(to + i), share));
    }
}

/* Of `count` places from `first` on: the tensors of a flash attention, and itself, as if it had no others. */
struct ag_places {
    struct ggml_tensor dst, queries, mask;
};

static void ag_take_places(const struct ggml_tensor * dst, int64_t first, int64_t count, struct ag_places * to) {
    to->dst = *dst;
    to->dst.data = (char *) dst->data + first * dst->ne[1] * (int64_t) dst->nb[1];
    to->dst.ne[2] = count;
    to->queries = *dst->src[0];
    to->queries.data = (char *) to->queries.data + first * (int64_t) to->queries.nb[1];
    to->queries.ne[1] = count;
    to->dst.src[0] = &to->queries;
    if (dst->src[3] != NULL) {
        to->mask = *dst->src[3];
        to->mask.data = (char *) to->mask.data + first * (int64_t) to->mask.nb[1];
        to->dst.src[3] = &to->mask;
    }
}

/* The attention of one query a head, or a few: threads share the keys, and join what they found in the graph's own memory.
 * Where keys are bytes all queries take that way, a few places after the others: their products are half as many
 * instructions. False, and the same for every thread: the shape is another, or that memory is too small; nothing was done. */
static bool ag_attention_of_few(const struct ggml_compute_params * params, struct ggml_tensor * dst) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2];
    const size_t part = (size_t) v->ne[0] + 2; /* numbers of a query */
    const int64_t room = (int64_t) (params->wsize / sizeof(float) / (size_t) params->nth / part) / (q->ne[2] * q->ne[3]);
    const int64_t most = room < AG_FEW_PLACES ? room : AG_FEW_PLACES, rounds = most == 0 ? 0 : (q->ne[1] + most - 1) / most;
    if (rounds == 0 || (rounds > 1 && (k->type != GGML_TYPE_Q8_0 || q->ne[3] != 1)) || k->ne[2] != v->ne[2] || !ag_attention_takes(dst)) {
        return false;
    }
    const int64_t places = (q->ne[1] + rounds - 1) / rounds;
    const size_t step = (size_t) (q->ne[2] * places * q->ne[3]) * part; /* from thread to thread */
    if (q->ne[2] * places > AG_GROUP) {
        return false;
    }
    float * parts = (float *) params->wdata;
    for (int64_t first = 0; first < q->ne[1]; first += places) {
        struct ag_places some;
        const int64_t count = q->ne[1] - first < places ? q->ne[1] - first : places, each = q->ne[2] * count, all = each * q->ne[3];
        ag_take_places(dst, first, count, &some);
        for (int64_t i3 = 0; i3 < q->ne[3]; i3++) {
            const struct ag_attention_room * room = ag_attend_few(&some.dst, i3, params->ith, params->nth);
            for (int64_t i = 0; i < each; i++) {
                float * to = parts + (size_t) params->ith * step + (size_t) (i3 * each + i) * part;
                to[0] = room->largest[i];
                to[1] = room->total[i];
                memcpy(to + 2, room->sums + i * v->ne[0], (size_t) v->ne[0] * sizeof(float));
            }
        }
        ggml_barrier(params->threadpool);
        for (int64_t i = all * params->ith / params->nth; i < all * (params->ith + 1) / params->nth; i++) {
            const int64_t head = i % each / count, place = i % count;
            ag_join(parts + (size_t) i * part, params->nth, step, (int) v->ne[0], ag_output(&some.dst, place, head, i / each));
        }
        if (first + places < q->ne[1]) {
            ggml_barrier(params->threadpool);
        }
    }
    return true;
}

#else

static inline bool ag_attention(struct ggml_tensor * dst, int64_t ir0, int64_t ir1) {
    (void) dst, (void) ir0, (void) ir1;
    return false;
}

static inline bool ag_attention_of_few(const struct ggml_compute_params * params, struct ggml_tensor * dst) {
    (void) params, (void) dst;
    return false;
}

#endif
#endif
