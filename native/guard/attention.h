/* Flash attention: a speech model's encoder, a prompt, a step of a picture, tokens being written. Compiled into ggml's CPU
 * backend: native/llama.sed calls it in place of ggml's own, which unpacks a tile of keys again for every 64 queries, reads
 * each score four times, and takes fewer queries than that key by key. Numbers stay single precision. Needs AVX512;
 * elsewhere, and for any other shape, nothing is done.
 *
 * A head's queries, up to 512 at a time, pass by a tile of 64 keys and values. Where many of them see it, it is unpacked and
 * turned once, and six queries' scores fill the registers; few of them, as while one token is written, meet the keys as they
 * lie. Scores become weights relative to the largest so far, and sums of weighted values wait in memory. */
#ifndef AISERVER_ATTENTION_H
#define AISERVER_ATTENTION_H

#include "ggml.h"

#include <stdbool.h>
#include <stdint.h>

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__F16C__)
#include "thread_room.h"
#include "vec.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

enum { AG_KEYS = 64, AG_VECTOR = 16, AG_VECTORS = AG_KEYS / AG_VECTOR, AG_QUERIES = 6, AG_GROUP = 512, AG_LONGEST = 256,
    AG_FEW_QUERIES = 4, AG_PAIR = 2, AG_EIGHT = 8 };

/* Of one thread; [key] or [query] comes first unless said otherwise. */
struct ag_attention_room {
    float keys[AG_LONGEST * AG_KEYS]; /* [number][key], times the scale of scores */
    float values[AG_KEYS * AG_LONGEST];
    float sums[AG_GROUP * AG_LONGEST];
    float weights[AG_QUERIES * AG_KEYS];
    float largest[AG_GROUP];
    float total[AG_GROUP];
};

static inline __m512 ag_numbers(const char * from, bool half) {
    return half ? _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) from)) : _mm512_loadu_ps((const float *) from);
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

static void ag_unpack_keys(const char * from, size_t stride, int count, int length, bool half, float scale, float * to) {
    const size_t step = AG_VECTOR * (half ? 2 : 4);
    for (int key = 0; key < AG_KEYS; key += AG_VECTOR) {
        for (int part = 0; part * AG_VECTOR < length; part++) {
            __m512 in[AG_VECTOR];
            for (int i = 0; i < AG_VECTOR; i++) {
                in[i] = key + i < count ? _mm512_mul_ps(ag_numbers(from + (key + i) * stride + part * step, half), _mm512_set1_ps(scale))
                        : _mm512_setzero_ps();
            }
            ag_turn_keys(in, to + part * AG_VECTOR * AG_KEYS + key);
        }
    }
}

