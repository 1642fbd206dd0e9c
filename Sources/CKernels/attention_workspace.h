// Where attention keeps what in its workspace.
#ifndef MOE_ATTENTION_WORKSPACE_H
#define MOE_ATTENTION_WORKSPACE_H

#include "packing.h"

/// The queries whose scores are held at a time.
enum { QUERY_BLOCK = 48 };

/// Offsets in floats, for one head.
typedef struct attention_workspace {
  size_t keys;
  size_t values;
  size_t scores;
  /// Between rows of scores; no power of two, so that the rows do not fall on the same cache sets.
  size_t score_stride;
  size_t count;
} attention_workspace;

INLINE attention_workspace attention_workspace_of(size_t tokens, size_t head_width) {
  attention_workspace place;
  place.keys = 0;
  place.values = place.keys + padded(tokens, MOE_PANEL) * head_width;
  place.scores = place.values + padded(head_width, MOE_PANEL) * tokens;
  place.score_stride = padded(tokens, MOE_PANEL) + LANES;
  place.count = place.scores + QUERY_BLOCK * place.score_stride;
  return place;
}

#endif
