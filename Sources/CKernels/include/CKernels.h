/// The inference kernels: single-threaded functions on raw pointers whose bits are defined.
///
/// Every kernel gives the same bits on every path (AVX-512, AVX2, NEON, portable C), in every batch,
/// at every position of a row, with every stride. There is one body of each kernel; the paths differ in
/// the instructions the compiler may use and in the shape of the register block, never in the order of
/// the operations that make one output. The payload and the sign of a NaN are not defined.
///
/// Strides count floats. Buffers need the alignment of `float` only. Nothing is allocated.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// The outputs of one panel of a packed matrix.
#define MOE_PANEL 32

typedef enum moe_path {
  MOE_PATH_PORTABLE = 0,
  MOE_PATH_AVX2 = 1,
  MOE_PATH_AVX512 = 2,
  /// With dot products of bytes.
  MOE_PATH_AVX512_VNNI = 4,
  /// With dot products of bytes and of bf16.
  MOE_PATH_AVX512_BF16 = 5,
  MOE_PATH_NEON = 3,
} moe_path;

/// How the weights of a packed matrix are stored; each is widened to float, exactly, before it is multiplied.
typedef enum moe_number {
  /// IEEE 754 binary32.
  MOE_F32 = 0,
  /// The upper half of a binary32.
  MOE_BF16 = 1,
  /// IEEE 754 binary16.
  MOE_F16 = 2,
} moe_number;

/// What becomes of one output of a linear map after its bias was added.
typedef enum moe_epilogue {
  /// y = v
  MOE_EPILOGUE_NONE = 0,
  /// y = gelu(v)
  MOE_EPILOGUE_GELU = 1,
  /// y = v + operand[n, j]
  MOE_EPILOGUE_ADD = 2,
  /// y = fma(operand[n], v, y), or y = y + v where operand is null
  MOE_EPILOGUE_SCALED_ADD = 3,
} moe_epilogue;

/// y[N, F] = epilogue(x[N, D] · Wᵀ + bias)
typedef struct moe_linear_arguments {
  const float *x;
  ptrdiff_t x_stride;
  size_t rows;
  /// W in panels: `packed[panel][k][32]`, outputs beyond F zero.
  const void *packed;
  moe_number packed_number;
  size_t inputs;
  size_t outputs;
  size_t panel_first;
  /// One past the last panel to compute.
  size_t panel_last;
  const float *_Nullable bias;
  moe_epilogue epilogue;
  /// The residual [N, F] of ADD, the scales [N] of SCALED_ADD.
  const float *_Nullable operand;
  ptrdiff_t operand_stride;
  float *y;
  ptrdiff_t y_stride;
} moe_linear_arguments;

/// The arithmetic of a linear map in reduced precision.
typedef enum moe_precision {
  /// Rows and weights rounded to bf16, sums in binary32.
  MOE_PRECISION_BF16 = 0,
  /// Rows of unsigned and weights of signed bytes, sums in whole numbers.
  MOE_PRECISION_INT8 = 1,
} moe_precision;

/// The bytes of a group of inputs in reduced precision: two bf16, four bytes.
#define MOE_GROUP_BYTES 4

/// A linear map in reduced precision.
typedef struct moe_reduced_arguments {
  /// The map; its `x` and `packed_number` are not used. `packed[panel][group][32][MOE_GROUP_BYTES]`.
  moe_linear_arguments map;
  moe_precision precision;
  /// What `narrow` or `quantize` made of x.
  const void *rows;
  /// The scale and the least value of each row, for bytes.
  const float *_Nullable scales;
  const float *_Nullable lows;
  /// The scale of each output's weights, and the sum of its weights, up to whole panels, for bytes.
  const float *_Nullable output_scales;
  const float *_Nullable output_sums;
} moe_reduced_arguments;

/// Attention of one sequence, H heads beside each other in each row.
typedef struct moe_attention_arguments {
  const float *queries;
  ptrdiff_t query_stride;
  const float *keys;
  ptrdiff_t key_stride;
  const float *values;
  ptrdiff_t value_stride;
  /// T: rows of keys and values.
  size_t tokens;
  /// Rows of queries; equal to `tokens` when the attention is bidirectional.
  size_t query_count;
  size_t heads;
  size_t head_width;
  /// Positive.
  float scale;
  /// Negative: every query sees every key. Otherwise query t sees the keys 0 ... causal_offset + t.
  ptrdiff_t causal_offset;
  float *context;
  ptrdiff_t context_stride;
  /// `moe_attention_workspace` floats.
  float *workspace;
} moe_attention_arguments;

