/* Weights of a language model (Q4_K, Q5_K, Q6_K) laid out anew when they are loaded, as large as in the file: sixteen rows side
 * by side, four numbers of each, so that a register is one load and two or three instructions away. Compiled into ggml's CPU
 * backend (ggml-cpu.cpp; see native/llama.sed) as a buffer type that llama.cpp offers its weights to. Eight columns from memory
 * take 0.6 of the time of k_matmul.h, which turns the rows at each product; one column a little less than as it lies
 * (k_rows.h). Needs AVX512-VNNI; elsewhere there is no such buffer type.
 *
 * A vocabulary's matrix in Q6_K (many rows) has the upper four bits of all its numbers apart from the lower two. Where the
 * caller said what of the logits it needs (ag_want), all rows are multiplied by the upper bits alone; the likeliest, and
 * those asked for, then whole. Which could be among the likeliest is bounded by how far the lower bits can reach: those missing
 * are as good as noise of 1.1 times a number's scale, so a row's product is off by 1.1 times its largest scale times the
 * column's length, and it takes 5.6 times that between two rows to mistake them: once in 10^8. Others keep the rough product. */
#ifndef AISERVER_TURNED_WEIGHTS_HPP
#define AISERVER_TURNED_WEIGHTS_HPP

#include "ggml-backend-impl.h"
#include "ggml-cpu-impl.h"
#include "ggml-cpu.h"
#include "ggml.h"
#include "traits.h"

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__AVX512VNNI__) && defined(__F16C__)
#include "k_scales.h"
#include "q8_k.h"
#include "thread_room.h"
#include "turn_rows.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <immintrin.h>
#include <limits>
#include <sys/mman.h>
#include <type_traits>
#include <vector>

