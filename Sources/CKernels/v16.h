// Sixteen floats and the operations on them: the one vocabulary of every kernel body.
//
// The compiler lowers `v16` to one zmm, two ymm or four q registers, or to scalars and calls of `fmaf`,
// as the path allows; V16_AVX512 stands for two instructions that do in one step what the others do in
// several, with the same bits. Each operation is an IEEE one per lane and the folds have one fixed tree, so the
// bits cannot depend on the path. Products and sums are never contracted: fma is written where it is meant.
#ifndef MOE_V16_H
#define MOE_V16_H

#include <stddef.h>
#include <stdint.h>

#if defined(V16_AVX512)
#include <immintrin.h>
#endif

#pragma clang fp contract(off)
// All functions here are inlined into callers of the same path; no vector crosses a real call.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

typedef float v16 __attribute__((ext_vector_type(16)));
typedef int32_t v16i __attribute__((ext_vector_type(16)));
typedef uint32_t v16u __attribute__((ext_vector_type(16)));

enum { LANES = 16 };

INLINE v16 v16_set(float value) { return (v16)value; }

INLINE v16 v16_load(const float *source) {
  v16 value;
  __builtin_memcpy(&value, source, sizeof value);
  return value;
}

INLINE void v16_store(float *target, v16 value) { __builtin_memcpy(target, &value, sizeof value); }

typedef uint16_t v16h __attribute__((ext_vector_type(16)));

/// Sixteen numbers whose upper halves are stored.
INLINE v16 v16_load_bf16(const void *source) {
  v16h halves;
  __builtin_memcpy(&halves, source, sizeof halves);
  return (v16)(__builtin_convertvector(halves, v16u) << 16);
}

/// Sixteen binary16 numbers.
INLINE v16 v16_load_f16(const void *source) {
  v16h halves;
  __builtin_memcpy(&halves, source, sizeof halves);
#if defined(V16_AVX512)
  typedef int64_t words __attribute__((vector_size(32)));
  return (v16)_mm512_cvtph_ps((__m256i)(words)halves);
#else
  // The exponent's bias is mended by an exact multiplication, which makes denormals right too.
  v16u wide = __builtin_convertvector(halves, v16u);
  v16u magnitude = (wide & 0x7FFFu) << 13;
  v16u bits = (v16u)((v16)magnitude * 0x1p112f);
  bits = magnitude >= 0x0F800000u ? magnitude | 0x7F800000u : bits;
  return (v16)(bits | (wide & 0x8000u) << 16);
#endif
}

/// The first `count` lanes from memory, the others `rest`.
INLINE v16 v16_load_part(const float *source, size_t count, float rest) {
  float lanes[LANES];
  for (size_t lane = 0; lane < LANES; lane++) lanes[lane] = lane < count ? source[lane] : rest;
  return v16_load(lanes);
}

INLINE void v16_store_part(float *target, v16 value, size_t count) {
  float lanes[LANES];
  v16_store(lanes, value);
  for (size_t lane = 0; lane < count; lane++) target[lane] = lanes[lane];
}

/// a * b + c, rounded once.
#if defined(V16_SCALAR_FMA)
// Sixteen calls of `fmaf`, as a loop: written out they would make the code four times as long.
static __attribute__((noinline)) void v16_fma_lanes(const float *a, const float *b, float *c) {
  for (size_t lane = 0; lane < LANES; lane++) c[lane] = __builtin_fmaf(a[lane], b[lane], c[lane]);
}

INLINE v16 v16_fma(v16 a, v16 b, v16 c) {
  v16_fma_lanes((const float *)&a, (const float *)&b, (float *)&c);
  return c;
}
#else
INLINE v16 v16_fma(v16 a, v16 b, v16 c) { return __builtin_elementwise_fma(a, b, c); }
#endif

INLINE v16 v16_abs(v16 a) { return __builtin_elementwise_abs(a); }

/// Per lane `condition ? a : b`; the condition is -1 or 0.
INLINE v16 v16_select(v16i condition, v16 a, v16 b) { return condition ? a : b; }

/// a > b ? a : b, so b where either is NaN.
INLINE v16 v16_max(v16 a, v16 b) { return v16_select(a > b, a, b); }

/// a < b ? a : b, so b where either is NaN.
INLINE v16 v16_min(v16 a, v16 b) { return v16_select(a < b, a, b); }

/// The sum of the lanes: halves are added until one is left.
INLINE float v16_sum(v16 a) {
  float __attribute__((ext_vector_type(8))) eight = a.lo + a.hi;
  float __attribute__((ext_vector_type(4))) four = eight.lo + eight.hi;
  float __attribute__((ext_vector_type(2))) two = four.lo + four.hi;
  return two.x + two.y;
}

/// The greatest of the lanes, by the tree of `v16_sum`.
INLINE float v16_greatest(v16 a) {
  float __attribute__((ext_vector_type(8))) eight = a.lo > a.hi ? a.lo : a.hi;
  float __attribute__((ext_vector_type(4))) four = eight.lo > eight.hi ? eight.lo : eight.hi;
  float __attribute__((ext_vector_type(2))) two = four.lo > four.hi ? four.lo : four.hi;
  return two.x > two.y ? two.x : two.y;
}

/// The whole number next to each lane (ties to even) as a float, and in `integer` where
/// `v16_scale` wants it; for magnitudes under 2²².
INLINE v16 v16_round(v16 a, v16i *integer) {
#if defined(V16_AVX512)
  *integer = 0;
  return (v16)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  const v16 magic = 0x1.8p23f;
  v16 shifted = a + magic;
  *integer = (v16i)((v16u)shifted - 0x4B400000u);
  return shifted - magic;
#endif
}

/// 2 to the power of each lane of `n`, which lies in -126 ... 127; any other n gives some float.
INLINE v16 v16_power_of_two(v16i n) {
  v16u bits = ((v16u)n + 127) << 23;
  return (v16)bits;
}

/// a times 2 to the power of `whole`, rounded once, for a in 0.5 ... 2; both numbers from `v16_round`.
///
/// Elsewhere than on AVX-512 in two steps, of which the first is exact: `whole` lies in -252 ... 254.
INLINE v16 v16_scale(v16 a, v16 whole, v16i integer) {
#if defined(V16_AVX512)
  (void)integer;
  return (v16)_mm512_scalef_ps((__m512)a, (__m512)whole);
#else
  (void)whole;
  v16i half = integer >> 1;
  return a * v16_power_of_two(half) * v16_power_of_two(integer - half);
#endif
}

/// The condition that is true in the first `count` lanes.
INLINE v16i v16_first(size_t count) {
  const v16i lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return lane < (v16i)(int32_t)count;
}

/// Makes rows of columns: lane i of row j becomes lane j of row i.
INLINE void v16_transpose(v16 rows[LANES]) {
#pragma clang loop unroll(full)
  for (int round = 0; round < 4; round++) {
    v16 mixed[LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES / 2; i++) {
      mixed[2 * i] = __builtin_shufflevector(
          rows[i], rows[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      mixed[2 * i + 1] = __builtin_shufflevector(
          rows[i], rows[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++) rows[i] = mixed[i];
  }
}

#endif
