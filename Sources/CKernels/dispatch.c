// Which paths this CPU has, and their tables.

#include "include/CKernels.h"

extern const moe_kernels moe_kernels_portable;
#if defined(__x86_64__)
extern const moe_kernels moe_kernels_avx2;
extern const moe_kernels moe_kernels_avx512;
extern const moe_kernels moe_kernels_avx512_vnni;
extern const moe_kernels moe_kernels_avx512_bf16;

static bool has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("fma");
}

/// Whether the bf16 dot product of this CPU gives the defined bits: its manual's words are no proof of another maker's.
///
/// One map of numbers of all magnitudes, products and sums under 2⁻¹²⁶ among them, is compared with portable C.
static bool bf16_is_as_defined(void) {
  enum { ROWS = 3, INPUTS = 64, OUTPUTS = MOE_PANEL };
  uint16_t rows[ROWS * INPUTS], weights[OUTPUTS * INPUTS];
  float fast[ROWS * OUTPUTS], plain[ROWS * OUTPUTS];
  uint32_t state = 1;
  for (size_t i = 0; i < ROWS * INPUTS + OUTPUTS * INPUTS; i++) {
    state = state * 1664525u + 1013904223u;
    // Exponents around 0, or around the half of the least one, by turns of a pair.
    uint16_t exponent = (uint16_t)((i / 2 % 3 == 0 ? 60 : 124) + (state >> 20) % 8);
    uint16_t value = (uint16_t)((state >> 31) << 15 | (uint32_t)exponent << 7 | (state >> 8 & 0x7F));
    if (i < ROWS * INPUTS) rows[i] = value;
    else weights[i - ROWS * INPUTS] = value;
  }
  moe_reduced_arguments arguments = {
      .map = {.x = fast, .rows = ROWS, .packed = weights, .inputs = INPUTS, .outputs = OUTPUTS,
              .panel_last = 1, .y = fast, .y_stride = OUTPUTS},
      .precision = MOE_PRECISION_BF16,
      .rows = rows};
  moe_kernels_avx512_bf16.linear_reduced(&arguments);
  arguments.map.y = plain;
  moe_kernels_portable.linear_reduced(&arguments);
  return __builtin_memcmp(fast, plain, sizeof fast) == 0;
}
#elif defined(__aarch64__)
extern const moe_kernels moe_kernels_neon;
#endif

bool moe_path_supported(moe_path path) {
  switch (path) {
  case MOE_PATH_PORTABLE:
    return true;
#if defined(__x86_64__)
  case MOE_PATH_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case MOE_PATH_AVX512:
    return has_avx512();
  case MOE_PATH_AVX512_VNNI:
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
  case MOE_PATH_AVX512_BF16:
    return has_avx512() && __builtin_cpu_supports("avx512vnni") &&
           __builtin_cpu_supports("avx512bf16") && bf16_is_as_defined();
#elif defined(__aarch64__)
  case MOE_PATH_NEON:
    return true;
#endif
  default:
    return false;
  }
}

const moe_kernels *moe_kernels_of(moe_path path) {
  switch (path) {
#if defined(__x86_64__)
  case MOE_PATH_AVX2:
    return &moe_kernels_avx2;
  case MOE_PATH_AVX512:
    return &moe_kernels_avx512;
  case MOE_PATH_AVX512_VNNI:
    return &moe_kernels_avx512_vnni;
  case MOE_PATH_AVX512_BF16:
    return &moe_kernels_avx512_bf16;
#elif defined(__aarch64__)
  case MOE_PATH_NEON:
    return &moe_kernels_neon;
#endif
  default:
    return &moe_kernels_portable;
  }
}
