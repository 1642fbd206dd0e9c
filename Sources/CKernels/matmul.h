// The linear map y = x Wᵀ + bias over packed panels. Included once per path, with the shape of its
// register block: BLOCK_ROWS rows by BLOCK_VECTORS vectors of 16 outputs (1 or 2).
//
// Each output is one chain of fused multiply-adds over k, ascending, from 0. The block only decides which
// outputs are in registers at the same time.

#ifndef MOE_MATMUL_H
#define MOE_MATMUL_H

#include "include/CKernels.h"
#include "elementwise.h"

enum {
  /// The inputs taken in one turn of the loop.
  BLOCK_STEPS = 4,
  BLOCK_OUTPUTS = BLOCK_VECTORS * LANES,
  /// How far ahead weights are fetched, in bytes: a page, where the hardware's own fetching stops.
  FETCH_AHEAD = 4096,
};

/// One input more for every output of the block.
INLINE void product_step(
    const float *const *bases, ptrdiff_t x_stride, const float *panel, ptrdiff_t k,
    v16 sums[BLOCK_ROWS][BLOCK_VECTORS], const int row_count, const int vector_count) {
  // No load moves across: the compiler would take loads together and run out of registers.
  __asm__ volatile("" : : : "memory");
  v16 weights[BLOCK_VECTORS];
#pragma clang loop unroll(full)
  for (int c = 0; c < vector_count; c++) {
    __builtin_prefetch((const void *)((uintptr_t)(panel + c * LANES) + FETCH_AHEAD), 0, 3);
    weights[c] = v16_load(panel + c * LANES);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < row_count; r++) {
    v16 value = v16_set(bases[r / 3][r % 3 * x_stride + k]);
#pragma clang loop unroll(full)
    for (int c = 0; c < vector_count; c++) sums[r][c] = v16_fma(value, weights[c], sums[r][c]);
  }
}

/// `row_count` rows by `vector_count` * 16 outputs, both constants where this is inlined.
///
/// There is one pointer for three rows: the others are reached by scaled indices, so that a turn costs few
/// integer operations beside the multiply-adds.
INLINE void product_block(
    const float *x, ptrdiff_t x_stride, const float *panel, size_t inputs, float *out,
    ptrdiff_t out_stride, const int row_count, const int vector_count) {
  v16 sums[BLOCK_ROWS][BLOCK_VECTORS];
  const float *bases[(BLOCK_ROWS + 2) / 3];
#pragma clang loop unroll(full)
  for (int r = 0; r < row_count; r++) {
    if (r % 3 == 0) bases[r / 3] = x + r * x_stride;
#pragma clang loop unroll(full)
    for (int c = 0; c < vector_count; c++) sums[r][c] = 0.0f;
  }
  for (size_t turn = 0; turn < inputs / BLOCK_STEPS; turn++) {
#pragma clang loop unroll(full)
    for (int k = 0; k < BLOCK_STEPS; k++) {
      product_step(bases, x_stride, panel + k * MOE_PANEL, k, sums, row_count, vector_count);
    }
    panel += BLOCK_STEPS * MOE_PANEL;
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r += 3) {
      bases[r / 3] += BLOCK_STEPS;
      __asm__("" : "+r"(bases[r / 3]));
    }
  }
  for (size_t k = 0; k < inputs % BLOCK_STEPS; k++, panel += MOE_PANEL) {
    product_step(bases, x_stride, panel, (ptrdiff_t)k, sums, row_count, vector_count);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < row_count; r++) {
#pragma clang loop unroll(full)
    for (int c = 0; c < vector_count; c++) {
      v16_store(out + r * out_stride + c * LANES, sums[r][c]);
    }
  }
}

typedef void (*product_function)(
    const float *x, ptrdiff_t x_stride, const float *panel, size_t inputs, float *out,
    ptrdiff_t out_stride);

#define PRODUCT(V, R)                                                                           \
  static void product_##V##_##R(                                                                \
      const float *x, ptrdiff_t x_stride, const float *panel, size_t inputs, float *out,        \
      ptrdiff_t out_stride) {                                                                   \
    product_block(x, x_stride, panel, inputs, out, out_stride, R, V);                           \
  }

#if BLOCK_ROWS == 2
#define PRODUCTS(V) PRODUCT(V, 1) PRODUCT(V, 2)
#define PRODUCT_NAMES(V) {product_##V##_1, product_##V##_2}
#elif BLOCK_ROWS == 6
#define PRODUCTS(V) \
  PRODUCT(V, 1) PRODUCT(V, 2) PRODUCT(V, 3) PRODUCT(V, 4) PRODUCT(V, 5) PRODUCT(V, 6)
