// Linear maps in reduced precision: rows and weights of bf16 pairs, or of bytes in groups of four. Included once
// per path.
//
// bf16: for each pair of inputs, ascending, a = fma(x₁, w₁, a), then a = fma(x₀, w₀, a), with results under 2⁻¹²⁶
// taken as 0: what AVX512-BF16's dot product does. int8: sums of whole numbers, exact in any order.

#ifndef MOE_MATMUL_REDUCED_H
#define MOE_MATMUL_REDUCED_H

#include "matmul.h"
#include "reduced.h"

/// What one group of inputs adds to sixteen sums, whose bits `sums` holds.
INLINE v16u group_product(v16u sums, uint32_t group, v16u weights, const moe_precision precision) {
  if (precision == MOE_PRECISION_INT8) return (v16u)v16_dot4((v16i)sums, group, weights);
  return (v16u)v16_dot2((v16)sums, group, weights);
}

/// The sums of `row_count` rows by `vector_count` * 16 outputs, both constants where this is inlined.
INLINE void reduced_block(
    const char *rows, ptrdiff_t stride, const char *panel, size_t groups, uint32_t *out,
    const int row_count, const int vector_count, const moe_precision precision) {
  v16u sums[BLOCK_ROWS][BLOCK_VECTORS];
  const char *bases[(BLOCK_ROWS + 2) / 3];
#pragma clang loop unroll(full)
  for (int r = 0; r < row_count; r++) {
    if (r % 3 == 0) bases[r / 3] = rows + r * stride;
#pragma clang loop unroll(full)
    for (int c = 0; c < vector_count; c++) sums[r][c] = 0;
  }
  for (size_t g = 0; g < groups; g++, panel += MOE_PANEL * MOE_GROUP_BYTES) {
    // No load moves across: see `product_step`.
    __asm__ volatile("" : : : "memory");
    v16u weights[BLOCK_VECTORS];
#pragma clang loop unroll(full)
    for (int c = 0; c < vector_count; c++) {
      const char *source = panel + c * LANES * MOE_GROUP_BYTES;
      __builtin_prefetch((const void *)((uintptr_t)source + FETCH_AHEAD), 0, 3);
      __builtin_memcpy(&weights[c], source, sizeof weights[c]);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) {
      uint32_t group;
      __builtin_memcpy(&group, bases[r / 3] + r % 3 * stride, sizeof group);
#pragma clang loop unroll(full)
      for (int c = 0; c < vector_count; c++) {
        sums[r][c] = group_product(sums[r][c], group, weights[c], precision);
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r += 3) {
      bases[r / 3] += MOE_GROUP_BYTES;
      __asm__("" : "+r"(bases[r / 3]));
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < row_count; r++) {
#pragma clang loop unroll(full)
    for (int c = 0; c < vector_count; c++) {
      __builtin_memcpy(out + r * BLOCK_OUTPUTS + c * LANES, &sums[r][c], sizeof sums[r][c]);
    }
  }
}

typedef void (*reduced_product_function)(
    const char *rows, ptrdiff_t stride, const char *panel, size_t groups, uint32_t *out);

#define REDUCED_PRODUCT(P, V, R)                                                                  \
  static void reduced_##P##_##V##_##R(                                                            \
      const char *rows, ptrdiff_t stride, const char *panel, size_t groups, uint32_t *out) {      \
    reduced_block(rows, stride, panel, groups, out, R, V, P);                                     \
  }

#if BLOCK_ROWS == 2
#define EACH_ROWS(M, P, V) M(P, V, 1) M(P, V, 2)
#define ROW_NAMES(P, V) {reduced_##P##_##V##_1, reduced_##P##_##V##_2}
#elif BLOCK_ROWS == 6
#define EACH_ROWS(M, P, V) M(P, V, 1) M(P, V, 2) M(P, V, 3) M(P, V, 4) M(P, V, 5) M(P, V, 6)
#define ROW_NAMES(P, V)                                                                         \
  {reduced_##P##_##V##_1, reduced_##P##_##V##_2, reduced_##P##_##V##_3,                         \
   reduced_##P##_##V##_4, reduced_##P##_##V##_5, reduced_##P##_##V##_6}
#elif BLOCK_ROWS == 12
#define EACH_ROWS(M, P, V)                                                                      \
  M(P, V, 1) M(P, V, 2) M(P, V, 3) M(P, V, 4) M(P, V, 5) M(P, V, 6)                             \
  M(P, V, 7) M(P, V, 8) M(P, V, 9) M(P, V, 10) M(P, V, 11) M(P, V, 12)
#define ROW_NAMES(P, V)                                                                         \
  {reduced_##P##_##V##_1, reduced_##P##_##V##_2, reduced_##P##_##V##_3,                         \
   reduced_##P##_##V##_4, reduced_##P##_##V##_5, reduced_##P##_##V##_6,                         \
   reduced_##P##_##V##_7, reduced_##P##_##V##_8, reduced_##P##_##V##_9,                         \
   reduced_##P##_##V##_10, reduced_##P##_##V##_11, reduced_##P##_##V##_12}
#endif

/// The products by precision, vectors and rows, the latter two less one.
#if BLOCK_VECTORS == 2
#define ALL_REDUCED(P) EACH_ROWS(REDUCED_PRODUCT, P, 1) EACH_ROWS(REDUCED_PRODUCT, P, 2)
#define ALL_REDUCED_NAMES(P) {ROW_NAMES(P, 1), ROW_NAMES(P, 2)}
#else
#define ALL_REDUCED(P) EACH_ROWS(REDUCED_PRODUCT, P, 1)
#define ALL_REDUCED_NAMES(P) {ROW_NAMES(P, 1)}
#endif
ALL_REDUCED(MOE_PRECISION_BF16)
ALL_REDUCED(MOE_PRECISION_INT8)
static const reduced_product_function reduced_products[2][BLOCK_VECTORS][BLOCK_ROWS] = {
    ALL_REDUCED_NAMES(MOE_PRECISION_BF16), ALL_REDUCED_NAMES(MOE_PRECISION_INT8)};

/// Makes floats of a block of whole sums: v = fma(sum, scale[n] · scale[j], low[n] · sum[j]).
INLINE void dequantize_block(
    const moe_reduced_arguments *a, float *block, size_t row_first, size_t row_count, size_t column,
    size_t columns) {
  for (size_t c = 0; c < columns; c += LANES) {
    v16 output_scale = v16_load(a->output_scales + column + c);
    v16 output_sum = v16_load(a->output_sums + column + c);
    for (size_t r = 0; r < row_count; r++) {
      v16i sums;
      __builtin_memcpy(&sums, block + r * BLOCK_OUTPUTS + c, sizeof sums);
      v16 scale = v16_set(a->scales[row_first + r]) * output_scale;
      v16 low = v16_set(a->lows[row_first + r]) * output_sum;
      v16_store(
          block + r * BLOCK_OUTPUTS + c,
          v16_fma(__builtin_convertvector(sums, v16), scale, low));
    }
  }
}

static void kernel_linear_reduced(const moe_reduced_arguments *a) {
  const moe_linear_arguments *map = &a->map;
  float block[BLOCK_ROWS * BLOCK_OUTPUTS] __attribute__((aligned(64)));
  const bool is_int8 = a->precision == MOE_PRECISION_INT8;
  size_t groups = (map->inputs + (is_int8 ? 3 : 1)) / (is_int8 ? 4 : 2);
  ptrdiff_t stride = (ptrdiff_t)(groups * MOE_GROUP_BYTES);
  for (size_t first = 0; first < map->rows; first += LINEAR_CHUNK) {
    size_t last = map->rows - first < LINEAR_CHUNK ? map->rows : first + LINEAR_CHUNK;
    size_t blocks = (last - first + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (size_t column = map->panel_first * MOE_PANEL;
         column < map->panel_last * MOE_PANEL && column < map->outputs; column += BLOCK_OUTPUTS) {
      const char *panel =
          (const char *)map->packed +
          (column / MOE_PANEL * groups * MOE_PANEL + column % MOE_PANEL) * MOE_GROUP_BYTES;
      size_t left = map->outputs - column;
      size_t columns = left < BLOCK_OUTPUTS ? left : BLOCK_OUTPUTS;
      const reduced_product_function *functions =
          reduced_products[is_int8][block_vectors(columns) - 1];
      size_t row = first;
      for (size_t b = 0; b < blocks; b++) {
        size_t count = (last - row) / (blocks - b);
        fetch_outputs(map, row, count, column, columns);
        functions[count - 1](
            (const char *)a->rows + (ptrdiff_t)row * stride, stride, panel, groups,
            (uint32_t *)block);
        if (is_int8) dequantize_block(a, block, row, count, column, columns);
        finish_block(map, block, row, count, column, columns);
        row += count;
      }
    }
  }
}

#endif
