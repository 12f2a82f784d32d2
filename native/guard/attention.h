/* Attention of many queries at once: a speech model's encoder, a prompt, a step of a picture. Compiled into ggml's CPU
 * backend: native/llama.sed calls it for what ggml's tiled flash attention would do, which turns a tile of keys again for
 * every 64 queries and reads each score four times. Numbers stay single precision. Needs AVX512; elsewhere, and for any
 * other shape, nothing is done.
 *
 * A head's queries, up to 512 at a time, pass by a tile of 64 keys and values that was unpacked once: six queries' scores
 * for it fill the registers, become weights there and meet the values. Sums of weighted values wait in memory; what they
 * are relative to is the largest score so far, as in flash attention. */
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

enum { AG_KEYS = 64, AG_VECTOR = 16, AG_VECTORS = AG_KEYS / AG_VECTOR, AG_QUERIES = 6, AG_GROUP = 512, AG_LONGEST = 256 };

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

/* `count` queries, at most six, meet the unpacked tile of `keys` keys. */
static inline __attribute__((always_inline)) void ag_attend(struct ag_attention_room * room, const char * queries, size_t stride,
        const char * mask, size_t mask_stride, int first, const int count, int keys, int length, int width) {
    __mmask16 there[AG_VECTORS];
    for (int v = 0; v < AG_VECTORS; v++) {
        const int left = keys - v * AG_VECTOR;
        there[v] = left >= AG_VECTOR ? 0xffff : left <= 0 ? 0 : (__mmask16) ((1u << left) - 1);
    }
    const __m512 never = _mm512_set1_ps(-INFINITY);
    __m512 scores[AG_QUERIES][AG_VECTORS];
    if (mask != NULL) {
        bool any = false;
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                const __m512 add = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(there[v], mask + q * mask_stride + v * AG_VECTOR * 2));
                any |= _mm512_mask_cmp_ps_mask(there[v], add, never, _CMP_NEQ_OQ) != 0;
            }
        }
        if (!any) {
            return;
        }
    }
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            scores[q][v] = _mm512_setzero_ps();
        }
    }
    for (int i = 0; i < length; i++) {
        const float * key = room->keys + i * AG_KEYS;
        const __m512 k0 = _mm512_load_ps(key), k1 = _mm512_load_ps(key + 16), k2 = _mm512_load_ps(key + 32), k3 = _mm512_load_ps(key + 48);
        for (int q = 0; q < count; q++) {
            const __m512 number = _mm512_set1_ps(((const float *) (queries + q * stride))[i]);
            scores[q][0] = _mm512_fmadd_ps(number, k0, scores[q][0]);
            scores[q][1] = _mm512_fmadd_ps(number, k1, scores[q][1]);
            scores[q][2] = _mm512_fmadd_ps(number, k2, scores[q][2]);
            scores[q][3] = _mm512_fmadd_ps(number, k3, scores[q][3]);
        }
    }
    for (int q = 0; q < count; q++) {
        for (int v = 0; v < AG_VECTORS; v++) {
            if (mask != NULL) {
                scores[q][v] = _mm512_add_ps(scores[q][v],
                        _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(there[v], mask + q * mask_stride + v * AG_VECTOR * 2)));
            }
            scores[q][v] = _mm512_mask_blend_ps(there[v], never, scores[q][v]);
        }
        const __m512 top = _mm512_max_ps(_mm512_max_ps(scores[q][0], scores[q][1]), _mm512_max_ps(scores[q][2], scores[q][3]));
        const float before = room->largest[first + q];
        const float largest = fmaxf(before, _mm512_reduce_max_ps(top));
        __m512 sum = _mm512_setzero_ps();
        for (int v = 0; v < AG_VECTORS; v++) {
            /* with nothing but masked keys so far every difference would be not a number */
            const __m512 weight = largest == -INFINITY ? _mm512_setzero_ps()
                    : ggml_v_expf(_mm512_sub_ps(scores[q][v], _mm512_set1_ps(largest)));
            _mm512_store_ps(room->weights + q * AG_KEYS + v * AG_VECTOR, weight);
            sum = _mm512_add_ps(sum, weight);
        }
        if (largest > before) {
            const float shrink = expf(before - largest);
            float * sums = room->sums + (first + q) * width;
            for (int part = 0; part < width; part += AG_VECTOR) {
                _mm512_store_ps(sums + part, _mm512_mul_ps(_mm512_load_ps(sums + part), _mm512_set1_ps(shrink)));
            }
            room->total[first + q] *= shrink;
            room->largest[first + q] = largest;
        }
        room->total[first + q] += _mm512_reduce_add_ps(sum);
    }
    for (int part = 0; part < width; part += AG_KEYS) {
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                scores[q][v] = _mm512_load_ps(room->sums + (first + q) * width + part + v * AG_VECTOR);
            }
        }
        for (int i = 0; i < keys; i++) {
            const float * value = room->values + i * width + part;
            const __m512 v0 = _mm512_load_ps(value), v1 = _mm512_load_ps(value + 16), v2 = _mm512_load_ps(value + 32), v3 = _mm512_load_ps(value + 48);
            for (int q = 0; q < count; q++) {
                const __m512 weight = _mm512_set1_ps(room->weights[q * AG_KEYS + i]);
                scores[q][0] = _mm512_fmadd_ps(weight, v0, scores[q][0]);
                scores[q][1] = _mm512_fmadd_ps(weight, v1, scores[q][1]);
                scores[q][2] = _mm512_fmadd_ps(weight, v2, scores[q][2]);
                scores[q][3] = _mm512_fmadd_ps(weight, v3, scores[q][3]);
            }
        }
        for (int q = 0; q < count; q++) {
            for (int v = 0; v < AG_VECTORS; v++) {
                _mm512_store_ps(room->sums + (first + q) * width + part + v * AG_VECTOR, scores[q][v]);
            }
        }
    }
}

