// The linear map y = x Wᵀ + bias over packed panels. Included once per path, with the shape of its
// register block: BLOCK_ROWS rows by BLOCK_VECTORS vectors of 16 outputs (1 or 2).
//
// Each output is one chain of fused multiply-adds over k, ascending, from 0. The block only decides which
// outputs are in registers at the same time.

#ifndef MOE_MATMUL_H
#define MOE_MATMUL_H

#include "include/CKernels.h"
#include "elementwise.h"

/// `row_count` rows by BLOCK_VECTORS * 16 outputs; `row_count` is a constant where this is inlined.
INLINE void product_block(
    const float *x, ptrdiff_t x_stride, const float *panel, size_t inputs, float *out,
    ptrdiff_t out_stride, const int row_count) {
  v16 sums[BLOCK_ROWS][BLOCK_VECTORS];
#pragma clang loop unroll(full)
  for (int r = 0; r < row_count; r++) {
#pragma clang loop unroll(full)
    for (int c = 0; c < BLOCK_VECTORS; c++) sums[r][c] = 0.0f;
  }
  for (size_t k = 0; k < inputs; k++) {
    v16 weights[BLOCK_VECTORS];
#pragma clang loop unroll(full)
    for (int c = 0; c < BLOCK_VECTORS; c++) {
      weights[c] = v16_load(panel + k * MOE_PANEL + c * LANES);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r++) {
      v16 value = v16_set(x[r * x_stride + (ptrdiff_t)k]);
#pragma clang loop unroll(full)
      for (int c = 0; c < BLOCK_VECTORS; c++) {
        sums[r][c] = v16_fma(value, weights[c], sums[r][c]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < row_count; r++) {
#pragma clang loop unroll(full)
    for (int c = 0; c < BLOCK_VECTORS; c++) {
      v16_store(out + r * out_stride + c * LANES, sums[r][c]);
    }
  }
}

typedef void (*product_function)(
    const float *x, ptrdiff_t x_stride, const float *panel, size_t inputs, float *out,
    ptrdiff_t out_stride);

#define PRODUCT(R)                                                                              \
  static void product_##R(                                                                      \
      const float *x, ptrdiff_t x_stride, const float *panel, size_t inputs, float *out,        \
      ptrdiff_t out_stride) {                                                                   \
    product_block(x, x_stride, panel, inputs, out, out_stride, R);                              \
  }

PRODUCT(1)
#if BLOCK_ROWS >= 2
PRODUCT(2)
#endif
#if BLOCK_ROWS >= 6
PRODUCT(3)
PRODUCT(4)
PRODUCT(5)
PRODUCT(6)
#endif
#if BLOCK_ROWS >= 12
PRODUCT(7)
PRODUCT(8)
PRODUCT(9)
PRODUCT(10)
PRODUCT(11)
PRODUCT(12)
#endif

static const product_function products[BLOCK_ROWS] = {
    product_1,
#if BLOCK_ROWS >= 2
    product_2,
#endif
#if BLOCK_ROWS >= 6
    product_3, product_4, product_5, product_6,
#endif
#if BLOCK_ROWS >= 12
    product_7, product_8, product_9, product_10, product_11, product_12,
#endif
};

enum { BLOCK_OUTPUTS = BLOCK_VECTORS * LANES };

/// out[rows, BLOCK_OUTPUTS] = x · panelᵀ; the rows are shared evenly among as few blocks as will do.
INLINE void product_rows(
    const float *x, ptrdiff_t x_stride, size_t rows, const float *panel, size_t inputs, float *out,
    ptrdiff_t out_stride) {
  size_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  for (size_t block = 0, row = 0; block < blocks; block++) {
    size_t count = (rows - row) / (blocks - block);
    products[count - 1](
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

/// The rows taken at a time, so that they stay in the second-level cache while every panel passes.
INLINE size_t linear_chunk(size_t inputs) {
  size_t rows = (size_t)196608 / (inputs ? inputs : 1);
  return rows < BLOCK_ROWS ? BLOCK_ROWS : rows / BLOCK_ROWS * BLOCK_ROWS;
}

static void kernel_linear(const moe_linear_arguments *a) {
  float block[BLOCK_ROWS * BLOCK_OUTPUTS] __attribute__((aligned(64)));
  size_t chunk = linear_chunk(a->inputs);
  for (size_t first = 0; first < a->rows; first += chunk) {
    size_t last = a->rows - first < chunk ? a->rows : first + chunk;
    size_t blocks = (last - first + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (size_t panel = a->panel_first; panel < a->panel_last; panel++) {
      const float *weights = a->packed + panel * a->inputs * MOE_PANEL;
      for (size_t part = 0; part < MOE_PANEL; part += BLOCK_OUTPUTS) {
        size_t column = panel * MOE_PANEL + part;
        if (column >= a->outputs) break;
        size_t columns = a->outputs - column < BLOCK_OUTPUTS ? a->outputs - column : BLOCK_OUTPUTS;
        size_t row = first;
        for (size_t b = 0; b < blocks; b++) {
          size_t count = (last - row) / (blocks - b);
          products[count - 1](
              a->x + (ptrdiff_t)row * a->x_stride, a->x_stride, weights + part, a->inputs, block,
              BLOCK_OUTPUTS);
          finish_block(a, block, row, count, column, columns);
          row += count;
        }
      }
    }
  }
}

#endif
