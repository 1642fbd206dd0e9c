// Weights in panels, and how much memory panels take.

#include "packing.h"
#include "attention_workspace.h"

size_t moe_packed_count(size_t outputs, size_t inputs) {
  return padded(outputs, MOE_PANEL) * inputs;
}

void moe_pack(
    const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed) {
  pack_transposed(values, stride, outputs, inputs, packed);
}

void moe_pack_straight(
    const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed) {
  pack_straight(values, stride, outputs, inputs, packed);
}

size_t moe_attention_workspace(size_t tokens, size_t head_width) {
  return attention_workspace_of(tokens, head_width).count;
}
