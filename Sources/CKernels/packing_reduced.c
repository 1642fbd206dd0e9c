// Weights in reduced precision, in panels of groups of inputs.

#include "packing.h"
#include "reduced.h"

size_t moe_reduced_bytes(size_t outputs, size_t inputs, moe_precision precision) {
  size_t group = precision == MOE_PRECISION_INT8 ? 4 : 2;
  return padded(outputs, MOE_PANEL) * (padded(inputs, group) / group) * MOE_GROUP_BYTES;
}

/// Writes groups of one output's numbers to its places in a panel.
static void scatter(const void *numbers, size_t groups, char *panel) {
  const char *source = numbers;
  for (size_t g = 0; g < groups; g++) {
    __builtin_memcpy(
        panel + g * MOE_PANEL * MOE_GROUP_BYTES, source + g * MOE_GROUP_BYTES, MOE_GROUP_BYTES);
  }
}

/// Where the first group of output j stands.
static char *panel_of(void *packed, size_t groups, size_t j) {
  return (char *)packed +
         (j / MOE_PANEL * groups * MOE_PANEL + j % MOE_PANEL) * MOE_GROUP_BYTES;
}

INLINE v16 load_some(const float *values, size_t count) {
  return count >= LANES ? v16_load(values) : v16_load_part(values, count, 0.0f);
}

void moe_pack_bf16(const float *values, size_t outputs, size_t inputs, void *packed) {
  size_t groups = padded(inputs, 2) / 2;
  __builtin_memset(packed, 0, moe_reduced_bytes(outputs, inputs, MOE_PRECISION_BF16));
  for (size_t j = 0; j < outputs; j++, values += inputs) {
    char *panel = panel_of(packed, groups, j);
    for (size_t k = 0; k < inputs; k += LANES) {
      size_t count = inputs - k < LANES ? inputs - k : LANES;
      v16u nearest = v16_nearest_bf16(load_some(values + k, count)) >> 16;
      v16h halves = __builtin_convertvector(nearest, v16h);
      scatter(&halves, (count + 1) / 2, panel + k / 2 * MOE_PANEL * MOE_GROUP_BYTES);
    }
  }
}

void moe_pack_int8(
    const float *values, size_t outputs, size_t inputs, void *packed, float *scales, float *sums) {
  typedef int8_t v16c __attribute__((ext_vector_type(16)));
  size_t groups = padded(inputs, 4) / 4;
  __builtin_memset(packed, 0, moe_reduced_bytes(outputs, inputs, MOE_PRECISION_INT8));
  for (size_t j = 0; j < padded(outputs, MOE_PANEL); j++) scales[j] = sums[j] = 0.0f;
  for (size_t j = 0; j < outputs; j++, values += inputs) {
    char *panel = panel_of(packed, groups, j);
    v16 magnitudes = v16_set(0.0f), poison = v16_set(0.0f);
    for (size_t k = 0; k < inputs; k += LANES) {
      v16 value = load_some(values + k, inputs - k);
      magnitudes = v16_max(v16_abs(value), magnitudes);
      poison = v16_fma(value, v16_set(0.0f), poison);
    }
    float greatest = v16_greatest(magnitudes);
    v16 factor = v16_set(greatest > 0.0f ? 127.0f / greatest : 0.0f);
    v16i total = 0;
    for (size_t k = 0; k < inputs; k += LANES) {
      size_t count = inputs - k < LANES ? inputs - k : LANES;
      v16 place = load_some(values + k, count) * factor;
      place = v16_max(v16_min(place, v16_set(127.0f)), v16_set(-127.0f));
      v16i whole;
      v16_round(place, &whole);
      total += whole;
      v16c bytes = __builtin_convertvector(whole, v16c);
      scatter(&bytes, (count + 3) / 4, panel + k / 4 * MOE_PANEL * MOE_GROUP_BYTES);
    }
    int32_t sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += total[lane];
    scales[j] = greatest * (1.0f / 127.0f) + v16_sum(poison);
    sums[j] = scales[j] * (float)sum;
  }
}