static void ag_unpack_values(const char * from, size_t stride, int count, int length, bool half, float * to) {
    for (int key = 0; key < AG_KEYS; key++) {
        for (int part = 0; part < length; part += AG_VECTOR) {
            _mm512_store_ps(to + key * length + part, key < count ? ag_numbers(from + key * stride + part * (half ? 2 : 4), half)
                    : _mm512_setzero_ps());
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
    bool half;  /* whether both are half precision */
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

static inline __m512 ag_masked(const struct ag_tile * tile, const struct ag_queries * queries, int query, int vector) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(ag_there(tile, vector),
            queries->mask + (size_t) query * queries->mask_stride + vector * AG_VECTOR * sizeof(ggml_fp16_t)));
}

static inline bool ag_sees(const struct ag_tile * tile, const struct ag_queries * queries, int query) {
    __mmask16 any = 0;
    for (int v = 0; v < AG_VECTORS; v++) {
        any |= _mm512_mask_cmp_ps_mask(ag_there(tile, v), ag_masked(tile, queries, query, v), _mm512_set1_ps(-INFINITY), _CMP_NEQ_UQ);
    }
    return any != 0;
}

/* A query's scores become weights, and what it has so far becomes relative to the same. */
static inline __attribute__((always_inline)) void ag_weigh(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_queries * queries, int query, __m512 scores[AG_VECTORS], float * weights) {
    const __m512 never = _mm512_set1_ps(-INFINITY);
    for (int v = 0; v < AG_VECTORS; v++) {
        if (queries->mask != NULL) {
            scores[v] = _mm512_add_ps(scores[v], ag_masked(tile, queries, query, v));
        }
        scores[v] = _mm512_mask_blend_ps(ag_there(tile, v), never, scores[v]);
    }
    const __m512 top = _mm512_max_ps(_mm512_max_ps(scores[0], scores[1]), _mm512_max_ps(scores[2], scores[3]));
    const float before = room->largest[query];
    const float largest = fmaxf(before, _mm512_reduce_max_ps(top));
    __m512 sum = _mm512_setzero_ps();
    for (int v = 0; v < AG_VECTORS; v++) {
        /* with nothing but masked keys so far every difference would be not a number */
        const __m512 weight = largest == -INFINITY ? _mm512_setzero_ps() : ggml_v_expf(_mm512_sub_ps(scores[v], _mm512_set1_ps(largest)));
        _mm512_storeu_ps(weights + v * AG_VECTOR, weight);
        sum = _mm512_add_ps(sum, weight);
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

/* `count` queries from `first` on, at most six, meet the unpacked tile. */
static inline __attribute__((always_inline)) void ag_attend(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_queries * queries, int first, const int count) {
    __m512 sums[AG_QUERIES][AG_VECTORS];
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            sums[q][v] = _mm512_setzero_ps();
        }
    }
    const char * numbers = queries->numbers + (size_t) first * queries->stride;
    for (int i = 0; i < tile->length; i++) {
        const float * key = room->keys + i * AG_KEYS;
        const __m512 k0 = _mm512_load_ps(key), k1 = _mm512_load_ps(key + 16), k2 = _mm512_load_ps(key + 32), k3 = _mm512_load_ps(key + 48);
        for (int q = 0; q < count; q++) {
            const __m512 number = _mm512_set1_ps(((const float *) (numbers + (size_t) q * queries->stride))[i]);
            sums[q][0] = _mm512_fmadd_ps(number, k0, sums[q][0]);
            sums[q][1] = _mm512_fmadd_ps(number, k1, sums[q][1]);
            sums[q][2] = _mm512_fmadd_ps(number, k2, sums[q][2]);
            sums[q][3] = _mm512_fmadd_ps(number, k3, sums[q][3]);
        }
    }
    for (int q = 0; q < count; q++) {
        ag_weigh(room, tile, queries, first + q, sums[q], room->weights + q * AG_KEYS);
    }
    for (int part = 0; part < tile->width; part += AG_KEYS) {
        float * to = room->sums + first * tile->width + part;
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                sums[q][v] = _mm512_load_ps(to + q * tile->width + v * AG_VECTOR);
            }
        }
        for (int i = 0; i < tile->count; i++) {
            const float * value = room->values + i * tile->width + part;
            const __m512 v0 = _mm512_load_ps(value), v1 = _mm512_load_ps(value + 16), v2 = _mm512_load_ps(value + 32), v3 = _mm512_load_ps(value + 48);
            for (int q = 0; q < count; q++) {
                const __m512 weight = _mm512_set1_ps(room->weights[q * AG_KEYS + i]);
                sums[q][0] = _mm512_fmadd_ps(weight, v0, sums[q][0]);
                sums[q][1] = _mm512_fmadd_ps(weight, v1, sums[q][1]);
                sums[q][2] = _mm512_fmadd_ps(weight, v2, sums[q][2]);
                sums[q][3] = _mm512_fmadd_ps(weight, v3, sums[q][3]);
            }
        }
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                _mm512_store_ps(to + q * tile->width + v * AG_VECTOR, sums[q][v]);
            }
        }
    }
}

