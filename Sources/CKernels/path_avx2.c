// AVX2 and FMA: 16 registers, of which 6 × 16 outputs take 12.

#include "include/CKernels.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define V16_AVX2
#define BLOCK_ROWS 6
#define BLOCK_VECTORS 1
#define KERNELS moe_kernels_avx2
#include "kernels.h"

#pragma clang attribute pop
#endif
