// The memory allocator.

#include "include/CKernels.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <limits.h>
#include <malloc.h>
#endif
#if defined(__linux__)
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

void moe_keep_freed_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 32 << 20); // the most it takes
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

void moe_advise_large_pages(void *start, size_t size) {
#if defined(__linux__)
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t first = ((uintptr_t)start + page - 1) & ~(page - 1);
  uintptr_t last = ((uintptr_t)start + size) & ~(page - 1);
  if (first < last) madvise((void *)first, last - first, MADV_HUGEPAGE);
#else
  (void)start;
  (void)size;
#endif
}
