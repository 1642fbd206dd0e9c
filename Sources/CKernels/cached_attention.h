// Causal attention over a key-value cache, key head by key head. Included once per path.
//
// The formulas of attention.h with keys that stand in panels already. A key that a query does not see has the
// exponential 0, which changes no chain and no sum: the bits do not depend on how many queries come together.
// Lane l of the sum takes the keys whose position is l modulo 16.

#ifndef MOE_CACHED_ATTENTION_H
#define MOE_CACHED_ATTENTION_H

#include "attention_workspace.h"
#include "matmul.h"
#include "normalization.h"

/// Rows of queries that are taken together, all of one key head.
typedef struct query_rows {
  const float *queries;
  ptrdiff_t query_stride;
  float *context;
  ptrdiff_t context_stride;
  size_t count;
  /// The position of the first row, and how much further each next one is: 0 for heads of one token.
  size_t position;
  size_t step;
} query_rows;

static void attend_rows(
    const moe_cached_attention_arguments *a, size_t key_head, const query_rows *q) {
  size_t width = a->head_width;
  size_t last = q->position + (q->count - 1) * q->step;
  size_t seen_first = a->window && q->position + 1 > a->window ? q->position + 1 - a->window : 0;
  size_t origin = seen_first / MOE_PANEL * MOE_PANEL;
  size_t end = last + 1;
  const float *keys = a->keys + key_head * a->capacity * width;
  const float *values = a->values + key_head * padded(width, MOE_PANEL) * a->capacity;
  // No power of two, so that the rows do not fall on the same cache sets.
  size_t stride = padded(end - origin, MOE_PANEL) + LANES;
  float *scores = a->workspace;
  for (size_t s = origin; s < end; s += BLOCK_OUTPUTS) {
    const float *panel = keys + s / MOE_PANEL * MOE_PANEL * width + s % MOE_PANEL;
    product_rows(
        q->queries, q->query_stride, q->count, panel, width, BLOCK_OUTPUTS, scores + s - origin,
        (ptrdiff_t)stride);
  }
  float reciprocals[QUERY_BLOCK];
  for (size_t r = 0; r < q->count; r++) {
    size_t position = q->position + r * q->step;
    size_t first = a->window && position + 1 > a->window ? position + 1 - a->window : 0;
    float *row = scores + r * stride;
    size_t count = position + 1 - origin;
    reciprocals[r] = 1.0f / exponentiate_window(row, first - origin, count, a->scale);
    for (size_t s = padded(count, LANES); s < end - origin; s++) row[s] = 0.0f;
  }
  float block[QUERY_BLOCK * BLOCK_OUTPUTS] __attribute__((aligned(64)));
  for (size_t column = 0; column < width; column += BLOCK_OUTPUTS) {
    const float *panel =
        values + (column / MOE_PANEL * a->capacity + origin) * MOE_PANEL + column % MOE_PANEL;
    size_t columns = width - column < BLOCK_OUTPUTS ? width - column : BLOCK_OUTPUTS;
    product_rows(
        scores, (ptrdiff_t)stride, q->count, panel, end - origin, columns, block, BLOCK_OUTPUTS);
    for (size_t r = 0; r < q->count; r++) {
      float *row = q->context + (ptrdiff_t)r * q->context_stride + column;
      for (size_t c = 0; c < columns; c += LANES) {
        v16 value = v16_load(block + r * BLOCK_OUTPUTS + c) * reciprocals[r];
        if (columns - c >= LANES) v16_store(row + c, value);
        else v16_store_part(row + c, value, columns - c);
      }
    }
  }
}

static void kernel_cached_attention(const moe_cached_attention_arguments *a) {
  size_t group = a->heads / a->key_heads;
  size_t width = a->head_width;
  for (size_t g = a->key_head_first; g < a->key_head_last; g++) {
    size_t offset = g * group * width;
    if (a->query_count == 1) {
      for (size_t h = 0; h < group; h += QUERY_BLOCK) {
        query_rows rows = {
            a->queries + offset + h * width, (ptrdiff_t)width, a->context + offset + h * width,
            (ptrdiff_t)width, group - h < QUERY_BLOCK ? group - h : QUERY_BLOCK, a->position, 0};
        attend_rows(a, g, &rows);
      }
      continue;
    }
    for (size_t h = 0; h < group; h++, offset += width) {
      for (size_t t = 0; t < a->query_count; t += QUERY_BLOCK) {
        size_t count = a->query_count - t < QUERY_BLOCK ? a->query_count - t : QUERY_BLOCK;
        query_rows rows = {
            a->queries + (ptrdiff_t)t * a->query_stride + offset, a->query_stride,
            a->context + (ptrdiff_t)t * a->context_stride + offset, a->context_stride, count,
            a->position + t, 1};
        attend_rows(a, g, &rows);
      }
    }
  }
}

#endif