namespace turned {
namespace {

constexpr int AT_ONCE = 12;           // columns whose sums the registers hold
constexpr int FOURS = QK_K / 4;
constexpr int PARTS = QK_K / 32;      // with a scale of their own in Q4_K and Q5_K
constexpr int HALVES = QK_K / 16;     // in Q6_K
constexpr size_t AHEAD = 4;           // super-blocks that come nearer before they are needed
constexpr size_t COLUMNS_NEAR = 512 << 10; // bytes of columns that stay in a core's cache while rows pass
constexpr int MANY_ROWS = 1 << 15;    // a vocabulary
constexpr int MOST_LIKELIEST = 64;
constexpr int64_t MOST_WANTING = 64;    // columns; more, as in no answer, are multiplied whole

size_t lines(size_t bytes) { return (bytes + AG_LINE - 1) / AG_LINE * AG_LINE; }

// ---- how the rows lie

enum class Kind { FOUR, FIVE, SIX, ROUGH /* Q6_K without its lower bits */ };

constexpr size_t HEADS = 4 * AG_LINE;                // of sixteen rows' super-block: scales, as they are, but turned
constexpr size_t PAIR = AG_QUADS * AG_LINE;          // four bits of two parts' numbers
constexpr size_t NIBBLES = PARTS / 2 * PAIR;
constexpr size_t FIFTH = PAIR;                       // Q5_K: the fifth bits of all
constexpr size_t LOWER = 2 * AG_QUADS * AG_LINE;     // Q6_K: the lower two bits
constexpr size_t LOWER_ROW = LOWER / AG_LANES;       // of one row, where they are apart
constexpr size_t HALF_SCALES = AG_LANES * sizeof(uint16_t); // Q6_K: the scales of scales

/* Of the upper bits, where they are apart. */
constexpr size_t tile(Kind kind, bool apart) { return HEADS + NIBBLES + (kind == Kind::FIVE ? FIFTH : kind == Kind::SIX && !apart ? LOWER : 0); }

struct Layout {
    Kind kind;
    bool apart;                // upper and lower bits, see above
    int64_t blocks, groups;    // super-blocks of a row; sixteen rows each
    size_t tile;               // of a super-block
    size_t begin, stride;      // of groups; Q6_K: a group begins with the scales of scales
    size_t lower, bounds;      // apart: where the lower bits of all groups are, and the bounds
    size_t size;
};

Layout layout_of(const ggml_tensor * weights) {
    Layout l = {};
    l.kind = weights->type == GGML_TYPE_Q4_K ? Kind::FOUR : weights->type == GGML_TYPE_Q5_K ? Kind::FIVE : Kind::SIX;
    l.apart = l.kind == Kind::SIX && weights->ne[1] >= MANY_ROWS;
    l.blocks = weights->ne[0] / QK_K;
    l.groups = (weights->ne[1] + AG_LANES - 1) / AG_LANES;
    const size_t blocks = (size_t) l.blocks, groups = (size_t) l.groups;
    l.tile = tile(l.kind, l.apart);
    l.begin = l.kind == Kind::SIX ? lines(blocks * HALF_SCALES) : 0;
    l.stride = l.begin + blocks * l.tile;
    l.size = groups * l.stride;
    if (l.apart) {
        l.lower = l.size;
        l.bounds = l.lower + groups * blocks * LOWER;
        l.size = lines(l.bounds + groups * HALF_SCALES);
    }
    return l;
}

bool takes(const ggml_tensor * weights) {
    return (weights->type == GGML_TYPE_Q4_K || weights->type == GGML_TYPE_Q5_K || weights->type == GGML_TYPE_Q6_K)
            && ggml_n_dims(weights) == 2 && weights->ne[0] % QK_K == 0;
}

void turn_heads(const char * const rows[AG_LANES], ptrdiff_t at, char * to) {
    __m512i in[4];
    ag_turn_heads(rows, at, in);
    for (int i = 0; i < 4; i++) {
        _mm512_store_si512(to + i * AG_LINE, in[i]);
    }
}

void turn_quads(const char * const rows[AG_LANES], ptrdiff_t at, char * to) {
    __m512i in[AG_QUADS];
    ag_turn(rows, at, in);
    for (int quad = 0; quad < AG_QUADS; quad++) {
        _mm512_store_si512(to + quad * AG_LINE, in[quad]);
    }
}

void turn_four_five(const char * const rows[AG_LANES], Kind kind, char * to) {
    turn_heads(rows, 0, to);
    to += HEADS;
    if (kind == Kind::FIVE) {
        turn_quads(rows, offsetof(block_q5_K, qh), to);
        to += FIFTH;
    }
    for (int pair = 0; pair < PARTS / 2; pair++) {
        turn_quads(rows, (ptrdiff_t) (kind == Kind::FIVE ? offsetof(block_q5_K, qs) : offsetof(block_q4_K, qs)) + 32 * pair,
                to + pair * PAIR);
    }
}

/* Upper bits as Q4_K has its numbers, two parts in a line; lower bits behind them, four parts in a line. */
void turn_six(const char * const rows[AG_LANES], bool apart, char * to) {
    for (int i = 0; i < HALVES * AG_LANES; i++) {
        to[i] = rows[i % AG_LANES][offsetof(block_q6_K, scales) + (size_t) (i / AG_LANES)];
    }
    to += HEADS;
    for (int side = 0; side < 2; side++) {
        __m512i low[2][AG_QUADS], high[AG_QUADS];
        ag_turn_q6(rows, side, low, high);
        for (int quad = 0; quad < AG_QUADS; quad++) {
            __m512i upper[4], lower = _mm512_setzero_si512();
            for (int part = 0; part < 4; part++) {
                const __m512i four = ag_bits(low[part % 2][quad], 4 * (part / 2), 15);
                upper[part] = _mm512_or_si512(ag_bits(four, 2, 3), _mm512_slli_epi32(ag_bits(high[quad], 2 * part, 3), 2));
                lower = _mm512_or_si512(lower, _mm512_slli_epi32(ag_bits(four, 0, 3), (unsigned) (2 * part)));
            }
            for (int pair = 0; pair < 2; pair++) {
                _mm512_store_si512(to + ((2 * side + pair) * AG_QUADS + quad) * AG_LINE,
                        _mm512_or_si512(upper[2 * pair], _mm512_slli_epi32(upper[2 * pair + 1], 4)));
            }
            if (!apart) {
                _mm512_store_si512(to + NIBBLES + (side * AG_QUADS + quad) * AG_LINE, lower);
            }
        }
    }
}

/* The lower bits of one row's super-block: in a byte those of numbers i, i + 64, i + 128 and i + 192. */
void lower_of(const block_q6_K * from, char * to) {
    for (int i = 0; i < (int) LOWER_ROW; i++) {
        int bits = 0;
        for (int quarter = 0; quarter < 4; quarter++) {
            const int number = 64 * quarter + i, in_half = number % 128; // 64 bytes have the first 64 of these below, the others above
            bits |= (from->ql[number / 128 * 64 + in_half % 64] >> (in_half / 64 * 4) & 3) << (2 * quarter);
        }
        to[i] = (char) bits;
    }
}

/* Of sixteen rows: how far the lower bits' noise goes, for a column of length 1. */
void bound(const char * const rows[AG_LANES], int64_t blocks, char * to) {
    constexpr float noise = 1.118f, times = 4; // of 0, 1, 2 and 3 about their middle; of each of two rows
    __m512 most = _mm512_setzero_ps();
    for (int lane = 0; lane < AG_LANES; lane++) {
        float of = 0;
        for (int64_t b = 0; b < blocks; b++) {
            const block_q6_K * block = (const block_q6_K *) rows[lane] + b;
            int scale = 0;
            for (int i = 0; i < HALVES; i++) {
                scale = std::max(scale, std::abs((int) block->scales[i]));
            }
            of = std::max(of, (float) scale * std::fabs(_cvtsh_ss(block->d)));
        }
        most = _mm512_mask_mov_ps(most, (__mmask16) (1u << lane), _mm512_set1_ps(of));
    }
    _mm256_storeu_si256((__m256i *) to, _mm512_cvtps_ph(_mm512_mul_ps(most, _mm512_set1_ps(times * noise)), _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC));
}

void turn(const ggml_tensor * weights, const char * from) {
    const Layout l = layout_of(weights);
    const size_t block = ggml_type_size(weights->type), row = weights->nb[1];
    char * const to = (char *) weights->data;
    for (int64_t group = 0; group < l.groups; group++) {
        const char * begins[AG_LANES], * rows[AG_LANES];
        for (int i = 0; i < AG_LANES; i++) { // behind the last row it is repeated
            begins[i] = from + (size_t) std::min(group * AG_LANES + i, weights->ne[1] - 1) * row;
        }
        char * const at = to + (size_t) group * l.stride;
        for (int64_t b = 0; b < l.blocks; b++) {
            for (int i = 0; i < AG_LANES; i++) {
                rows[i] = begins[i] + (size_t) b * block;
            }
            char * const here = at + l.begin + (size_t) b * l.tile;
            if (l.kind != Kind::SIX) {
                turn_four_five(rows, l.kind, here);
                continue;
            }
            turn_six(rows, l.apart, here);
            for (int i = 0; i < AG_LANES; i++) {
                if (l.apart) {
                    lower_of((const block_q6_K *) rows[i], to + l.lower + (size_t) ((group * AG_LANES + i) * l.blocks + b) * LOWER_ROW);
                }
                memcpy(at + (size_t) b * HALF_SCALES + (size_t) i * sizeof(uint16_t), rows[i] + offsetof(block_q6_K, d), sizeof(uint16_t));
            }
        }
        if (l.apart) {
            bound(begins, l.blocks, to + l.bounds + (size_t) group * HALF_SCALES);
        }
    }
}

// ---- columns

/* A super-block of N columns, and what else is needed of it. */
template <int N> struct Columns {
    int32_t fours[FOURS][N]; // four numbers each
    union {
        float sums[PARTS][N];      // Q4_K, Q5_K: of each 32 numbers
        int32_t begins[HALVES][N]; // Q6_K, whose numbers are taken 32 higher: minus 32 times the sum of each 16; apart: see Single
    };
    float scales[N];
};

/* A super-block of one column for rows' lower bits. The upper ones are taken four times too small and, since lower bits are 1.5
 * on average, 7.625 higher than they are; as a whole number for each 16, which is made up for here. */
struct Single {
    alignas(AG_LINE) int8_t values[QK_K];
    int16_t begins[HALVES];
    float scale, squares; // squares: of the numbers' length
};

__m512i rough_begins(__m512i sums) {
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(sums), _mm512_set1_ps(-7.625f)));
}

