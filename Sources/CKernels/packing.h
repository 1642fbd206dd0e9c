// Matrices in panels of 32 outputs: `packed[panel][k][32]`, outputs beyond the last zero.
#ifndef MOE_PACKING_H
#define MOE_PACKING_H

#include "include/CKernels.h"
#include "v16.h"

INLINE size_t padded(size_t count, size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

/// Sixteen outputs, of which `outputs` are there, into their sixteen columns of a panel.
INLINE void pack_columns(
    const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed) {
  size_t k = 0;
  for (; k + LANES <= inputs; k += LANES) {
    v16 rows[LANES];
    for (size_t j = 0; j < LANES; j++) {
      rows[j] = j < outputs ? v16_load(values + (ptrdiff_t)j * stride + k) : v16_set(0.0f);
    }
    v16_transpose(rows);
    for (size_t i = 0; i < LANES; i++) v16_store(packed + (k + i) * MOE_PANEL, rows[i]);
  }
  for (; k < inputs; k++) {
    for (size_t j = 0; j < LANES; j++) {
      packed[k * MOE_PANEL + j] = j < outputs ? values[(ptrdiff_t)j * stride + (ptrdiff_t)k] : 0.0f;
    }
  }
}

/// W [outputs, inputs], row-major with a stride, in panels.
INLINE void pack_transposed(
    const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed) {
  for (size_t first = 0; first < padded(outputs, MOE_PANEL); first += LANES) {
    size_t count = first >= outputs ? 0 : outputs - first < LANES ? outputs - first : LANES;
    float *panel = packed + first / MOE_PANEL * inputs * MOE_PANEL + first % MOE_PANEL;
    pack_columns(values + (ptrdiff_t)first * stride, stride, count, inputs, panel);
  }
}

/// Wᵀ [inputs, outputs], row-major with a stride, in panels: the outputs stand beside each other already.
INLINE void pack_straight(
    const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed) {
  for (size_t panel = 0; panel < outputs; panel += MOE_PANEL) {
    for (size_t k = 0; k < inputs; k++, packed += MOE_PANEL) {
      const float *row = values + (ptrdiff_t)k * stride + panel;
      for (size_t c = 0; c < MOE_PANEL; c += LANES) {
        size_t left = outputs - panel > c ? outputs - panel - c : 0;
        v16 part = left >= LANES ? v16_load(row + c) : v16_load_part(row + c, left, 0.0f);
        v16_store(packed + c, part);
      }
    }
  }
}

#endif
