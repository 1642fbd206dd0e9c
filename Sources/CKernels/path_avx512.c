// AVX-512: 32 registers, of which 12 × 32 outputs take 24.

#include "include/CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)

#define V16_AVX512
#define BLOCK_ROWS 12
#define BLOCK_VECTORS 2
#define KERNELS moe_kernels_avx512
#include "kernels.h"

#pragma clang attribute pop
#endif
