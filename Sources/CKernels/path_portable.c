// Portable C: the path of a CPU without any of the others, and the one they are all compared with.

#include "include/CKernels.h"

#if defined(__x86_64__) && !defined(__FMA__)
#define V16_SCALAR_FMA
#endif
#define BLOCK_ROWS 2
#define BLOCK_VECTORS 1
#define KERNELS moe_kernels_portable
#include "kernels.h"