#define PRODUCT_NAMES(V)                                                                        \
  {product_##V##_1, product_##V##_2, product_##V##_3,                                           \
   product_##V##_4, product_##V##_5, product_##V##_6}
#elif BLOCK_ROWS == 12
#define PRODUCTS(V)                                                                             \
  PRODUCT(V, 1) PRODUCT(V, 2) PRODUCT(V, 3) PRODUCT(V, 4) PRODUCT(V, 5) PRODUCT(V, 6)           \
  PRODUCT(V, 7) PRODUCT(V, 8) PRODUCT(V, 9) PRODUCT(V, 10) PRODUCT(V, 11) PRODUCT(V, 12)
#define PRODUCT_NAMES(V)                                                                        \
  {product_##V##_1, product_##V##_2, product_##V##_3, product_##V##_4,                          \
   product_##V##_5, product_##V##_6, product_##V##_7, product_##V##_8,                          \
   product_##V##_9, product_##V##_10, product_##V##_11, product_##V##_12}
#endif

/// The products by vectors and rows, both less one.
PRODUCTS(1)
#if BLOCK_VECTORS == 2
PRODUCTS(2)
static const product_function products[2][BLOCK_ROWS] = {PRODUCT_NAMES(1), PRODUCT_NAMES(2)};
#else
static const product_function products[1][BLOCK_ROWS] = {PRODUCT_NAMES(1)};
#endif

/// The vectors that hold `columns` outputs of a block.
INLINE size_t block_vectors(size_t columns) {
  return columns > LANES && BLOCK_VECTORS == 2 ? 2 : 1;
}

/// out[rows, columns] = x · panelᵀ for at most BLOCK_OUTPUTS columns; whole vectors are written.
///
/// The rows are shared evenly among as few blocks as will do.
INLINE void product_rows(
    const float *x, ptrdiff_t x_stride, size_t rows, const float *panel, size_t inputs,
    size_t columns, float *out, ptrdiff_t out_stride) {
  const product_function *functions = products[block_vectors(columns) - 1];
  size_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  for (size_t block = 0, row = 0; block < blocks; block++) {
    size_t count = (rows - row) / (blocks - block);
    functions[count - 1](
        x + (ptrdiff_t)row * x_stride, x_stride, panel, inputs, out + (ptrdiff_t)row * out_stride,
        out_stride);
    row += count;
  }
}

INLINE v16 epilogue_value(
    const moe_linear_arguments *a, v16 value, size_t row, const float *operand, const float *y,
    size_t width) {
  switch (a->epilogue) {
  case MOE_EPILOGUE_NONE:
    return value;
  case MOE_EPILOGUE_GELU:
    return v16_gelu(value);
  case MOE_EPILOGUE_ADD:
    return value + (width == LANES ? v16_load(operand) : v16_load_part(operand, width, 0.0f));
  case MOE_EPILOGUE_SCALED_ADD: {
    v16 old = width == LANES ? v16_load(y) : v16_load_part(y, width, 0.0f);
    if (!a->operand) return old + value;
    return v16_fma(v16_set(a->operand[row]), value, old);
  }
  }
  return value;
}

/// Adds the bias to a block of outputs and finishes it into y.
static void finish_block(
    const moe_linear_arguments *a, const float *block, size_t row_first, size_t row_count,
    size_t column, size_t columns) {
  for (size_t r = 0; r < row_count; r++) {
    size_t row = row_first + r;
    float *y = a->y + (ptrdiff_t)row * a->y_stride + column;
    const float *operand =
        a->epilogue == MOE_EPILOGUE_ADD
            ? a->operand + (ptrdiff_t)row * a->operand_stride + column
            : a->operand;
    for (size_t c = 0; c < columns; c += LANES) {
      size_t width = columns - c < LANES ? columns - c : LANES;
      v16 value = v16_load(block + r * BLOCK_OUTPUTS + c);
      if (width == LANES) {
        if (a->bias) value += v16_load(a->bias + column + c);
        v16_store(y + c, epilogue_value(a, value, row, operand + c, y + c, LANES));
      } else {
        if (a->bias) value += v16_load_part(a->bias + column + c, width, 0.0f);
        v16_store_part(
            y + c, epilogue_value(a, value, row, operand + c, y + c, width), width);
      }
    }
  }
}

/// Fetches what the block's outputs will be written to, or added to, while they are computed.
INLINE void fetch_outputs(
    const moe_linear_arguments *a, size_t row, size_t row_count, size_t column, size_t columns) {
  for (size_t r = row; r < row + row_count; r++) {
    const float *y = a->y + (ptrdiff_t)r * a->y_stride + column;
    __builtin_prefetch(y, 1, 3);
    __builtin_prefetch(y + columns - 1, 1, 3);
    if (a->epilogue == MOE_EPILOGUE_ADD) {
      const float *operand = a->operand + (ptrdiff_t)r * a->operand_stride + column;
      __builtin_prefetch(operand, 0, 3);
      __builtin_prefetch(operand + columns - 1, 0, 3);
    }
  }
}

/// The rows taken at a time, so that they stay in the second-level cache while every panel passes.
enum { LINEAR_CHUNK = 72 };

static void kernel_linear(const moe_linear_arguments *a) {
  float block[BLOCK_ROWS * BLOCK_OUTPUTS] __attribute__((aligned(64)));
  for (size_t first = 0; first < a->rows; first += LINEAR_CHUNK) {
    size_t last = a->rows - first < LINEAR_CHUNK ? a->rows : first + LINEAR_CHUNK;
    size_t blocks = (last - first + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (size_t column = a->panel_first * MOE_PANEL;
         column < a->panel_last * MOE_PANEL && column < a->outputs; column += BLOCK_OUTPUTS) {
      const float *panel =
          a->packed + column / MOE_PANEL * a->inputs * MOE_PANEL + column % MOE_PANEL;
      size_t left = a->outputs - column;
      size_t columns = left < BLOCK_OUTPUTS ? left : BLOCK_OUTPUTS;
      const product_function *functions = products[block_vectors(columns) - 1];
      size_t row = first;
      for (size_t b = 0; b < blocks; b++) {
        size_t count = (last - row) / (blocks - b);
        fetch_outputs(a, row, count, column, columns);
        functions[count - 1](
            a->x + (ptrdiff_t)row * a->x_stride, a->x_stride, panel, a->inputs, block,
            BLOCK_OUTPUTS);
        finish_block(a, block, row, count, column, columns);
        row += count;
      }
    }
  }
}

#endif
