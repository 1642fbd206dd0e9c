// Softmax, layer normalisation and L2 normalisation of rows. Included once per path.

#ifndef MOE_NORMALIZATION_H
#define MOE_NORMALIZATION_H

#include "elementwise.h"
#include "reduction.h"

/// x becomes exp(x * scale - m) with m the greatest x * scale, for a positive scale; returns the sum of the
/// new x.
///
/// `x` is readable and writable up to the next multiple of 16; what stands beyond `count` is ignored, and
/// becomes 0.
INLINE float exponentiate_padded(float *x, size_t count, float scale) {
  const v16 low = v16_set(-__builtin_inff());
  size_t whole = count / LANES * LANES;
  v16i is_within = v16_first(count - whole);
  v16 greatest = low;
  for (size_t i = 0; i < whole; i += LANES) greatest = v16_max(greatest, v16_load(x + i));
  v16 tail = low;
  if (whole < count) {
    tail = v16_select(is_within, v16_load(x + whole), low);
    greatest = v16_max(greatest, tail);
  }
  v16 m = v16_set(v16_greatest(greatest) * scale);
  v16 total = 0.0f;
  for (size_t i = 0; i < whole; i += LANES) {
    v16 power = v16_exp(v16_load(x + i) * scale - m);
    v16_store(x + i, power);
    total += power;
  }
  if (whole < count) {
    v16 power = v16_select(is_within, v16_exp(tail * scale - m), v16_set(0.0f));
    v16_store(x + whole, power);
    total += power;
  }
  return v16_sum(total);
}

/// `exponentiate_padded` of the elements `first` ... `count` - 1; those before become 0 too.
INLINE float exponentiate_window(float *x, size_t first, size_t count, float scale) {
  const v16 low = v16_set(-__builtin_inff());
  v16 greatest = low;
  for (size_t i = 0; i < count; i += LANES) {
    size_t within = count - i < LANES ? count - i : LANES;
    v16i is_seen = v16_first(within) & ~v16_first(first > i ? first - i : 0);
    greatest = v16_max(greatest, v16_select(is_seen, v16_load(x + i), low));
  }
  v16 m = v16_set(v16_greatest(greatest) * scale);
  v16 total = 0.0f;
  for (size_t i = 0; i < count; i += LANES) {
    size_t within = count - i < LANES ? count - i : LANES;
    v16i is_seen = v16_first(within) & ~v16_first(first > i ? first - i : 0);
    v16 power = v16_exp(v16_select(is_seen, v16_load(x + i), low) * scale - m);
    power = v16_select(is_seen, power, v16_set(0.0f));
    v16_store(x + i, power);
    total += power;
  }
  return v16_sum(total);
}

INLINE void scale_row(float *x, size_t count, float factor) {
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) v16_store(x + i, v16_load(x + i) * factor);
  for (; i < count; i++) x[i] = x[i] * factor;
}

static void kernel_softmax(float *x, ptrdiff_t stride, size_t rows, size_t columns) {
  for (size_t n = 0; n < rows; n++, x += stride) {
    size_t whole = columns / LANES * LANES;
    size_t rest = columns - whole;
    // The row's last piece is worked on in a copy, so that nothing beyond the row is touched.
    v16 greatest = v16_set(-__builtin_inff());
    for (size_t i = 0; i < whole; i += LANES) greatest = v16_max(greatest, v16_load(x + i));
    v16 tail = v16_load_part(x + whole, rest, -__builtin_inff());
    if (rest) greatest = v16_max(greatest, tail);
    v16 m = v16_set(v16_greatest(greatest));
    v16 total = 0.0f;
    for (size_t i = 0; i < whole; i += LANES) {
      v16 power = v16_exp(v16_load(x + i) - m);
      v16_store(x + i, power);
      total += power;
    }
    if (rest) {
      v16_store_part(x + whole, v16_exp(tail - m), rest);
      total += v16_load_part(x + whole, rest, 0.0f);
    }
    scale_row(x, columns, 1.0f / v16_sum(total));
  }
}

/// The mean of a row and 1 / sqrt(variance + epsilon), the variance that of the centred values.
INLINE void row_moments(
    const float *x, size_t columns, float epsilon, float *mean, float *reciprocal) {
  float count = (float)columns;
  float centre = kernel_sum(x, columns) / count;
  v16 total = 0.0f;
  size_t d = 0;
  for (; d + LANES <= columns; d += LANES) {
    v16 centred = v16_load(x + d) - centre;
    total = v16_fma(centred, centred, total);
  }
  if (columns - d) {
    v16 centred = v16_load_part(x + d, columns - d, centre) - centre;
    total = v16_fma(centred, centred, total);
  }
  *mean = centre;
  *reciprocal = 1.0f / __builtin_sqrtf(v16_sum(total) / count + epsilon);
}

static void kernel_rms_norm(
    const float *x, ptrdiff_t x_stride, size_t rows, size_t columns, const float *gain, float epsilon,
    float *y, ptrdiff_t y_stride) {
  for (size_t n = 0; n < rows; n++, x += x_stride, y += y_stride) {
    float mean_square = kernel_dot(x, x, columns) / (float)columns;
    v16 reciprocal = v16_set(1.0f / __builtin_sqrtf(mean_square + epsilon));
    size_t d = 0;
    for (; d + LANES <= columns; d += LANES) {
      v16_store(y + d, v16_load(x + d) * reciprocal * v16_load(gain + d));
    }
    size_t rest = columns - d;
    if (rest) {
      v16 normal = v16_load_part(x + d, rest, 0.0f) * reciprocal;
      v16_store_part(y + d, normal * v16_load_part(gain + d, rest, 0.0f), rest);
    }
  }
}