/// Causal attention of new tokens of one sequence over its key-value cache, H query heads over G key heads.
///
/// A cache lies in panels: keys `[G][capacity / 32][head_width][32 keys]`, values
/// `[G][head_width / 32, rounded up][capacity][32]`; `capacity` is a multiple of 32.
typedef struct moe_cached_attention_arguments {
  /// Rows of H heads beside each other.
  const float *queries;
  ptrdiff_t query_stride;
  size_t query_count;
  const float *keys;
  const float *values;
  size_t capacity;
  /// The position of the first query; the keys 0 ... position + query_count - 1 are in the cache.
  size_t position;
  /// A query at position p sees the keys p - window + 1 ... p; all up to p where 0.
  size_t window;
  /// A multiple of `key_heads`.
  size_t heads;
  size_t key_heads;
  size_t head_width;
  /// The key heads to compute, each with its share of the query heads.
  size_t key_head_first;
  size_t key_head_last;
  /// Positive.
  float scale;
  float *context;
  ptrdiff_t context_stride;
  /// `moe_cached_attention_workspace` floats.
  float *workspace;
} moe_cached_attention_arguments;

/// One implementation of every kernel whose speed depends on the path.
typedef struct moe_kernels {
  void (*_Nonnull linear)(const moe_linear_arguments *arguments);
  /// `linear` in reduced precision.
  void (*_Nonnull linear_reduced)(const moe_reduced_arguments *arguments);
  /// Rounds rows to bf16: `[rows, columns rounded up to 2]`, the rest 0.
  void (*_Nonnull narrow)(
      const float *x, ptrdiff_t stride, size_t rows, size_t columns, uint16_t *narrow);
  /// Makes bytes of rows: x ≈ low + scale · byte, `[rows, columns rounded up to 4]`, the rest 0.
  void (*_Nonnull quantize)(
      const float *x, ptrdiff_t stride, size_t rows, size_t columns, uint8_t *bytes, float *scales,
      float *lows);
  void (*_Nonnull attention)(const moe_attention_arguments *arguments);
  void (*_Nonnull cached_attention)(const moe_cached_attention_arguments *arguments);
  /// Each row of x in place.
  void (*_Nonnull softmax)(float *x, ptrdiff_t stride, size_t rows, size_t columns);
  /// y = ((x + residual) - mean) / sqrt(variance + epsilon) * gain + bias, row by row; y may be x.
  void (*_Nonnull layer_norm)(
      const float *x, ptrdiff_t x_stride, const float *_Nullable residual, ptrdiff_t residual_stride,
      size_t rows, size_t columns, const float *gain, const float *bias, float epsilon, float *y,
      ptrdiff_t y_stride);
  /// y = x * (1 / sqrt(mean of squares + epsilon)) * gain, row by row; y may be x.
  void (*_Nonnull rms_norm)(
      const float *x, ptrdiff_t x_stride, size_t rows, size_t columns, const float *gain, float epsilon,
      float *y, ptrdiff_t y_stride);
  /// y = gate / (1 + exp(-gate)) * up, row by row; y may be gate or up.
  void (*_Nonnull silu_product)(
      const float *gate, const float *up, ptrdiff_t x_stride, size_t rows, size_t columns, float *y,
      ptrdiff_t y_stride);
  /// Rotates the pairs (i, i + head_width / 2) of each head of a row by that row's angles, in place.
  ///
  /// `cosines` and `sines` are [rows, head_width / 2].
  void (*_Nonnull rotary)(
      float *x, ptrdiff_t stride, size_t rows, size_t heads, size_t head_width, const float *cosines,
      const float *sines);
  void (*_Nonnull exp)(const float *x, size_t count, float *y);
  void (*_Nonnull gelu)(const float *x, size_t count, float *y);
  float (*_Nonnull sum)(const float *x, size_t count);
  float (*_Nonnull dot)(const float *x, const float *y, size_t count);
  /// y[d] = (x[0, d] + x[1, d] + ...) / rows
  void (*_Nonnull mean_pool)(
      const float *x, ptrdiff_t stride, size_t rows, size_t columns, float *y);
  /// y = x / max(sqrt(sum of squares), epsilon), row by row; y may be x.
  void (*_Nonnull l2_normalize)(
      const float *x, ptrdiff_t x_stride, size_t rows, size_t columns, float epsilon, float *y,
      ptrdiff_t y_stride);
  /// y = fma(a, x, y)
  void (*_Nonnull add_scaled)(float a, const float *x, size_t count, float *y);
  /// dx = dy * gelu'(x); dx may be dy.
  void (*_Nonnull gelu_backward)(const float *x, const float *dy, size_t count, float *dx);
  /// dx = p * (dy - sum(p * dy)) * scale, row by row; dx may be dy.
  void (*_Nonnull softmax_backward)(
      const float *p, const float *dy, size_t rows, size_t columns, float scale, float *dx);
  /// x is what was normalised; adds to dgain and dbias; dx may be dy.
  void (*_Nonnull layer_norm_backward)(
      const float *x, const float *dy, size_t rows, size_t columns, const float *gain, float epsilon,
      float *dx, float *dgain, float *dbias);
} moe_kernels;

