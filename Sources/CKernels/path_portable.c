// Portable C: the path of a CPU without any of the others, and the one they are all compared with.

#include "include/CKernels.h"

#define BLOCK_ROWS 2
#define BLOCK_VECTORS 1
#define KERNELS moe_kernels_portable
#include "kernels.h"
