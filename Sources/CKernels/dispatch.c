// Which paths this CPU has, and their tables.

#include "include/CKernels.h"

extern const moe_kernels moe_kernels_portable;
#if defined(__x86_64__)
extern const moe_kernels moe_kernels_avx2;
extern const moe_kernels moe_kernels_avx512;
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
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("fma");
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
    return moe_path_supported(path) ? &moe_kernels_avx2 : &moe_kernels_portable;
  case MOE_PATH_AVX512:
    return moe_path_supported(path) ? &moe_kernels_avx512 : &moe_kernels_portable;
#elif defined(__aarch64__)
  case MOE_PATH_NEON:
    return &moe_kernels_neon;
#endif
  default:
    return &moe_kernels_portable;
  }
}
