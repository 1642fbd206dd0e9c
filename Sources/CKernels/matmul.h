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
  /// The blocks of rows that fetch the next panel while they are computed.
  FETCHING_BLOCKS = 2,
  /// The bytes of a cache line.
  CACHE_LINE = 64,
};

/// Which weights a block fetches: its own, a page ahead, or a share of the next panel's.
///
/// A core has room for some sixteen lines on their way. A first block of rows that asks for a whole
/// panel in its own time waits for them, while those after it, which find the panel in the cache,
/// ask for nothing: so they fetch the next. Where a block is half a panel wide, each fetches its own.
typedef enum fetching {
  FETCH_OWN = 0,
#if BLOCK_VECTORS == 2
  FETCH_NEXT = 1,
#endif
  FETCHINGS,
} fetching;

/// The bytes of one stored weight.
INLINE size_t number_bytes(moe_number number) { return number == MOE_F32 ? 4 : 2; }

/// Sixteen weights.
INLINE v16 weights_load(const char *source, const moe_number number) {
  if (number == MOE_BF16) return v16_load_bf16(source);
  if (number == MOE_F16) return v16_load_f16(source);
  return v16_load((const float *)source);
}

/// One input more for every output of the block.
INLINE void product_step(
    const float *const *bases, ptrdiff_t x_stride, const char *panel, const char *next, ptrdiff_t k,
    v16 sums[BLOCK_ROWS][BLOCK_VECTORS], const int row_count, const int vector_count,
    const moe_number number, const fetching fetching) {
  // No load moves across: the compiler would take loads together and run out of registers.
  __asm__ volatile("" : : : "memory");
  v16 weights[BLOCK_VECTORS];
#pragma clang loop unroll(full)
  for (int c = 0; c < vector_count; c++) {
    const char *source = panel + (size_t)(c * LANES) * number_bytes(number);
    if (fetching == FETCH_OWN) {
      __builtin_prefetch((const void *)((uintptr_t)source + FETCH_AHEAD), 0, 3);
    }
    weights[c] = weights_load(source, number);
  }
  const size_t share = MOE_PANEL * number_bytes(number) / FETCHING_BLOCKS;
  if (fetching != FETCH_OWN && (size_t)k * share % CACHE_LINE == 0) {
    __builtin_prefetch((const void *)((uintptr_t)next + (size_t)k * share), 0, 2);
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
    const float *x, ptrdiff_t x_stride, const void *first, const char *next, size_t inputs,
    float *out, ptrdiff_t out_stride, const int row_count, const int vector_count,
    const moe_number number, const fetching fetching) {
  const size_t step = MOE_PANEL * number_bytes(number);
  const char *panel = first;
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
      product_step(
          bases, x_stride, panel + (size_t)k * step, next, k, sums, row_count, vector_count, number,
          fetching);
    }
    panel += BLOCK_STEPS * step;
    next = (const char *)((uintptr_t)next + BLOCK_STEPS * step / FETCHING_BLOCKS);
#pragma clang loop unroll(full)
    for (int r = 0; r < row_count; r += 3) {
      bases[r / 3] += BLOCK_STEPS;
      __asm__("" : "+r"(bases[r / 3]));
    }
  }
  for (size_t k = 0; k < inputs % BLOCK_STEPS; k++, panel += step) {
    product_step(
        bases, x_stride, panel, next, (ptrdiff_t)k, sums, row_count, vector_count, number,
        fetching);
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
    const float *x, ptrdiff_t x_stride, const void *panel, const char *next, size_t inputs,
    float *out, ptrdiff_t out_stride);

#define PRODUCT(F, N, V, R)                                                                     \
  static void product_##F##_##N##_##V##_##R(                                                    \
      const float *x, ptrdiff_t x_stride, const void *panel, const char *next, size_t inputs,   \
      float *out, ptrdiff_t out_stride) {                                                       \
    product_block(x, x_stride, panel, next, inputs, out, out_stride, R, V, N, F);               \
  }

#if BLOCK_ROWS == 2
#define PRODUCTS(F, N, V) PRODUCT(F, N, V, 1) PRODUCT(F, N, V, 2)
#define PRODUCT_NAMES(F, N, V) {product_##F##_##N##_##V##_1, product_##F##_##N##_##V##_2}
#elif BLOCK_ROWS == 6
#define PRODUCTS(F, N, V)                                                                       \
  PRODUCT(F, N, V, 1) PRODUCT(F, N, V, 2) PRODUCT(F, N, V, 3)                                   \
  PRODUCT(F, N, V, 4) PRODUCT(F, N, V, 5) PRODUCT(F, N, V, 6)
