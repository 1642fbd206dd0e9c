// exp and GELU of sixteen floats, and over arrays. Included once per path.

#ifndef MOE_ELEMENTWISE_H
#define MOE_ELEMENTWISE_H

#include "v16.h"

/// exp(x), within 1 ulp or so: 0 under -104 and infinite over 89, denormal results rounded once.
///
/// x = n ln 2 + r; e^r by a minimax polynomial; 2^n in two exact steps.
INLINE v16 v16_exp(v16 x) {
  x = v16_max(v16_set(-104.0f), x);
  x = v16_min(v16_set(89.0f), x);
  v16i n;
  v16 whole = v16_round(x * 0x1.715476p+0f, &n);
  v16 r = v16_fma(whole, v16_set(-0x1.62e400p-1f), x);
  r = v16_fma(whole, v16_set(-0x1.7f7d1cp-20f), r);
  v16 q = v16_fma(v16_set(0x1.6db42ap-10f), r, v16_set(0x1.123b56p-7f));
  q = v16_fma(q, r, v16_set(0x1.55545ep-5f));
  q = v16_fma(q, r, v16_set(0x1.55548ep-3f));
  q = v16_fma(q, r, v16_set(0x1.000000p-1f));
  q = v16_fma(q, r, v16_set(1.0f));
  q = v16_fma(q, r, v16_set(1.0f));
  return v16_scale(q, whole, n);
}

/// 2^f for f in -0.5 ... 0.5.
INLINE v16 v16_exp2_fraction(v16 f) {
  v16 q = v16_fma(v16_set(0x1.448feap-13f), f, v16_set(0x1.5f47dep-10f));
  q = v16_fma(q, f, v16_set(0x1.3b29aap-7f));
  q = v16_fma(q, f, v16_set(0x1.c6aed0p-5f));
  q = v16_fma(q, f, v16_set(0x1.ebfbe0p-3f));
  q = v16_fma(q, f, v16_set(0x1.62e430p-1f));
  return v16_fma(q, f, v16_set(1.0f));
}

/// The normal distribution function Φ(x), within 1e-7; exactly 0 under -8.
///
/// Φ(-t) = 2^-(1 + t s(t)) for t in 0 ... 8, s a minimax polynomial; Φ(t) = 1 - Φ(-t).
INLINE v16 v16_normal_cdf(v16 x) {
  v16 magnitude = v16_abs(x);
  v16 t = v16_min(v16_set(8.0f), magnitude);
  v16 s = v16_fma(v16_set(0x1.8a7be6p-27f), t, v16_set(-0x1.be300ap-22f));
  s = v16_fma(s, t, v16_set(0x1.a4ae5ep-18f));
  s = v16_fma(s, t, v16_set(-0x1.9ff592p-15f));
  s = v16_fma(s, t, v16_set(0x1.8cc184p-13f));
  s = v16_fma(s, t, v16_set(0x1.81cc08p-13f));
  s = v16_fma(s, t, v16_set(-0x1.d5de8ep-8f));
  s = v16_fma(s, t, v16_set(0x1.aed836p-5f));
  s = v16_fma(s, t, v16_set(0x1.d63066p-2f));
  s = v16_fma(s, t, v16_set(0x1.26af30p+0f));
  v16 power = v16_fma(-s, t, v16_set(-1.0f));
  v16i n;
  v16 whole = v16_round(power, &n);
  v16 tail = v16_scale(v16_exp2_fraction(power - whole), whole, n);
  tail = v16_select(magnitude > 8.0f, v16_set(0.0f), tail);
  return v16_select(x > 0.0f, 1.0f - tail, tail);
}

/// x Φ(x), the GELU with erf.
INLINE v16 v16_gelu(v16 x) { return x * v16_normal_cdf(x); }