/* What is needed of a column depends on how the rows lie. */
template <int N> void put(const block_q8_K & from, const Layout & l, int c, char * columns) {
    Columns<N> & to = *(Columns<N> *) columns;
    alignas(AG_LINE) int32_t fours[FOURS], whole[HALVES];
    memcpy(fours, from.qs, sizeof fours);
    for (int i = 0; i < FOURS; i++) {
        to.fours[i][c] = fours[i];
    }
    to.scales[c] = from.d;
    if (l.kind != Kind::SIX) {
        for (int i = 0; i < PARTS; i++) {
            to.sums[i][c] = (float) (from.bsums[2 * i] + from.bsums[2 * i + 1]);
        }
        return;
    }
    const __m512i sums = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *) from.bsums));
    _mm512_store_si512(whole, l.apart ? rough_begins(sums) : _mm512_mullo_epi32(sums, _mm512_set1_epi32(-32)));
    for (int i = 0; i < HALVES; i++) {
        to.begins[i][c] = whole[i];
    }
}

void put(const block_q8_K & from, Single & to) {
    memcpy(to.values, from.qs, sizeof to.values);
    const __m512i sums = _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *) from.bsums));
    const __m512i left = _mm512_sub_epi32(_mm512_mullo_epi32(sums, _mm512_set1_epi32(-32)), _mm512_slli_epi32(rough_begins(sums), 2));
    _mm256_storeu_si256((__m256i *) to.begins, _mm512_cvtepi32_epi16(left));
    to.scale = from.d;
    __m512i squares = _mm512_setzero_si512();
    for (int i = 0; i < QK_K; i += 32) {
        const __m512i numbers = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *) (from.qs + i)));
        squares = _mm512_dpwssd_epi32(squares, numbers, numbers);
    }
    to.squares = (float) _mm512_reduce_add_epi32(squares) * from.d * from.d;
}

/* Calls with the number of columns, 1 to AT_ONCE, as a constant. */
template <int N = AT_ONCE, typename F> void with_count(int count, F && call) {
    if constexpr (N > 1) {
        if (count < N) {
            with_count<N - 1>(count, call);
            return;
        }
    }
    call(std::integral_constant<int, N>());
}

size_t size_of_columns(int count) { return sizeof(Columns<AT_ONCE>) / AT_ONCE * (size_t) count; }
static_assert(sizeof(Columns<AT_ONCE>) == AT_ONCE * sizeof(Columns<1>), "columns have no gaps");

