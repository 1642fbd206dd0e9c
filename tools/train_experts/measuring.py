"""Nats per byte: how well a model predicts texts, whatever its tokens are."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .losses import token_nats
from .rows import Rows


@torch.no_grad()
def nats_per_byte(logits: Callable[[torch.Tensor], torch.Tensor], rows: Rows, batch_rows: int = 16) -> float:
    """Σ −log p over all tokens of all texts, divided by the texts' UTF-8 bytes.

    `logits` maps token ids [B, T] to [B, T, V].
    """
    total = 0.0
    for start in range(0, len(rows), batch_rows):
        part = slice(start, start + batch_rows)
        total += token_nats(logits(rows.ids[part]), rows.labels[part]).item()
    return total / rows.byte_count
