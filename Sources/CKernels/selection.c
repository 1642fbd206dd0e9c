// The k greatest of a row.

#include "include/CKernels.h"

/// Whether a comes before b: the greater first, NaN after every number.
static bool precedes(float a, float b) { return a > b || (a == a && b != b); }

void moe_top_k(const float *x, size_t count, size_t k, int32_t *indices) {
  size_t held = 0;
  for (size_t i = 0; i < count; i++) {
    size_t place = held;
    while (place > 0 && precedes(x[i], x[indices[place - 1]])) place--;
    if (place >= k) continue;
    if (held < k) held++;
    for (size_t j = held - 1; j > place; j--) indices[j] = indices[j - 1];
    indices[place] = (int32_t)i;
  }
}
