// NEON: 32 registers of four floats, of which 6 × 16 outputs take 24.

#include "include/CKernels.h"

#if defined(__aarch64__)
#define BLOCK_ROWS 6
#define BLOCK_VECTORS 1
#define KERNELS moe_kernels_neon
#include "kernels.h"
#endif