/* Queries `ir0` to `ir1` of a flash attention, counted over heads and sequences as ggml's own does: dst's rows. False, and
 * the same for every thread: the shape is another, nothing was done. */
static bool ag_attention(struct ggml_tensor * dst, int64_t ir0, int64_t ir1) {
    const struct ggml_tensor * q = dst->src[0], * k = dst->src[1], * v = dst->src[2], * mask = dst->src[3];
    float options[3]; /* scale, largest bias, soft cap */
    memcpy(options, dst->op_params, sizeof options);
    const int length = (int) k->ne[0], width = (int) v->ne[0];
    if (dst->src[4] != NULL || options[1] != 0 || options[2] != 0 || length % AG_VECTOR != 0 || length > AG_LONGEST
            || width % AG_KEYS != 0 || width > AG_LONGEST || k->type != v->type) {
        return false;
    }
    const bool half = k->type == GGML_TYPE_F16;
    const int64_t per_head = q->ne[1], per_sequence = q->ne[1] * q->ne[2];
    struct ag_attention_room * room = (struct ag_attention_room *) ag_room(sizeof(struct ag_attention_room));
    for (int64_t row = ir0; row < ir1;) {
        const int64_t i3 = row / per_sequence, i2 = row % per_sequence / per_head, i1 = row % per_head;
        int64_t count = per_head - i1 < ir1 - row ? per_head - i1 : ir1 - row;
        count = count < AG_GROUP ? count : AG_GROUP;
        const char * queries = (const char *) q->data + i1 * q->nb[1] + i2 * q->nb[2] + i3 * q->nb[3];
        const char * keys = (const char *) k->data + i2 / (q->ne[2] / k->ne[2]) * k->nb[2] + i3 / (q->ne[3] / k->ne[3]) * k->nb[3];
        const char * values = (const char *) v->data + i2 / (q->ne[2] / v->ne[2]) * v->nb[2] + i3 / (q->ne[3] / v->ne[3]) * v->nb[3];
        const char * masks = mask == NULL ? NULL : (const char *) mask->data + i1 * mask->nb[1] + i2 % mask->ne[2] * mask->nb[2]
                + i3 % mask->ne[3] * mask->nb[3];
        memset(room->sums, 0, (size_t) (count * width) * sizeof(float));
        for (int64_t i = 0; i < count; i++) {
            room->largest[i] = -INFINITY;
            room->total[i] = 0;
        }
        for (int64_t key = 0; key < k->ne[1]; key += AG_KEYS) {
            const int here = (int) (k->ne[1] - key < AG_KEYS ? k->ne[1] - key : AG_KEYS);
            ag_unpack_keys(keys + key * k->nb[1], k->nb[1], here, length, half, options[0], room->keys);
            ag_unpack_values(values + key * v->nb[1], v->nb[1], here, width, half, room->values);
            for (int64_t six = 0; six < count; six += AG_QUERIES) {
                const char * of = queries + six * q->nb[1];
                const char * masked = masks == NULL ? NULL : masks + six * mask->nb[1] + key * sizeof(ggml_fp16_t);
                const size_t mask_stride = masks == NULL ? 0 : mask->nb[1];
                if (count - six >= AG_QUERIES) {
                    ag_attend(room, of, q->nb[1], masked, mask_stride, (int) six, AG_QUERIES, here, length, width);
                } else {
                    for (int64_t one = 0; six + one < count; one++) {
                        ag_attend(room, of + one * q->nb[1], q->nb[1], masked == NULL ? NULL : masked + one * mask_stride, mask_stride,
                                (int) (six + one), 1, here, length, width);
                    }
                }
            }
        }
        for (int64_t i = 0; i < count; i++) {
            const __m512 share = _mm512_set1_ps(room->total[i] == 0 ? 0 : 1 / room->total[i]);
            float * to = (float *) ((char *) dst->data + (i3 * dst->ne[2] * dst->ne[1] + i2 + (i1 + i) * dst->ne[1]) * dst->nb[1]);
            for (int part = 0; part < width; part += AG_VECTOR) {
                _mm512_storeu_ps(to + part, _mm512_mul_ps(_mm512_load_ps(room->sums + i * width + part), share));
            }
        }
        row += count;
    }
    return true;
}

#else

static inline bool ag_attention(struct ggml_tensor * dst, int64_t ir0, int64_t ir1) {
    (void) dst, (void) ir0, (void) ir1;
    return false;
}

#endif
#endif
