// Attention of one sequence, head by head. Included once per path.
//
// score[t, s] = chain over the head's dimensions of q[t, d] k[s, d]; e = exp(score · scale - greatest);
// context[t, d] = (chain over the keys s of e[t, s] v[s, d]) · (1 / sum of e), the sum by sixteen lanes.

#ifndef MOE_ATTENTION_H
#define MOE_ATTENTION_H

#include "attention_workspace.h"
#include "matmul.h"
#include "normalization.h"

/// The context of `rows` queries over the first `keys` keys, from their exponentials.
INLINE void context_rows(
    const moe_attention_arguments *a, const float *powers, size_t powers_stride, size_t rows,
    size_t keys, const float *packed_values, const float *reciprocals, float *context) {
  float block[QUERY_BLOCK * BLOCK_OUTPUTS] __attribute__((aligned(64)));
  for (size_t column = 0; column < a->head_width; column += BLOCK_OUTPUTS) {
    const float *panel =
        packed_values + column / MOE_PANEL * a->tokens * MOE_PANEL + column % MOE_PANEL;
    size_t left = a->head_width - column;
    size_t columns = left < BLOCK_OUTPUTS ? left : BLOCK_OUTPUTS;
    product_rows(
        powers, (ptrdiff_t)powers_stride, rows, panel, keys, columns, block, BLOCK_OUTPUTS);
    for (size_t r = 0; r < rows; r++) {
      float *row = context + (ptrdiff_t)r * a->context_stride + column;
      for (size_t c = 0; c < columns; c += LANES) {
        v16 value = v16_load(block + r * BLOCK_OUTPUTS + c) * reciprocals[r];
        if (columns - c >= LANES) v16_store(row + c, value);
        else v16_store_part(row + c, value, columns - c);
      }
    }
  }
}

static void attend_head(const moe_attention_arguments *a, size_t head) {
  size_t tokens = a->tokens, width = a->head_width;
  attention_workspace place = attention_workspace_of(tokens, width);
  size_t score_stride = place.score_stride;
  float *packed_keys = a->workspace + place.keys;
  float *packed_values = a->workspace + place.values;
  float *scores = a->workspace + place.scores;
  pack_transposed(a->keys + head * width, a->key_stride, tokens, width, packed_keys);
  pack_straight(a->values + head * width, a->value_stride, width, tokens, packed_values);
  float reciprocals[QUERY_BLOCK];
  for (size_t first = 0; first < a->query_count; first += QUERY_BLOCK) {
    size_t rows = a->query_count - first < QUERY_BLOCK ? a->query_count - first : QUERY_BLOCK;
    const float *queries = a->queries + (ptrdiff_t)first * a->query_stride + head * width;
    float *context = a->context + (ptrdiff_t)first * a->context_stride + head * width;
    for (size_t s = 0; s < tokens; s += BLOCK_OUTPUTS) {
      const float *panel = packed_keys + s / MOE_PANEL * width * MOE_PANEL + s % MOE_PANEL;
      size_t columns = tokens - s < BLOCK_OUTPUTS ? tokens - s : BLOCK_OUTPUTS;
      product_rows(
          queries, a->query_stride, rows, panel, width, columns, scores + s,
          (ptrdiff_t)score_stride);
    }
    for (size_t r = 0; r < rows; r++) {
      size_t keys = tokens;
      if (a->causal_offset >= 0) {
        size_t limit = (size_t)a->causal_offset + first + r + 1;
        keys = limit < tokens ? limit : tokens;
      }
      float *row = scores + r * score_stride;
      reciprocals[r] = 1.0f / exponentiate_padded(row, keys, a->scale);
      if (a->causal_offset >= 0) {
        context_rows(
            a, row, score_stride, 1, keys, packed_values, reciprocals + r,
            context + (ptrdiff_t)r * a->context_stride);
      }
    }
    if (a->causal_offset < 0) {
      context_rows(
          a, scores, score_stride, rows, tokens, packed_values, reciprocals, context);
    }
  }
}

static void kernel_attention(const moe_attention_arguments *a) {
  for (size_t head = 0; head < a->heads; head++) attend_head(a, head);
}

#endif
