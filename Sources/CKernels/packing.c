// Weights in panels: `packed[panel][k][32]`, outputs beyond the last zero.

#include "include/CKernels.h"

size_t moe_packed_count(size_t outputs, size_t inputs) {
  return (outputs + MOE_PANEL - 1) / MOE_PANEL * MOE_PANEL * inputs;
}

void moe_pack(
    const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed) {
  enum { TILE = 16 };
  for (size_t panel = 0; panel < outputs; panel += MOE_PANEL) {
    for (size_t first = 0; first < inputs; first += TILE) {
      size_t last = inputs - first < TILE ? inputs : first + TILE;
      for (size_t j = 0; j < MOE_PANEL; j++) {
        const float *row = values + (ptrdiff_t)(panel + j) * stride;
        for (size_t k = first; k < last; k++) {
          packed[k * MOE_PANEL + j] = panel + j < outputs ? row[k] : 0.0f;
        }
      }
    }
    packed += inputs * MOE_PANEL;
  }
}

size_t moe_attention_workspace(size_t tokens, size_t head_width) {
  size_t columns = (tokens + MOE_PANEL - 1) / MOE_PANEL * MOE_PANEL;
  size_t width = (head_width + MOE_PANEL - 1) / MOE_PANEL * MOE_PANEL;
  size_t query_block = 48;
  return columns * head_width + width * tokens + query_block * columns;
}
