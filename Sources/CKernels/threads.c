// What a thread is called, and which processors it may run on.

#define _GNU_SOURCE
#include "include/CKernels.h"

#if defined(__linux__)
#include <sched.h>
#include <sys/prctl.h>

void moe_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

bool moe_get_processors(bool *may, size_t count) {
  cpu_set_t *set = CPU_ALLOC(count);
  if (!set) return false;
  size_t size = CPU_ALLOC_SIZE(count);
  bool is_known = sched_getaffinity(0, size, set) == 0;
  for (size_t number = 0; is_known && number < count; number++) may[number] = CPU_ISSET_S(number, size, set);
  CPU_FREE(set);
  return is_known;
}

bool moe_set_processors(const bool *may, size_t count) {
  cpu_set_t *set = CPU_ALLOC(count);
  if (!set) return false;
  size_t size = CPU_ALLOC_SIZE(count);
  CPU_ZERO_S(size, set);
  for (size_t number = 0; number < count; number++)
    if (may[number]) CPU_SET_S(number, size, set);
  bool is_done = sched_setaffinity(0, size, set) == 0;
  CPU_FREE(set);
  return is_done;
}

#else

void moe_name_thread(const char *name) { (void)name; }

bool moe_get_processors(bool *may, size_t count) {
  (void)may;
  (void)count;
  return false;
}

bool moe_set_processors(const bool *may, size_t count) {
  (void)may;
  (void)count;
  return false;
}

#endif