const char * column_at(const ggml_tensor * columns, int64_t c) {
    const int64_t in_plane = c % (columns->ne[1] * columns->ne[2]);
    return (const char *) columns->data + c % columns->ne[1] * (int64_t) columns->nb[1] + in_plane / columns->ne[1] * (int64_t) columns->nb[2]
            + c / (columns->ne[1] * columns->ne[2]) * (int64_t) columns->nb[3];
}

int at_once(int64_t count, int64_t first) { return (int) std::min<int64_t>(AT_ONCE, count - first); }

/* Columns' super-blocks, from unit `first` on: those of columns that are multiplied at once lie together, so threads that
 * share the units do not write to the same cache lines. `singles` are filled where upper and lower bits are apart. */
void quantize(const ggml_tensor * columns, const Layout & l, int64_t first, int64_t last, char * to, Single * singles) {
    const int64_t count = ggml_nrows(columns);
    block_q8_K block;
    for (int64_t unit = first; unit < last;) {
        const int64_t begin = unit / (AT_ONCE * l.blocks) * AT_ONCE;
        const int together = at_once(count, begin);
        const int64_t b = (unit - begin * l.blocks) / together;
        for (int c = (int) ((unit - begin * l.blocks) % together); c < together && unit < last; c++, unit++) {
            ag_quantize_q8_K((const float *) column_at(columns, begin + c) + b * QK_K, &block, QK_K);
            char * const at = to + (size_t) (begin * l.blocks) * sizeof(Columns<1>) + (size_t) b * size_of_columns(together);
            with_count(together, [&](auto n) { put<n>(block, l, c, at); });
            if (l.apart) {
                put(block, singles[(begin + c) * l.blocks + b]);
            }
        }
    }
}

// ---- products

/* Sixteen rows times N columns. `fetch`: what is next in memory comes nearer meanwhile. */
template <Kind K, int N> inline __attribute__((always_inline)) void times(const Layout & l, const char * data, int64_t group,
        const Columns<N> * x, bool fetch, __m512 (& sums)[N]) {
    constexpr bool six = K == Kind::SIX || K == Kind::ROUGH;
    constexpr size_t tile = turned::tile(K == Kind::ROUGH ? Kind::SIX : K, K == Kind::ROUGH);
    const char * const scales = data + (size_t) group * l.stride, * at = scales + l.begin;
    for (int c = 0; c < N; c++) {
        sums[c] = _mm512_setzero_ps();
    }
    for (int64_t b = 0; b < l.blocks; b++, at += tile, x++) {
        ag_k_heads heads = {};
        if (!six) {
            __m512i in[4];
            for (int i = 0; i < 4; i++) {
                in[i] = _mm512_load_si512(at + i * AG_LINE);
            }
            heads = ag_k_heads_of(in);
        }
        const char * const fifth = at + HEADS, * const nibbles = fifth + (K == Kind::FIVE ? FIFTH : 0), * const lower = nibbles + NIBBLES;
        __m512 all[N];
        for (int c = 0; c < N; c++) {
            all[c] = _mm512_setzero_ps();
        }
        for (int pair = 0; pair < PARTS / 2; pair++) {
            if (fetch) { // evenly: a quarter of what lies so far ahead
                const char * const ahead = at + AHEAD * tile, * const end = ahead + tile / 4 * (size_t) (pair + 1);
                for (const char * line = b + pair == 0 ? ahead - l.begin : end - tile / 4; line < end; line += AG_LINE) {
                    _mm_prefetch(line, _MM_HINT_T1);
                }
            }
#pragma GCC unroll 2
            for (int odd = 0; odd < 2; odd++) {
                constexpr int pieces = six ? 2 : 1, quads = AG_QUADS / pieces;
                const int part = 2 * pair + odd;
#pragma GCC unroll 2
                for (int piece = 0; piece < pieces; piece++) {
                    const int half = 2 * part + piece;
                    __m512i now[N];
                    for (int c = 0; c < N; c++) {
                        now[c] = six ? _mm512_set1_epi32(x->begins[half][c]) : _mm512_setzero_si512();
                    }
#pragma GCC unroll 8
                    for (int q = piece * quads; q < (piece + 1) * quads; q++) {
                        __m512i value = _mm512_load_si512(nibbles + (pair * AG_QUADS + q) * AG_LINE);
                        if (K == Kind::SIX) { /* (upper << 2) | lower */
                            const __m512i lowest = ag_bits(_mm512_load_si512(lower + (pair / 2 * AG_QUADS + q) * AG_LINE), 2 * (part % 4), 3);
                            value = odd == 0 ? _mm512_slli_epi32(value, 2) : _mm512_srli_epi32(value, 2);
                            value = _mm512_ternarylogic_epi32(_mm512_set1_epi8(0x3c), value, lowest, 0xca);
                        } else {
                            value = ag_bits(value, 4 * odd, 15);
                        }
                        if (K == Kind::FIVE) {
                            value = _mm512_or_si512(value, _mm512_slli_epi32(ag_bits(_mm512_load_si512(fifth + q * AG_LINE), part, 1), 4));
                        }
                        for (int c = 0; c < N; c++) {
                            now[c] = _mm512_dpbusd_epi32(now[c], value, _mm512_set1_epi32(x->fours[part * AG_QUADS + q][c]));
                        }
                    }
                    const __m512 scale = six ? _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128((const __m128i *) (at + half * AG_LANES))))
                            : ag_k_scale(&heads, part);
                    for (int c = 0; c < N; c++) {
                        all[c] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(now[c]), scale, all[c]);
                    }
                }
                if (!six) {
                    const __m512 less = ag_k_less(&heads, part);
                    for (int c = 0; c < N; c++) {
                        all[c] = _mm512_fnmadd_ps(less, _mm512_set1_ps(x->sums[part][c]), all[c]);
                    }
                }
            }
        }
        const __m512 scale = six ? _mm512_cvtph_ps(_mm256_load_si256((const __m256i *) (scales + (size_t) b * HALF_SCALES))) : _mm512_setzero_ps();
        for (int c = 0; c < N; c++) {
            const __m512 scaled = _mm512_set1_ps(K == Kind::ROUGH ? 4 * x->scales[c] : x->scales[c]);
            sums[c] = _mm512_fmadd_ps(all[c], six ? _mm512_mul_ps(scale, scaled) : scaled, sums[c]);
        }
    }
}