/* The sums of eight registers' lanes. */
static inline __m256 ag_sums_of_eight(const __m512 of[AG_EIGHT]) {
    __m256 half[AG_EIGHT];
    for (int i = 0; i < AG_EIGHT; i++) {
        half[i] = _mm256_add_ps(_mm512_castps512_ps256(of[i]), _mm512_extractf32x8_ps(of[i], 1));
    }
    const __m256 low = _mm256_hadd_ps(_mm256_hadd_ps(half[0], half[1]), _mm256_hadd_ps(half[2], half[3]));
    const __m256 high = _mm256_hadd_ps(_mm256_hadd_ps(half[4], half[5]), _mm256_hadd_ps(half[6], half[7]));
    return _mm256_add_ps(_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31));
}

/* A row of the cache that will be wanted: rows of one head lie too far apart for the processor to foresee them. While keys
 * are met the tile's values come, while values are added the next tile's keys. */
static inline void ag_fetch(const char * row, size_t size) {
    for (size_t line = 0; line < size; line += AG_LINE) {
        _mm_prefetch(row + line, _MM_HINT_T0);
    }
}

/* One query or two meet a tile as it lies. */
static inline __attribute__((always_inline)) void ag_attend_few(struct ag_attention_room * room, const struct ag_tile * tile,
        const struct ag_queries * queries, const int which[AG_PAIR], const int count) {
    const size_t step = AG_VECTOR * (tile->half ? sizeof(ggml_fp16_t) : sizeof(float));
    for (int key = 0; key < tile->count; key += AG_EIGHT) {
        __m512 sums[AG_PAIR][AG_EIGHT];
        for (int i = 0; i < AG_EIGHT; i++) {
            /* behind the last key it is repeated; its score is not looked at */
            const char * from = tile->keys + (size_t) (key + i < tile->count ? key + i : tile->count - 1) * tile->key_stride;
            ag_fetch(tile->values + (size_t) (key + i) * tile->value_stride, (size_t) tile->width / AG_VECTOR * step);
            for (int q = 0; q < count; q++) {
                sums[q][i] = _mm512_setzero_ps();
            }
            for (int part = 0; part * AG_VECTOR < tile->length; part++) {
                const __m512 numbers = ag_numbers(from + part * step, tile->half);
                for (int q = 0; q < count; q++) {
                    const float * query = (const float *) (queries->numbers + (size_t) which[q] * queries->stride);
                    sums[q][i] = _mm512_fmadd_ps(numbers, _mm512_loadu_ps(query + part * AG_VECTOR), sums[q][i]);
                }
            }
        }
        for (int q = 0; q < count; q++) {
            _mm256_storeu_ps(room->weights + q * AG_KEYS + key, _mm256_mul_ps(ag_sums_of_eight(sums[q]), _mm256_set1_ps(tile->scale)));
        }
    }
    for (int q = 0; q < count; q++) {
        __m512 scores[AG_VECTORS];
        for (int v = 0; v < AG_VECTORS; v++) {
            scores[v] = _mm512_load_ps(room->weights + q * AG_KEYS + v * AG_VECTOR);
        }
        ag_weigh(room, tile, queries, which[q], scores, room->weights + q * AG_KEYS);
    }
    for (int part = 0; part < tile->width; part += AG_KEYS) {
        __m512 sums[AG_PAIR][AG_VECTORS];
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                sums[q][v] = _mm512_load_ps(room->sums + which[q] * tile->width + part + v * AG_VECTOR);
            }
        }
        for (int i = 0; i < tile->count; i++) {
            const char * value = tile->values + (size_t) i * tile->value_stride + (size_t) part / AG_VECTOR * step;
            if (part == 0) {
                ag_fetch(tile->keys + (size_t) (i + AG_KEYS) * tile->key_stride, (size_t) tile->length / AG_VECTOR * step);
            }
            for (int v = 0; v < AG_VECTORS; v++) {
                const __m512 numbers = ag_numbers(value + (size_t) v * step, tile->half);
                for (int q = 0; q < count; q++) {
                    sums[q][v] = _mm512_fmadd_ps(_mm512_set1_ps(room->weights[q * AG_KEYS + i]), numbers, sums[q][v]);
                }
            }
        }
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                _mm512_store_ps(room->sums + which[q] * tile->width + part + v * AG_VECTOR, sums[q][v]);
            }
        }
    }
}