static void kernel_layer_norm(
    const float *x, ptrdiff_t x_stride, const float *residual, ptrdiff_t residual_stride, size_t rows,
    size_t columns, const float *gain, const float *bias, float epsilon, float *y,
    ptrdiff_t y_stride) {
  for (size_t n = 0; n < rows; n++, x += x_stride, y += y_stride) {
    const float *row = x;
    if (residual) {
      size_t d = 0;
      for (; d + LANES <= columns; d += LANES) {
        v16_store(y + d, v16_load(x + d) + v16_load(residual + d));
      }
      for (; d < columns; d++) y[d] = x[d] + residual[d];
      residual += residual_stride;
      row = y;
    }
    float mean, reciprocal;
    row_moments(row, columns, epsilon, &mean, &reciprocal);
    size_t d = 0;
    for (; d + LANES <= columns; d += LANES) {
      v16 normal = (v16_load(row + d) - mean) * reciprocal;
      v16_store(y + d, v16_fma(normal, v16_load(gain + d), v16_load(bias + d)));
    }
    size_t rest = columns - d;
    if (rest) {
      v16 normal = (v16_load_part(row + d, rest, 0.0f) - mean) * reciprocal;
      v16 result = v16_fma(
          normal, v16_load_part(gain + d, rest, 0.0f), v16_load_part(bias + d, rest, 0.0f));
      v16_store_part(y + d, result, rest);
    }
  }
}

static void kernel_l2_normalize(
    const float *x, ptrdiff_t x_stride, size_t rows, size_t columns, float epsilon, float *y,
    ptrdiff_t y_stride) {
  for (size_t n = 0; n < rows; n++, x += x_stride, y += y_stride) {
    float norm = __builtin_sqrtf(kernel_dot(x, x, columns));
    float divisor = epsilon > norm ? epsilon : norm;
    size_t d = 0;
    for (; d + LANES <= columns; d += LANES) v16_store(y + d, v16_load(x + d) / divisor);
    for (; d < columns; d++) y[d] = x[d] / divisor;
  }
}

static void kernel_softmax_backward(
    const float *p, const float *dy, size_t rows, size_t columns, float scale, float *dx) {
  for (size_t n = 0; n < rows; n++, p += columns, dy += columns, dx += columns) {
    float inner = kernel_dot(p, dy, columns);
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
      v16_store(dx + i, v16_load(p + i) * (v16_load(dy + i) - inner) * scale);
    }
    for (; i < columns; i++) dx[i] = p[i] * (dy[i] - inner) * scale;
  }
}

/// One piece of layer normalisation's gradient: what the lanes of a row give to its two inner sums.
INLINE void layer_norm_sums(
    v16 x, v16 dy, v16 gain, float mean, float reciprocal, v16 *sum, v16 *inner) {
  v16 slope = dy * gain;
  *sum += slope;
  *inner = v16_fma(slope, (x - mean) * reciprocal, *inner);
}

INLINE v16 layer_norm_slope(
    v16 x, v16 dy, v16 gain, float mean, float reciprocal, float sum, float inner) {
  v16 normal = (x - mean) * reciprocal;
  return (v16_fma(-normal, v16_set(inner), dy * gain - sum)) * reciprocal;
}

static void kernel_layer_norm_backward(
    const float *x, const float *dy, size_t rows, size_t columns, const float *gain, float epsilon,
    float *dx, float *dgain, float *dbias) {
  for (size_t n = 0; n < rows; n++, x += columns, dy += columns, dx += columns) {
    float mean, reciprocal;
    row_moments(x, columns, epsilon, &mean, &reciprocal);
    v16 sum = 0.0f, inner = 0.0f;
    size_t d = 0;
    for (; d + LANES <= columns; d += LANES) {
      v16 slope = v16_load(dy + d);
      v16 normal = (v16_load(x + d) - mean) * reciprocal;
      layer_norm_sums(
          v16_load(x + d), slope, v16_load(gain + d), mean, reciprocal, &sum, &inner);
      v16_store(dgain + d, v16_fma(slope, normal, v16_load(dgain + d)));
      v16_store(dbias + d, v16_load(dbias + d) + slope);
    }
    size_t rest = columns - d;
    v16 last_x = v16_load_part(x + d, rest, mean);
    v16 last_dy = v16_load_part(dy + d, rest, 0.0f);
    v16 last_gain = v16_load_part(gain + d, rest, 0.0f);
    if (rest) {
      layer_norm_sums(last_x, last_dy, last_gain, mean, reciprocal, &sum, &inner);
      v16 normal = (last_x - mean) * reciprocal;
      v16 total = v16_fma(last_dy, normal, v16_load_part(dgain + d, rest, 0.0f));
      v16_store_part(dgain + d, total, rest);
      v16_store_part(dbias + d, v16_load_part(dbias + d, rest, 0.0f) + last_dy, rest);
    }
    float sum_mean = v16_sum(sum) / (float)columns;
    float inner_mean = v16_sum(inner) / (float)columns;
    for (d = 0; d + LANES <= columns; d += LANES) {
      v16 slope = layer_norm_slope(
          v16_load(x + d), v16_load(dy + d), v16_load(gain + d), mean, reciprocal, sum_mean,
          inner_mean);
      v16_store(dx + d, slope);
    }
    if (rest) {
      v16 slope = layer_norm_slope(
          last_x, last_dy, last_gain, mean, reciprocal, sum_mean, inner_mean);
      v16_store_part(dx + d, slope, rest);
    }
  }
}

#endif
