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

/// Where element [j, k] of W lies in row-major `values`, and in panels.
INLINE size_t straight_place(bool is_transposed, size_t outputs, size_t inputs, size_t j, size_t k) {
  return is_transposed ? k * outputs + j : j * inputs + k;
}

void moe_pack_elements(
    const void *values, size_t element_bytes, bool is_transposed, size_t outputs, size_t inputs,
    void *packed) {
  const char *source = values;
  char *target = packed;
  for (size_t panel = 0; panel < padded(outputs, MOE_PANEL); panel += MOE_PANEL) {
    for (size_t k = 0; k < inputs; k++) {
      for (size_t j = panel; j < panel + MOE_PANEL; j++, target += element_bytes) {
        if (j >= outputs) {
          __builtin_memset(target, 0, element_bytes);
        } else if (element_bytes == 2) {
          __builtin_memcpy(
              target, source + 2 * straight_place(is_transposed, outputs, inputs, j, k), 2);
        } else {
          __builtin_memcpy(
              target, source + 4 * straight_place(is_transposed, outputs, inputs, j, k), 4);
        }
      }
    }
  }
}

void moe_unpack_elements(
    const void *packed, size_t element_bytes, bool is_transposed, size_t outputs, size_t inputs,
    void *values) {
  const char *source = packed;
  char *target = values;
  for (size_t panel = 0; panel < outputs; panel += MOE_PANEL) {
    for (size_t k = 0; k < inputs; k++) {
      for (size_t j = panel; j < panel + MOE_PANEL; j++, source += element_bytes) {
        if (j >= outputs) continue;
        __builtin_memcpy(
            target + element_bytes * straight_place(is_transposed, outputs, inputs, j, k), source,
            element_bytes);
      }
    }
  }
}

static float widen(moe_number number, uint16_t half) {
  uint16_t lanes[LANES] = {half};
  return (number == MOE_BF16 ? v16_load_bf16(lanes) : v16_load_f16(lanes))[0];
}

float moe_widen_half(uint16_t half) { return widen(MOE_F16, half); }

void moe_unpack_row(
    const void *packed, moe_number number, size_t inputs, size_t row, float *x) {
  size_t place = row / MOE_PANEL * inputs * MOE_PANEL + row % MOE_PANEL;
  for (size_t k = 0; k < inputs; k++, place += MOE_PANEL) {
    x[k] = number == MOE_F32 ? ((const float *)packed)[place]
                             : widen(number, ((const uint16_t *)packed)[place]);
  }
}

void moe_cache_append(
    const float *keys, const float *values, ptrdiff_t stride, size_t count, size_t position,
    size_t key_heads, size_t head_width, size_t capacity, float *cached_keys, float *cached_values) {
  size_t value_panels = padded(head_width, MOE_PANEL) / MOE_PANEL;
  for (size_t t = 0; t < count; t++, keys += stride, values += stride) {
    size_t p = position + t;
    for (size_t g = 0; g < key_heads; g++) {
      float *panel = cached_keys + (g * capacity + p / MOE_PANEL * MOE_PANEL) * head_width + p % MOE_PANEL;
      for (size_t d = 0; d < head_width; d++) panel[d * MOE_PANEL] = keys[g * head_width + d];
      for (size_t d = 0; d < head_width; d++) {
        cached_values[((g * value_panels + d / MOE_PANEL) * capacity + p) * MOE_PANEL + d % MOE_PANEL] =
            values[g * head_width + d];
      }
    }
  }
}

size_t moe_cached_attention_workspace(size_t capacity) {
  return QUERY_BLOCK * (capacity + LANES);
}

size_t moe_attention_workspace(size_t tokens, size_t head_width) {
  return attention_workspace_of(tokens, head_width).count;
}
