// AVX-512 with dot products of bytes (VNNI).

#include "include/CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,fma"))), apply_to = function)

#define V16_AVX512
#define V16_AVX512_VNNI
#define BLOCK_ROWS 12
#define BLOCK_VECTORS 2
#define KERNELS moe_kernels_avx512_vnni
#include "kernels.h"

#pragma clang attribute pop
#endif