/// Φ(x) + x φ(x), with φ(x) = exp(-x²/2) / sqrt(2π).
INLINE v16 v16_gelu_slope(v16 x) {
  v16 density = v16_exp(x * x * -0.5f) * 0x1.988454p-2f;
  return v16_fma(x, density, v16_normal_cdf(x));
}

static void kernel_exp(const float *x, size_t count, float *y) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) v16_store(y + i, v16_exp(v16_load(x + i)));
  size_t rest = count - i;
  if (rest) v16_store_part(y + i, v16_exp(v16_load_part(x + i, rest, 0.0f)), rest);
}

static void kernel_gelu(const float *x, size_t count, float *y) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) v16_store(y + i, v16_gelu(v16_load(x + i)));
  size_t rest = count - i;
  if (rest) v16_store_part(y + i, v16_gelu(v16_load_part(x + i, rest, 0.0f)), rest);
}

static void kernel_gelu_backward(const float *x, const float *dy, size_t count, float *dx) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    v16_store(dx + i, v16_load(dy + i) * v16_gelu_slope(v16_load(x + i)));
  }
  size_t rest = count - i;
  if (rest) {
    v16 slope = v16_gelu_slope(v16_load_part(x + i, rest, 0.0f));
    v16_store_part(dx + i, v16_load_part(dy + i, rest, 0.0f) * slope, rest);
  }
}

INLINE v16 v16_silu(v16 x) { return x / (1.0f + v16_exp(-x)); }

static void kernel_silu_product(
    const float *gate, const float *up, ptrdiff_t x_stride, size_t rows, size_t columns, float *y,
    ptrdiff_t y_stride) {
  for (size_t n = 0; n < rows; n++, gate += x_stride, up += x_stride, y += y_stride) {
    size_t d = 0;
    for (; d + LANES <= columns; d += LANES) {
      v16_store(y + d, v16_silu(v16_load(gate + d)) * v16_load(up + d));
    }
    size_t rest = columns - d;
    if (rest) {
      v16 product = v16_silu(v16_load_part(gate + d, rest, 0.0f)) * v16_load_part(up + d, rest, 0.0f);
      v16_store_part(y + d, product, rest);
    }
  }
}

static void kernel_rotary(
    float *x, ptrdiff_t stride, size_t rows, size_t heads, size_t head_width, const float *cosines,
    const float *sines) {
  size_t half = head_width / 2;
  for (size_t n = 0; n < rows; n++, cosines += half, sines += half) {
    for (size_t h = 0; h < heads; h++) {
      float *a = x + (ptrdiff_t)n * stride + h * head_width;
      float *b = a + half;
      for (size_t i = 0; i < half; i += LANES) {
        size_t width = half - i < LANES ? half - i : LANES;
        v16 cosine = width == LANES ? v16_load(cosines + i) : v16_load_part(cosines + i, width, 0.0f);
        v16 sine = width == LANES ? v16_load(sines + i) : v16_load_part(sines + i, width, 0.0f);
        v16 first = width == LANES ? v16_load(a + i) : v16_load_part(a + i, width, 0.0f);
        v16 second = width == LANES ? v16_load(b + i) : v16_load_part(b + i, width, 0.0f);
        v16 turned_first = first * cosine - second * sine;
        v16 turned_second = second * cosine + first * sine;
        if (width == LANES) {
          v16_store(a + i, turned_first);
          v16_store(b + i, turned_second);
        } else {
          v16_store_part(a + i, turned_first, width);
          v16_store_part(b + i, turned_second, width);
        }
      }
    }
  }
}

static void kernel_add_scaled(float a, const float *x, size_t count, float *y) {
  v16 scale = v16_set(a);
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    v16_store(y + i, v16_fma(scale, v16_load(x + i), v16_load(y + i)));
  }
  size_t rest = count - i;
  if (rest) {
    v16 sum = v16_fma(scale, v16_load_part(x + i, rest, 0.0f), v16_load_part(y + i, rest, 0.0f));
    v16_store_part(y + i, sum, rest);
  }
}

#endif