struct Product {
    const Layout & l;
    const char * data;
    int64_t rows;
    float * out; // [column][row]

    __mmask16 there(int64_t group) const {
        const int64_t left = rows - group * AG_LANES;
        return left >= AG_LANES ? 0xffff : (__mmask16) ((1u << left) - 1);
    }
    float * at(int64_t column, int64_t group) const { return out + column * rows + group * AG_LANES; }
};

template <Kind K, int N> void part(const Product & p, const char * columns, int64_t first, int64_t group, bool fetch) {
    __m512 sums[N];
    times<K, N>(p.l, p.data, group, (const Columns<N> *) columns, fetch, sums);
    for (int c = 0; c < N; c++) {
        _mm512_mask_storeu_ps(p.at(first + c, group), p.there(group), sums[c]);
    }
}

template <Kind K> void part(const Product & p, const char * columns, int64_t first, int count, int64_t group, bool fetch) {
    with_count(count, [&](auto n) { part<K, n>(p, columns, first, group, fetch); });
}

/* Groups of rows from first to last times all columns. */
template <Kind K> void whole(const Product & p, const char * columns, int64_t count, int64_t first, int64_t last) {
    const size_t eight = (size_t) p.l.blocks * sizeof(Columns<AT_ONCE>);
    const int64_t pass = AT_ONCE * std::max<int64_t>(1, (int64_t) (COLUMNS_NEAR / eight));
    for (int64_t from = 0; from < count; from += pass) {
        const int64_t to = std::min(count, from + pass);
        for (int64_t group = first; group < last; group++) {
            for (int64_t c = from; c < to; c += AT_ONCE) {
                part<K>(p, columns + (size_t) (c / AT_ONCE) * eight, c, at_once(count, c), group, c == from);
            }
        }
    }
}

// ---- upper and lower bits apart

/* Adds what the lower bits of a row make of its product with a column. */
void complete(const Product & p, const Single * column, int64_t c, int64_t row) {
    const int64_t group = row / AG_LANES, lane = row % AG_LANES;
    const char * const scales = p.data + (size_t) group * p.l.stride + (size_t) lane * sizeof(uint16_t), * at = p.data + (size_t) group * p.l.stride + p.l.begin + lane;
    const char * lower = p.data + p.l.lower + (size_t) (row * p.l.blocks) * LOWER_ROW;
    const __m512i two = _mm512_set1_epi8(3);
    __m512 sum = _mm512_setzero_ps();
    for (int64_t b = 0; b < p.l.blocks; b++, at += p.l.tile, lower += LOWER_ROW, column++) {
        alignas(16) char bytes[HALVES];
        for (int half = 0; half < HALVES; half++) {
            bytes[half] = at[half * AG_LANES];
        }
        const __m256i scale = _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *) bytes));
        const __m512i spread = _mm512_castsi256_si512(scale), in = _mm512_load_si512(lower);
        __m512i now = _mm512_zextsi256_si512(_mm256_madd_epi16(scale, _mm256_loadu_si256((const __m256i *) column->begins)));
        now = ag_k_scaled(now, _mm512_and_si512(in, two), column->values, spread, ag_k_four(0));
        now = ag_k_scaled(now, _mm512_and_si512(_mm512_srli_epi32(in, 2), two), column->values + 64, spread, ag_k_four(4));
        now = ag_k_scaled(now, _mm512_and_si512(_mm512_srli_epi32(in, 4), two), column->values + 128, spread, ag_k_four(8));
        now = ag_k_scaled(now, _mm512_and_si512(_mm512_srli_epi32(in, 6), two), column->values + 192, spread, ag_k_four(12));
        const float of = ag_half_at(scales + (size_t) b * HALF_SCALES) * column->scale;
        sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(now), _mm512_set1_ps(of), sum);
    }
    p.out[c * p.rows + row] += _mm512_reduce_add_ps(sum);
}