/* All of `count` queries from `first` on that see the tile meet it. */
static void ag_attend_all(struct ag_attention_room * room, const struct ag_tile * tile, const struct ag_queries * queries, int first, int count) {
    int few[AG_FEW_QUERIES], seeing = 0;
    if (queries->mask == NULL && count > AG_FEW_QUERIES) {
        seeing = count;
    }
    for (int q = first; q < first + count && seeing <= AG_FEW_QUERIES; q++) {
        if (queries->mask == NULL || ag_sees(tile, queries, q)) {
            if (seeing < AG_FEW_QUERIES) {
                few[seeing] = q;
            }
            seeing++;
        }
    }
    if (seeing <= AG_FEW_QUERIES) {
        for (int at = 0; at < seeing; at += AG_PAIR) {
            if (seeing - at >= AG_PAIR) {
                ag_attend_few(room, tile, queries, few + at, AG_PAIR);
            } else {
                ag_attend_few(room, tile, queries, few + at, 1);
            }
        }
        return;
    }
    ag_unpack_keys(tile->keys, tile->key_stride, tile->count, tile->length, tile->half, tile->scale, room->keys);
    ag_unpack_values(tile->values, tile->value_stride, tile->count, tile->width, tile->half, room->values);
    for (int six = first; six < first + count; six += AG_QUERIES) {
        const int these = first + count - six < AG_QUERIES ? first + count - six : AG_QUERIES;
        bool any = queries->mask == NULL;
        for (int q = 0; q < these && !any; q++) {
            any = ag_sees(tile, queries, six + q);
        }
        if (!any) {
            continue;
        }
        switch (these) {
            case 5: ag_attend(room, tile, queries, six, 5); break;
            case 4: ag_attend(room, tile, queries, six, 4); break;
            case 3: ag_attend(room, tile, queries, six, 3); break;
            case 2: ag_attend(room, tile, queries, six, 2); break;
            case 1: ag_attend(room, tile, queries, six, 1); break;
            default: ag_attend(room, tile, queries, six, AG_QUERIES); break;
        }
    }
}

static bool ag_attention_takes(const struct ggml_tensor * dst) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2], * mask = dst->src[3];
    float options[3]; /* scale, largest bias, soft cap */
    memcpy(options, dst->op_params, sizeof options);
    return q->type == GGML_TYPE_F32 && (k->type == GGML_TYPE_F16 || k->type == GGML_TYPE_F32) && k->type == v->type && dst->src[4] == NULL
            && options[1] == 0 && options[2] == 0 && k->ne[0] % AG_VECTOR == 0 && k->ne[0] <= AG_LONGEST && v->ne[0] % AG_KEYS == 0
            && v->ne[0] <= AG_LONGEST && (mask == NULL || mask->ne[2] == 1 || mask->ne[2] == q->ne[2]);
}

/* `count` queries of sequence `i3`, from head `head` and place `place` on: further ones in the next places or, `across`,
 * in the same place of the next heads, of which `sharing` at a time have the same keys. At most AG_GROUP. Heads take turns
 * at each tile, for their keys lie side by side. */
