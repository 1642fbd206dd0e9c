// What one group of inputs in reduced precision adds to sixteen outputs, and rows made of such groups. Included once
// per path.

#ifndef MOE_REDUCED_H
#define MOE_REDUCED_H

#include "include/CKernels.h"
#include "v16.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/// Four unsigned bytes of a row times four signed bytes of each output's weights, added to the sums.
INLINE v16i v16_dot4(v16i sums, uint32_t four, v16u weights) {
#if defined(V16_AVX512_VNNI)
  return (v16i)_mm512_dpbusd_epi32(
      (__m512i)sums, _mm512_set1_epi32((int32_t)four), (__m512i)weights);
#elif defined(V16_AVX512)
  // Bytes as words: the even ones and the odd ones, whose products are summed in pairs.
  __m512i words = (__m512i)weights;
  __m512i even = _mm512_srai_epi16(_mm512_slli_epi16(words, 8), 8);
  __m512i odd = _mm512_srai_epi16(words, 8);
  __m512i x_even = _mm512_set1_epi32((int32_t)(four & 0x00FF00FFu));
  __m512i x_odd = _mm512_set1_epi32((int32_t)(four >> 8 & 0x00FF00FFu));
  return sums + (v16i)_mm512_madd_epi16(x_even, even) + (v16i)_mm512_madd_epi16(x_odd, odd);
#elif defined(V16_AVX2)
  union {
    v16i all;
    __m256i half[2];
  } total = {sums}, bytes = {(v16i)weights};
  __m256i x_even = _mm256_set1_epi32((int32_t)(four & 0x00FF00FFu));
  __m256i x_odd = _mm256_set1_epi32((int32_t)(four >> 8 & 0x00FF00FFu));
  for (int h = 0; h < 2; h++) {
    __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(bytes.half[h], 8), 8);
    __m256i odd = _mm256_srai_epi16(bytes.half[h], 8);
    total.half[h] = _mm256_add_epi32(total.half[h], _mm256_madd_epi16(x_even, even));
    total.half[h] = _mm256_add_epi32(total.half[h], _mm256_madd_epi16(x_odd, odd));
  }
  return total.all;
#else
  for (int byte = 0; byte < 4; byte++) {
    v16i weight = (v16i)(weights << (24 - 8 * byte)) >> 24;
    sums += (v16i)(int32_t)(four >> (8 * byte) & 0xFFu) * weight;
  }
  return sums;
#endif
}

/// Results under 2⁻¹²⁶ become 0 of their sign.
INLINE v16 v16_flush(v16 a) {
  v16u bits = (v16u)a;
  return (v16)((bits & 0x7FFFFFFFu) < 0x00800000u ? bits & 0x80000000u : bits);
}

/// A pair of bf16 of a row times a pair of each output's weights, the second product first.
INLINE v16 v16_dot2(v16 sums, uint32_t pair, v16u weights) {
#if defined(V16_AVX512_BF16)
  return (v16)_mm512_dpbf16_ps(
      (__m512)sums, (__m512bh)_mm512_set1_epi32((int32_t)pair), (__m512bh)(__m512i)weights);
#else
  v16 second = (v16)(v16u)(pair & 0xFFFF0000u), first = (v16)(v16u)(pair << 16);
  sums = v16_flush(v16_fma(second, (v16)(weights & 0xFFFF0000u), sums));
  return v16_flush(v16_fma(first, (v16)(weights << 16), sums));
#endif
}

/// The bf16 next to each number, ties to even, in the upper halves; magnitudes under 2⁻¹²⁶ become 0, NaN stays NaN.
INLINE v16u v16_nearest_bf16(v16 a) {
  v16u bits = (v16u)v16_flush(a);
  v16u rounded = bits + 0x7FFFu + (bits >> 16 & 1u);
  return (a != a ? bits | 0x00400000u : rounded) & 0xFFFF0000u;
}

