// The floating-point control of this thread.

#include "include/CKernels.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

uint64_t moe_floating_point_enter(void) {
  uint64_t state = _mm_getcsr();
  _mm_setcsr(0x1F80);
  return state;
}

void moe_floating_point_leave(uint64_t state) { _mm_setcsr((unsigned)state); }

#elif defined(__aarch64__)

uint64_t moe_floating_point_enter(void) {
  uint64_t state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
  return state;
}

void moe_floating_point_leave(uint64_t state) {
  __asm__ volatile("msr fpcr, %0" : : "r"(state));
}

#else

uint64_t moe_floating_point_enter(void) { return 0; }
void moe_floating_point_leave(uint64_t state) { (void)state; }

#endif