void whole(const Product & p, const char * columns, const Single * singles, int64_t count, int64_t first, int64_t last) {
    switch (p.l.kind) {
        case Kind::FOUR: whole<Kind::FOUR>(p, columns, count, first, last); return;
        case Kind::FIVE: whole<Kind::FIVE>(p, columns, count, first, last); return;
        default: break;
    }
    if (!p.l.apart) {
        whole<Kind::SIX>(p, columns, count, first, last);
        return;
    }
    whole<Kind::ROUGH>(p, columns, count, first, last);
    for (int64_t c = 0; c < count; c++) {
        for (int64_t row = first * AG_LANES; row < std::min(p.rows, last * AG_LANES); row++) {
            complete(p, singles + c * p.l.blocks, c, row);
        }
    }
}

/* What a caller's logits are for, until it says otherwise. */
struct Want {
    int32_t likeliest = -1; // so many are completed; -1: all
    std::vector<int32_t> rows;
};

thread_local Want want;

/* What the likeliest that one thread has found for one column reach at least, in falling order. */
struct Highest {
    float values[MOST_LIKELIEST];
    int count;

    float least(int most) const { return count < most ? -std::numeric_limits<float>::infinity() : values[count - 1]; }
    void take(float value, int most) {
        int at = count < most ? count++ : count - 1;
        for (; at > 0 && values[at - 1] < value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
};

struct Work { // as it lies in the graph's memory
    const Want ** want; // of the thread that asked for the product
    char * columns;
    Single * singles;   // [column][super-block]
    Highest * highest;  // [thread][column]
};

size_t room_for_columns(int64_t count, int64_t blocks) { return lines((size_t) (count * blocks) * sizeof(Columns<1>)); }

size_t room_for_singles(const Layout & l, int64_t count) { return l.apart ? (size_t) (count * l.blocks) * sizeof(Single) : 0; }

size_t work_size(const Layout & l, int64_t count, int threads) {
    return 2 * AG_LINE + room_for_columns(count, l.blocks) + room_for_singles(l, count)
            + (l.apart ? (size_t) threads * (size_t) std::min(count, MOST_WANTING) * sizeof(Highest) : 0);
}

Work work_in(void * memory, const Layout & l, int64_t count) {
    char * const begin = (char *) (((uintptr_t) memory + AG_LINE - 1) / AG_LINE * AG_LINE), * const columns = begin + AG_LINE;
    char * const singles = columns + room_for_columns(count, l.blocks);
    return { (const Want **) begin, columns, (Single *) singles, (Highest *) (singles + room_for_singles(l, count)) };
}

float length(const Product & p, const Single * column) {
    float squares = 0;
    for (int64_t b = 0; b < p.l.blocks; b++) {
        squares += column[b].squares;
    }
    return std::sqrt(squares);
}

__m512 bounds(const Product & p, int64_t group) {
    return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *) (p.data + p.l.bounds + (size_t) group * HALF_SCALES)));
}

/* Groups of rows times N columns by the upper bits, and the highest that each reaches at least. */
template <int N> void rough(const Product & p, const char * columns, const float * lengths, int64_t first_column, int64_t first, int64_t last,
        int most, Highest * highest) {
    __m512 least[N];
    for (int c = 0; c < N; c++) {
        least[c] = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
    }
    for (int64_t group = first; group < last; group++) {
        __m512 sums[N];
        times<Kind::ROUGH, N>(p.l, p.data, group, (const Columns<N> *) columns, true, sums);
        const __mmask16 there = p.there(group);
        const __m512 bound = bounds(p, group);
        for (int c = 0; c < N; c++) {
            _mm512_mask_storeu_ps(p.at(first_column + c, group), there, sums[c]);
            const __m512 low = _mm512_fnmadd_ps(bound, _mm512_set1_ps(lengths[c]), sums[c]);
            const __mmask16 higher = _mm512_mask_cmp_ps_mask(there, low, least[c], _CMP_GT_OQ);
            if (higher != 0) {
                alignas(64) float values[AG_LANES];
                _mm512_store_ps(values, low);
                for (int lane = 0; lane < AG_LANES; lane++) {
                    if ((higher >> lane & 1) != 0 && values[lane] > highest[c].least(most)) {
                        highest[c].take(values[lane], most);
                    }
                }
                least[c] = _mm512_set1_ps(highest[c].least(most));
            }
        }
    }
}

/* What the likeliest of all rows reach at least. */
float least_of_all(const Highest * highest, int64_t column, int64_t count, int threads, int most) {
    std::vector<float> all;
    for (int thread = 0; thread < threads; thread++) {
        const Highest & of = highest[thread * count + column];
        all.insert(all.end(), of.values, of.values + of.count);
    }
    if ((int) all.size() < most) {
        return -std::numeric_limits<float>::infinity();
    }
    std::nth_element(all.begin(), all.begin() + (most - 1), all.end(), [](float a, float b) { return a > b; });
    return all[(size_t) most - 1];
}