/// Rows of bf16 pairs: `[rows, columns rounded up to 2]`, the last of an odd row 0.
static void kernel_narrow(
    const float *x, ptrdiff_t stride, size_t rows, size_t columns, uint16_t *narrow) {
  size_t width = (columns + 1) / 2 * 2;
  for (size_t n = 0; n < rows; n++, x += stride, narrow += width) {
    for (size_t d = 0; d < columns; d += LANES) {
      size_t count = columns - d < LANES ? columns - d : LANES;
      v16 value = count == LANES ? v16_load(x + d) : v16_load_part(x + d, count, 0.0f);
      v16h halves = __builtin_convertvector(v16_nearest_bf16(value) >> 16, v16h);
      __builtin_memcpy(narrow + d, &halves, count * 2);
    }
    if (columns % 2) narrow[columns] = 0;
  }
}

typedef uint8_t v16b __attribute__((ext_vector_type(16)));

/// The whole numbers next to a, ties to even, held in 0 ... 255; 255 for NaN.
INLINE v16b v16_bytes(v16 a) {
  v16 held = v16_max(v16_min(a, v16_set(255.0f)), v16_set(0.0f));
  // From 2²³ on the spacing of floats is 1.
  v16u whole = (v16u)(held + 0x1p23f) & 0xFFu;
  return __builtin_convertvector(whole, v16b);
}

/// Rows of bytes: x ≈ low + scale · q, `[rows, columns rounded up to 4]`, the rest 0.
///
/// low and greatest are the row's; scale = (greatest - low) / 255, q = the whole number next to (x - low) · (255 /
/// (greatest - low)). A row that is not finite gets a scale of NaN.
static void kernel_quantize(
    const float *x, ptrdiff_t stride, size_t rows, size_t columns, uint8_t *bytes, float *scales,
    float *lows) {
  size_t width = (columns + 3) / 4 * 4;
  for (size_t n = 0; n < rows; n++, x += stride, bytes += width) {
    // Four chains each, so that none waits for its last step.
    v16 low[4], high[4], poison[4];
    for (int i = 0; i < 4; i++) {
      low[i] = v16_set(__builtin_inff());
      high[i] = v16_set(-__builtin_inff());
      poison[i] = v16_set(0.0f);
    }
    size_t d = 0;
    for (; d + 4 * LANES <= columns; d += 4 * LANES) {
#pragma clang loop unroll(full)
      for (int i = 0; i < 4; i++) {
        v16 value = v16_load(x + d + i * LANES);
        low[i] = v16_min(value, low[i]);
        high[i] = v16_max(value, high[i]);
        poison[i] = v16_fma(value, v16_set(0.0f), poison[i]);
      }
    }
    for (; d < columns; d += LANES) {
      size_t count = columns - d < LANES ? columns - d : LANES;
      v16 value = count == LANES ? v16_load(x + d) : v16_load_part(x + d, count, x[d]);
      low[0] = v16_min(value, low[0]);
      high[0] = v16_max(value, high[0]);
      poison[0] = v16_fma(value, v16_set(0.0f), poison[0]);
    }
    for (int i = 1; i < 4; i++) {
      low[0] = v16_min(low[i], low[0]);
      high[0] = v16_max(high[i], high[0]);
      poison[0] += poison[i];
    }
    float least = -v16_greatest(-low[0]), range = v16_greatest(high[0]) - least;
    float faults = v16_sum(poison[0]);
    lows[n] = least + faults;
    scales[n] = range * (1.0f / 255.0f) + faults;
    v16 factor = v16_set(range > 0.0f ? 255.0f / range : 0.0f);
    for (d = 0; d + LANES <= columns; d += LANES) {
      v16b eight = v16_bytes((v16_load(x + d) - least) * factor);
      __builtin_memcpy(bytes + d, &eight, LANES);
    }
    if (d < columns) {
      v16b eight = v16_bytes((v16_load_part(x + d, columns - d, least) - least) * factor);
      __builtin_memcpy(bytes + d, &eight, columns - d);
    }
    for (d = columns; d < width; d++) bytes[d] = 0;
  }
}

#endif