/// Whether this CPU can run the path, and its instructions give the defined bits.
bool moe_path_supported(moe_path path);

/// The kernels of a path, which this CPU must support.
const moe_kernels *moe_kernels_of(moe_path path);

/// Lays W [outputs, inputs] out in panels of 32 outputs.
///
/// `packed` has `moe_packed_count(outputs, inputs)` floats.
void moe_pack(const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed);

/// Lays W out in the same panels from its transpose [inputs, outputs].
void moe_pack_straight(
    const float *values, ptrdiff_t stride, size_t outputs, size_t inputs, float *packed);

/// The floats of a packed matrix.
size_t moe_packed_count(size_t outputs, size_t inputs);

/// Lays elements of 2 or 4 bytes out in panels, as `moe_pack` and `moe_pack_straight` do floats.
///
/// W is [outputs, inputs] or, where `is_transposed`, its transpose [inputs, outputs].
void moe_pack_elements(
    const void *values, size_t element_bytes, bool is_transposed, size_t outputs, size_t inputs,
    void *packed);

/// The inverse of `moe_pack_elements`.
void moe_unpack_elements(
    const void *packed, size_t element_bytes, bool is_transposed, size_t outputs, size_t inputs,
    void *values);

/// The bytes of a matrix packed in reduced precision.
size_t moe_reduced_bytes(size_t outputs, size_t inputs, moe_precision precision);

/// Rounds W [outputs, inputs] to bf16 and lays it out in panels of pairs.
void moe_pack_bf16(const float *values, size_t outputs, size_t inputs, void *packed);

/// Rounds W [outputs, inputs] to bytes, w ≈ scale · byte with a scale for each output, and lays it out in panels of
/// fours.
///
/// scale = greatest |w| / 127. `scales` and `sums` (scale · sum of the bytes) have whole panels of floats, those
/// beyond the outputs 0. An output whose weights are not finite gets a scale of NaN.
void moe_pack_int8(
    const float *values, size_t outputs, size_t inputs, void *packed, float *scales, float *sums);

/// One row of a packed matrix, widened: x[k] = W[row, k].
void moe_unpack_row(
    const void *packed, moe_number number, size_t inputs, size_t row, float *x);

/// A binary16 number, widened.
float moe_widen_half(uint16_t half);

/// Writes keys and values [count, key_heads * head_width] into a cache, from `position` on.
void moe_cache_append(
    const float *keys, const float *values, ptrdiff_t stride, size_t count, size_t position,
    size_t key_heads, size_t head_width, size_t capacity, float *cached_keys, float *cached_values);

/// The floats of workspace that attention over a cache of that capacity needs.
size_t moe_cached_attention_workspace(size_t capacity);

/// The floats of workspace that attention needs.
size_t moe_attention_workspace(size_t tokens, size_t head_width);

/// The indices of the k greatest of x, greatest first, equal ones by index, NaN last.
void moe_top_k(const float *x, size_t count, size_t k, int32_t *indices);

/// The exponential function, within 1 ulp.
double moe_exp_double(double x);

/// The natural logarithm, within 1 ulp.
double moe_log_double(double x);

/// sine and cosine within 1e-15 or so, for |x| < 2^25.
void moe_sine_cosine(double x, double *sine, double *cosine);

/// Tells the CPU that this thread looks again and again whether something has changed.
void moe_pause(void);

/// Names this thread, as far as the system keeps names: 15 bytes on Linux.
void moe_name_thread(const char *name);

/// Says of each of the first `count` processors whether this thread may run on it; false where the system does not tell.
bool moe_get_processors(bool *may, size_t count);

/// Has this thread, and those that it starts from now on, run on these processors alone; false where it cannot be.
bool moe_set_processors(const bool *may, size_t count);

/// Keeps what is freed for what is allocated next, large blocks too; with another C library than GNU's, nothing.
void moe_keep_freed_memory(void);

/// Asks for large pages under a block, before it is written; streams read faster from them.
void moe_advise_large_pages(void *start, size_t size);

/// Brings this thread's floating-point control into the default state and returns what it was.
///
/// Default: round to nearest, denormals honoured, no traps.
uint64_t moe_floating_point_enter(void);

/// Restores what `moe_floating_point_enter` returned.
void moe_floating_point_leave(uint64_t state);

#pragma clang assume_nonnull end

#endif