/* Which of a group's rows are asked for; `next` is the first that was not passed yet. */
__mmask16 asked_of(const std::vector<int32_t> & rows, int64_t group, size_t & next) {
    unsigned lanes = 0;
    for (; next < rows.size() && rows[next] < (group + 1) * AG_LANES; next++) {
        lanes |= rows[next] >= group * AG_LANES ? 1u << rows[next] % AG_LANES : 0;
    }
    return (__mmask16) lanes;
}

void complete(const Product & p, const Work & w, int64_t c, int64_t group, unsigned lanes) {
    for (; lanes != 0; lanes &= lanes - 1) {
        complete(p, w.singles + c * p.l.blocks, c, group * AG_LANES + __builtin_ctz(lanes));
    }
}

/* All rows by the upper bits; completed are those that could be among the likeliest, and those asked for. */
void likeliest(ggml_compute_params * params, const Product & p, const Work & w, int64_t count, int64_t first, int64_t last, const Want & asked) {
    float lengths[MOST_WANTING];
    Highest * const own = w.highest + params->ith * count;
    for (int64_t c = 0; c < count; c++) {
        lengths[c] = length(p, w.singles + c * p.l.blocks);
        own[c].count = 0;
    }
    for (int64_t c = 0; c < count; c += AT_ONCE) {
        with_count(at_once(count, c), [&](auto n) {
            rough<n>(p, w.columns + (size_t) (c * p.l.blocks) * sizeof(Columns<1>), lengths + c, c, first, last, asked.likeliest, own + c);
        });
    }
    ggml_barrier(params->threadpool);
    for (int64_t c = 0; c < count; c++) {
        const __m512 least = _mm512_set1_ps(least_of_all(w.highest, c, count, params->nth, asked.likeliest)), of = _mm512_set1_ps(lengths[c]);
        size_t next = 0;
        for (int64_t group = first; group < last; group++) {
            const __mmask16 there = p.there(group);
            const __m512 high = _mm512_fmadd_ps(bounds(p, group), of, _mm512_maskz_loadu_ps(there, p.at(c, group)));
            complete(p, w, c, group, _mm512_mask_cmp_ps_mask(there, high, least, _CMP_NLT_UQ) | (asked_of(asked.rows, group, next) & there));
        }
    }
}

/* The rows that are asked for, by themselves; all others become impossible. */
void those(const Product & p, const Work & w, int64_t count, int64_t first, int64_t last, const std::vector<int32_t> & rows) {
    const __m512 impossible = _mm512_set1_ps(-std::numeric_limits<float>::infinity());
    size_t next = 0;
    for (int64_t group = first; group < last; group++) {
        const __mmask16 there = p.there(group), asked = asked_of(rows, group, next) & there;
        for (int64_t c = 0; asked != 0 && c < count; c += AT_ONCE) {
            part<Kind::ROUGH>(p, w.columns + (size_t) (c * p.l.blocks) * sizeof(Columns<1>), c, at_once(count, c), group, false);
        }
        for (int64_t c = 0; c < count; c++) {
            complete(p, w, c, group, asked);
            _mm512_mask_storeu_ps(p.at(c, group), there & ~asked, impossible);
        }
    }
}

// ---- ggml's side

void multiply(ggml_compute_params * params, ggml_tensor * dst) {
    const ggml_tensor * const weights = dst->src[0], * const columns = dst->src[1];
    const Layout l = layout_of(weights);
    const int64_t count = ggml_nrows(columns), units = count * l.blocks;
    const int64_t first = l.groups * params->ith / params->nth, last = l.groups * (params->ith + 1) / params->nth;
    const Product p = { l, (const char *) weights->data, weights->ne[1], (float *) dst->data };
    if (!l.apart && units <= 16) { // sooner done by each thread for itself than waited for
        char * const own = (char *) ag_room(room_for_columns(count, l.blocks));
        quantize(columns, l, 0, units, own, nullptr);
        whole(p, own, nullptr, count, first, last);
        return;
    }
    const Work w = work_in(params->wdata, l, count);
    if (params->ith == 0) {
        *w.want = &want;
    }
    quantize(columns, l, units * params->ith / params->nth, units * (params->ith + 1) / params->nth, w.columns, w.singles);
    ggml_barrier(params->threadpool);
    const Want & asked = **w.want;
    if (!l.apart || count > MOST_WANTING || asked.likeliest < 0 || asked.likeliest > MOST_LIKELIEST) {
        whole(p, w.columns, w.singles, count, first, last);
    } else if (asked.likeliest > 0) {
        likeliest(params, p, w, count, first, last, asked);
    } else {
        those(p, w, count, first, last, asked.rows);
    }
}