#define PRODUCT_NAMES(F, N, V)                                                                  \
  {product_##F##_##N##_##V##_1, product_##F##_##N##_##V##_2, product_##F##_##N##_##V##_3,       \
   product_##F##_##N##_##V##_4, product_##F##_##N##_##V##_5, product_##F##_##N##_##V##_6}
#elif BLOCK_ROWS == 12
#define PRODUCTS(F, N, V)                                                                       \
  PRODUCT(F, N, V, 1) PRODUCT(F, N, V, 2) PRODUCT(F, N, V, 3) PRODUCT(F, N, V, 4)               \
  PRODUCT(F, N, V, 5) PRODUCT(F, N, V, 6) PRODUCT(F, N, V, 7) PRODUCT(F, N, V, 8)               \
  PRODUCT(F, N, V, 9) PRODUCT(F, N, V, 10) PRODUCT(F, N, V, 11) PRODUCT(F, N, V, 12)
#define PRODUCT_NAMES(F, N, V)                                                                  \
  {product_##F##_##N##_##V##_1, product_##F##_##N##_##V##_2, product_##F##_##N##_##V##_3,       \
   product_##F##_##N##_##V##_4, product_##F##_##N##_##V##_5, product_##F##_##N##_##V##_6,       \
   product_##F##_##N##_##V##_7, product_##F##_##N##_##V##_8, product_##F##_##N##_##V##_9,       \
   product_##F##_##N##_##V##_10, product_##F##_##N##_##V##_11, product_##F##_##N##_##V##_12}
#endif

/// The products by what they fetch, number, vectors and rows, the latter two less one.
#if BLOCK_VECTORS == 2
#define SOME_PRODUCTS(F, N) PRODUCTS(F, N, 1) PRODUCTS(F, N, 2)
#define SOME_PRODUCT_NAMES(F, N) {PRODUCT_NAMES(F, N, 1), PRODUCT_NAMES(F, N, 2)}
#else
#define SOME_PRODUCTS(F, N) PRODUCTS(F, N, 1)
#define SOME_PRODUCT_NAMES(F, N) {PRODUCT_NAMES(F, N, 1)}
#endif
#define ALL_PRODUCTS(F)                                                                         \
  SOME_PRODUCTS(F, MOE_F32) SOME_PRODUCTS(F, MOE_BF16) SOME_PRODUCTS(F, MOE_F16)
#define ALL_PRODUCT_NAMES(F)                                                                    \
  {SOME_PRODUCT_NAMES(F, MOE_F32), SOME_PRODUCT_NAMES(F, MOE_BF16),                             \
   SOME_PRODUCT_NAMES(F, MOE_F16)}
ALL_PRODUCTS(FETCH_OWN)
#if BLOCK_VECTORS == 2
ALL_PRODUCTS(FETCH_NEXT)
#endif
static const product_function products[FETCHINGS][3][BLOCK_VECTORS][BLOCK_ROWS] = {
    ALL_PRODUCT_NAMES(FETCH_OWN),
#if BLOCK_VECTORS == 2
    ALL_PRODUCT_NAMES(FETCH_NEXT),
#endif
};

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
  const product_function *functions = products[FETCH_OWN][MOE_F32][block_vectors(columns) - 1];
  size_t blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  for (size_t block = 0, row = 0; block < blocks; block++) {
    size_t count = (rows - row) / (blocks - block);
    functions[count - 1](
        x + (ptrdiff_t)row * x_stride, x_stride, panel, NULL, inputs,
        out + (ptrdiff_t)row * out_stride, out_stride);
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
    size_t end = a->panel_last * MOE_PANEL < a->outputs ? a->panel_last * MOE_PANEL : a->outputs;
    for (size_t column = a->panel_first * MOE_PANEL; column < end; column += BLOCK_OUTPUTS) {
      size_t bytes = a->inputs * MOE_PANEL * number_bytes(a->packed_number);
      const char *panel = (const char *)a->packed + column / MOE_PANEL * bytes +
                          column % MOE_PANEL * number_bytes(a->packed_number);
      size_t columns = a->outputs - column < BLOCK_OUTPUTS ? a->outputs - column : BLOCK_OUTPUTS;
      // How many blocks fetch their own: nobody has fetched the first panel for them.
      size_t own = FETCHINGS == 1 ? blocks : blocks == 1 || column == a->panel_first * MOE_PANEL;
      size_t row = first;
      for (size_t b = 0; b < blocks; b++) {
        size_t count = (last - row) / (blocks - b);
        // Past its share, and where none follows, a block names its own panel, which is there.
        bool is_fetching = b >= own && b < own + FETCHING_BLOCKS && column + BLOCK_OUTPUTS < end;
        const char *next =
            is_fetching ? panel + bytes + (b - own) * (bytes / FETCHING_BLOCKS) : panel;
        fetch_outputs(a, row, count, column, columns);
        const product_function *functions =
            products[b < own ? FETCH_OWN : FETCHINGS - 1][a->packed_number]
                    [block_vectors(columns) - 1];
        functions[count - 1](
            a->x + (ptrdiff_t)row * a->x_stride, a->x_stride, panel, next, a->inputs, block,
            BLOCK_OUTPUTS);
        finish_block(a, block, row, count, column, columns);
        row += count;
      }
    }
  }
}

#endif
