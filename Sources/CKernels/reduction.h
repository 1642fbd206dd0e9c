// Sums over rows and columns. Included once per path.
//
// A sum along a row has sixteen accumulators, lane l taking the elements l, l + 16, l + 32, ...; the lanes
// beyond the row's end take zeros; the accumulators are then folded by halves.

#ifndef MOE_REDUCTION_H
#define MOE_REDUCTION_H

#include "v16.h"

static float kernel_sum(const float *x, size_t count) {
  v16 total = 0.0f;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) total += v16_load(x + i);
  if (count - i) total += v16_load_part(x + i, count - i, 0.0f);
  return v16_sum(total);
}

static float kernel_dot(const float *x, const float *y, size_t count) {
  v16 total = 0.0f;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    total = v16_fma(v16_load(x + i), v16_load(y + i), total);
  }
  size_t rest = count - i;
  if (rest) {
    total = v16_fma(
        v16_load_part(x + i, rest, 0.0f), v16_load_part(y + i, rest, 0.0f), total);
  }
  return v16_sum(total);
}

static void kernel_mean_pool(
    const float *x, ptrdiff_t stride, size_t rows, size_t columns, float *y) {
  v16 divisor = v16_set((float)rows);
  for (size_t d = 0; d < columns; d += LANES) {
    size_t width = columns - d < LANES ? columns - d : LANES;
    v16 total = 0.0f;
    const float *row = x + d;
    for (size_t n = 0; n < rows; n++, row += stride) {
      total += width == LANES ? v16_load(row) : v16_load_part(row, width, 0.0f);
    }
    total /= divisor;
    if (width == LANES) v16_store(y + d, total);
    else v16_store_part(y + d, total, width);
  }
}

#endif