class Traits : public ggml::cpu::tensor_traits {
    bool work_size(int threads, const ggml_tensor * op, size_t & size) override {
        if (op->op != GGML_OP_MUL_MAT) {
            return false;
        }
        size = turned::work_size(layout_of(op->src[0]), ggml_nrows(op->src[1]), threads);
        return true;
    }
    bool compute_forward(ggml_compute_params * params, ggml_tensor * op) override {
        if (op->op != GGML_OP_MUL_MAT) {
            return false;
        }
        multiply(params, op);
        return true;
    }
};

std::atomic<size_t> bytes_now{0}; // in buffers of this type

ggml_backend_buffer_type_t buffer_type();

ggml_status init_tensor(ggml_backend_buffer_t, ggml_tensor * tensor) {
    static Traits traits;
    tensor->extra = takes(tensor) ? &traits : nullptr;
    return GGML_STATUS_SUCCESS;
}

void set_tensor(ggml_backend_buffer_t, ggml_tensor * tensor, const void * data, size_t offset, size_t size) {
    GGML_ASSERT(offset == 0 && size == ggml_nbytes(tensor) && tensor->extra != nullptr);
    turn(tensor, (const char *) data);
}

void (* free_plain)(ggml_backend_buffer_t);

void free_buffer(ggml_backend_buffer_t buffer) {
    bytes_now -= buffer->size;
    free_plain(buffer);
}

const char * name(ggml_backend_buffer_type_t) { return "CPU_TURNED"; }

ggml_backend_buffer_t alloc_buffer(ggml_backend_buffer_type_t type, size_t size) {
    ggml_backend_buffer_t buffer = ggml_backend_buft_alloc_buffer(ggml_backend_cpu_buffer_type(), size);
    if (buffer == nullptr) {
        return nullptr;
    }
#ifdef MADV_HUGEPAGE
    constexpr uintptr_t page = 4096;
    const uintptr_t begin = ((uintptr_t) buffer->context + page - 1) / page * page, end = ((uintptr_t) buffer->context + size) / page * page;
    if (end > begin) {
        madvise((void *) begin, end - begin, MADV_HUGEPAGE);
    }
#endif
    free_plain = buffer->iface.free_buffer;
    buffer->buft = type;
    buffer->iface.free_buffer = free_buffer;
    buffer->iface.init_tensor = init_tensor;
    buffer->iface.set_tensor = set_tensor;
    buffer->iface.get_tensor = nullptr;
    buffer->iface.cpy_tensor = nullptr;
    bytes_now += buffer->size;
    return buffer;
}

size_t alignment(ggml_backend_buffer_type_t) { return AG_LINE; }

size_t alloc_size(ggml_backend_buffer_type_t, const ggml_tensor * tensor) {
    return takes(tensor) ? layout_of(tensor).size : ggml_nbytes(tensor);
}

class BufferType : public ggml::cpu::extra_buffer_type {
    bool supports_op(ggml_backend_dev_t, const ggml_tensor * op) override {
        return op->op == GGML_OP_MUL_MAT && op->src[0]->buffer != nullptr && op->src[0]->buffer->buft == buffer_type() && takes(op->src[0])
                && op->src[1]->type == GGML_TYPE_F32 && op->src[1]->nb[0] == sizeof(float)
                && (op->src[1]->buffer == nullptr || ggml_backend_buft_is_host(op->src[1]->buffer->buft));
    }
    ggml::cpu::tensor_traits * get_tensor_traits(const ggml_tensor * op) override {
        return op->op == GGML_OP_MUL_MAT && op->src[0]->buffer != nullptr && op->src[0]->buffer->buft == buffer_type()
                ? (ggml::cpu::tensor_traits *) op->src[0]->extra : nullptr;
    }
};

ggml_backend_buffer_type_t buffer_type() {
    static ggml_backend_buffer_type type = {
        { name, alloc_buffer, nullptr, alignment, nullptr, alloc_size, nullptr, nullptr },
        ggml_backend_reg_dev_get(ggml_backend_cpu_reg(), 0),
        new BufferType(),
    };
    return &type;
}

/* See ag_llama_want in guard.h. */
void ag_want(int32_t likeliest, const int32_t * rows, int32_t count) {
    want.likeliest = likeliest;
    want.rows.assign(rows, rows + count);
    std::sort(want.rows.begin(), want.rows.end());
}

size_t ag_turned_bytes() { return bytes_now; }

} // namespace
} // namespace turned

/* The buffer type, or null. */
static ggml_backend_buffer_type_t ag_turned_weights() { return turned::buffer_type(); }

/* What the guard looks for by name in the backend. */
static void * ag_turned_function(const char * name) {
    return strcmp(name, "ag_want") == 0 ? (void *) turned::ag_want : strcmp(name, "ag_turned_bytes") == 0 ? (void *) turned::ag_turned_bytes : nullptr;
}

#else

static ggml_backend_buffer_type_t ag_turned_weights() { return nullptr; }
static void * ag_turned_function(const char *) { return nullptr; }

#endif
#endif