static void ag_attend_group(struct ggml_tensor * dst, int64_t i3, int64_t head, int64_t place, int count, bool across, int sharing) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2], * mask = dst->src[3];
    const int64_t k3 = i3 / (q->ne[3] / k->ne[3]), v3 = i3 / (q->ne[3] / v->ne[3]);
    struct ag_attention_room * room = (struct ag_attention_room *) ag_room(sizeof(struct ag_attention_room));
    struct ag_tile tile = { NULL, NULL, k->nb[1], v->nb[1], 0, (int) k->ne[0], (int) v->ne[0], k->type == GGML_TYPE_F16, 0 };
    memcpy(&tile.scale, dst->op_params, sizeof tile.scale);
    struct ag_queries queries = { (const char *) q->data + place * q->nb[1] + head * q->nb[2] + i3 * q->nb[3], across ? q->nb[2] : q->nb[1],
        NULL, mask == NULL ? 0 : across ? mask->nb[2] * (mask->ne[2] > 1) : mask->nb[1] };
    memset(room->sums, 0, (size_t) (count * tile.width) * sizeof(float));
    for (int i = 0; i < count; i++) {
        room->largest[i] = -INFINITY;
        room->total[i] = 0;
    }
    for (int64_t key = 0; key < k->ne[1]; key += AG_KEYS) {
        tile.count = (int) (k->ne[1] - key < AG_KEYS ? k->ne[1] - key : AG_KEYS);
        if (mask != NULL) {
            queries.mask = (const char *) mask->data + key * sizeof(ggml_fp16_t) + place * mask->nb[1] + head % mask->ne[2] * mask->nb[2]
                    + i3 % mask->ne[3] * mask->nb[3];
        }
        for (int first = 0; first < count; first += sharing) {
            const int64_t of = across ? head + first : head;
            tile.keys = (const char *) k->data + key * k->nb[1] + of / (q->ne[2] / k->ne[2]) * k->nb[2] + k3 * k->nb[3];
            tile.values = (const char *) v->data + key * v->nb[1] + of / (q->ne[2] / v->ne[2]) * v->nb[2] + v3 * v->nb[3];
            ag_attend_all(room, &tile, &queries, first, sharing);
        }
    }
    for (int i = 0; i < count; i++) {
        const __m512 share = _mm512_set1_ps(room->total[i] == 0 ? 0 : 1 / room->total[i]);
        const int64_t i2 = across ? head + i : head, i1 = across ? place : place + i;
        float * to = (float *) ((char *) dst->data + (i3 * dst->ne[2] * dst->ne[1] + i2 + i1 * dst->ne[1]) * dst->nb[1]);
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
        ag_attend_group(dst, row / (per_head * q->ne[2]), row / per_head % q->ne[2], place, (int) count, false, (int) count);
        row += count;
    }
    return true;
}

/* This thread's part of the attention of one query a head: heads that share their keys meet them together. False, and the
 * same for every thread: the shape is another, or there are more threads than such groups; nothing was done. */
static bool ag_attention_of_one(struct ggml_tensor * dst, int thread, int threads) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1];
    const int64_t groups = k->ne[2] * q->ne[3], heads = q->ne[2] / k->ne[2];
    if (q->ne[1] != 1 || groups < threads || k->ne[2] != dst->src[2]->ne[2] || heads > AG_GROUP || !ag_attention_takes(dst)) {
        return false;
    }
    for (int64_t group = groups * thread / threads, last = groups * (thread + 1) / threads; group < last;) {
        const int64_t sequence = group / k->ne[2], at = group % k->ne[2];
        int64_t count = k->ne[2] - at < last - group ? k->ne[2] - at : last - group;
        count = count * heads < AG_GROUP ? count : AG_GROUP / heads;
        ag_attend_group(dst, sequence, at * heads, 0, (int) (count * heads), true, (int) heads);
        group += count;
    }
    return true;
}

#else

static inline bool ag_attention(struct ggml_tensor * dst, int64_t ir0, int64_t ir1) {
    (void) dst, (void) ir0, (void) ir1;
    return false;
}

static inline bool ag_attention_of_one(struct ggml_tensor * dst, int thread, int threads) {
    (void) dst, (void) thread, (void) threads;
    return false;
}

#endif
#endif
